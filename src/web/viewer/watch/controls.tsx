/** The bar at the foot of the picture: everything that can be done to the film with a pointer. */
import {
  AudioLines,
  Captions,
  Gauge,
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  RotateCcw,
  RotateCw,
  Settings2,
  Volume2,
  VolumeX,
} from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { clockText } from '../../player/clock-text.ts';
import type { FilmState } from '../../player/film-state.ts';
import type { Thumbnails } from '../../player/thumbnails.ts';
import { ChoiceMenu } from './choice-menu.tsx';
import { type FilmActions, RATES } from './film-actions.ts';
import { SeekBar } from './seek-bar.tsx';

export type MenuName = 'captions' | 'audio' | 'quality' | 'speed';

export type ControlsProps = {
  state: FilmState;
  actions: FilmActions;
  thumbnails: Thumbnails | null;
  menu: MenuName | null;
  onMenu: (menu: MenuName | null) => void;
};

const JUMP_S = 10;

export function Controls({ state, actions, thumbnails, menu, onMenu }: ControlsProps) {
  const plays = state.phase === 'playing';
  return (
    <div className="controls">
      <SeekBar state={state} thumbnails={thumbnails} onSeek={actions.seekTo} />
      <div className="controls-row">
        <IconButton label={plays ? 'Pause' : 'Play'} onClick={actions.togglePlay}>
          {plays ? <Pause fill="currentColor" /> : <Play fill="currentColor" />}
        </IconButton>
        <IconButton label={`Back ${JUMP_S} seconds`} onClick={() => actions.seekBy(-JUMP_S)}>
          <RotateCcw />
        </IconButton>
        <IconButton label={`On ${JUMP_S} seconds`} onClick={() => actions.seekBy(JUMP_S)}>
          <RotateCw />
        </IconButton>
        <Volume state={state} actions={actions} />
        <span className="controls-time">
          {clockText(state.positionS, state.durationS)}
          <span> / {clockText(state.durationS, state.durationS)}</span>
        </span>
        <span className="controls-gap" />
        <Menus state={state} actions={actions} menu={menu} onMenu={onMenu} />
        {document.pictureInPictureEnabled ? (
          <IconButton label="Picture in picture" onClick={actions.togglePictureInPicture} wide>
            <PictureInPicture2 />
          </IconButton>
        ) : null}
        <FullscreenButton actions={actions} />
      </div>
    </div>
  );
}

function Volume({ state, actions }: { state: FilmState; actions: FilmActions }) {
  const silent = state.muted || state.volume === 0;
  return (
    <div className="volume">
      <IconButton label={silent ? 'Sound on' : 'Sound off'} onClick={actions.toggleMute}>
        {silent ? <VolumeX /> : <Volume2 />}
      </IconButton>
      <input
        type="range"
        aria-label="Volume"
        aria-valuetext={`${Math.round((silent ? 0 : state.volume) * 100)} percent`}
        min={0}
        max={1}
        step={0.05}
        value={silent ? 0 : state.volume}
        onChange={(event) => actions.setVolume(Number(event.currentTarget.value))}
      />
    </div>
  );
}

function Menus({ state, actions, menu, onMenu }: Omit<ControlsProps, 'thumbnails'>) {
  const { textTracks, audioTracks, qualities, quality, playingQuality } = state;
  const toggle = (name: MenuName) => (open: boolean) => onMenu(open ? name : null);
  const auto = playingQuality && quality === 'auto' ? { note: playingQuality.name } : {};
  return (
    <>
      {textTracks.length > 0 ? (
        <ChoiceMenu
          label="Captions"
          icon={<Captions />}
          choices={[{ id: '', name: 'Off' }, ...textTracks]}
          chosen={textTracks.find(({ active }) => active)?.id ?? ''}
          open={menu === 'captions'}
          onToggle={toggle('captions')}
          onChoose={(id) => actions.setCaptions(id === '' ? null : id)}
        />
      ) : null}
      {audioTracks.length > 1 ? (
        <ChoiceMenu
          label="Language"
          icon={<AudioLines />}
          choices={audioTracks}
          chosen={audioTracks.find(({ active }) => active)?.id ?? ''}
          open={menu === 'audio'}
          onToggle={toggle('audio')}
          onChoose={actions.chooseAudio}
        />
      ) : null}
      {qualities.length > 1 ? (
        <ChoiceMenu
          label="Quality"
          icon={<Settings2 />}
          choices={[
            { id: 'auto', name: 'Automatic', ...auto },
            ...qualities.map(({ name }) => ({ id: name, name })),
          ]}
          chosen={quality}
          open={menu === 'quality'}
          onToggle={toggle('quality')}
          onChoose={actions.chooseQuality}
        />
      ) : null}
      <ChoiceMenu
        label="Speed"
        icon={<Gauge />}
        choices={RATES.map((rate) => ({ id: String(rate), name: rate === 1 ? 'Normal' : `${rate}×` }))}
        chosen={String(state.rate)}
        open={menu === 'speed'}
        onToggle={toggle('speed')}
        onChoose={(id) => actions.setRate(Number(id))}
      />
    </>
  );
}

function FullscreenButton({ actions }: { actions: FilmActions }) {
  const full = useSyncExternalStore(onFullscreenChange, () => document.fullscreenElement !== null);
  return (
    <IconButton label={full ? 'Leave full screen' : 'Full screen'} onClick={actions.toggleFullscreen}>
      {full ? <Minimize /> : <Maximize />}
    </IconButton>
  );
}

function onFullscreenChange(listener: () => void): () => void {
  document.addEventListener('fullscreenchange', listener);
  return () => document.removeEventListener('fullscreenchange', listener);
}

type IconButtonProps = { label: string; onClick: () => void; children: React.ReactNode; wide?: boolean };

function IconButton({ label, onClick, children, wide = false }: IconButtonProps) {
  const className = wide ? 'icon-button wide-only' : 'icon-button';
  return (
    <button type="button" className={className} aria-label={label} title={label} onClick={onClick}>
      {children}
    </button>
  );
}
