/** What lies over the picture now and then: figures, the list of keys, and what went wrong. */
import { RotateCw } from 'lucide-react';
import { Link } from 'wouter';
import type { FilmFault } from '../../player/film-fault.ts';
import type { FilmState } from '../../player/film-state.ts';
import { keyLines } from '../../player/keys.ts';
import { Dialog } from '../../ui/dialog.tsx';

const bits = (value: number) => (value > 0 ? `${(value / 1e6).toFixed(2)} Mbit/s` : '–');

/** `data-edge` names the edge that the last segment came from. */
export function Stats({ state }: { state: FilmState }) {
  const { playingQuality } = state;
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['Edge', state.edge ?? '–'],
    [
      'Quality',
      playingQuality ? `${playingQuality.name}, ${playingQuality.width}×${playingQuality.height}` : '–',
    ],
    ['Bit rate', bits(playingQuality?.bitsPerS ?? 0)],
    ['Line', bits(state.bandwidthBitsPerS)],
    ['Buffer', `${state.bufferS.toFixed(1)} s`],
    ['Stalls', String(state.stalls)],
    ['Frames', `${state.shownFrames}, ${state.droppedFrames} dropped`],
    ['Codecs', state.codecs.split(',').slice(0, 2).join(', ') || '–'],
    ['Publication', String(state.publication)],
  ];
  return (
    <dl
      className="stats"
      data-testid="stats"
      data-edge={state.edge ?? ''}
      aria-label="Figures of this playback"
    >
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {keyLines().map(({ shown, means }) => (
          <div key={shown}>
            <dt>
              <kbd>{shown}</kbd>
            </dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

export function FaultPanel({
  fault,
  back,
  onRetry,
}: {
  fault: FilmFault;
  back: string;
  onRetry: () => void;
}) {
  return (
    <div className="watch-fault" role="alert">
      <h2>{fault.title}</h2>
      <p>{fault.advice}</p>
      <div className="notice-actions">
        {fault.retry ? (
          <button type="button" className="button primary" onClick={onRetry}>
            <RotateCw aria-hidden="true" />
            Try again
          </button>
        ) : null}
        <Link href={back} className="button quiet">
          Back
        </Link>
      </div>
      <small>Code: {fault.code}</small>
    </div>
  );
}
