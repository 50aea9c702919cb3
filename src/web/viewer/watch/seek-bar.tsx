/** The bar of the film's time: a slider for keys and screen readers, with what is loaded and a picture of the place. */
import { type CSSProperties, type PointerEvent, useEffect, useRef, useState } from 'react';
import { chapterAt } from '../../player/chapters.ts';
import { clockText, spokenTime } from '../../player/clock-text.ts';
import type { FilmState } from '../../player/film-state.ts';
import type { Thumbnail, Thumbnails } from '../../player/thumbnails.ts';

export type SeekBarProps = {
  state: FilmState;
  thumbnails: Thumbnails | null;
  onSeek: (positionS: number) => void;
};

/** Both sides of the white frame around a picture. */
const FRAME_PX = 4;

type Place = { part: number; positionS: number };

export function SeekBar({ state, thumbnails, onSeek }: SeekBarProps) {
  const { durationS, buffered, chapters } = state;
  const [place, setPlace] = useState<Place | null>(null);
  const [dragS, setDragS] = useState<number | null>(null);
  const positionS = dragS ?? state.positionS;
  const part = (seconds: number) => (durationS > 0 ? Math.min(1, Math.max(0, seconds / durationS)) : 0);
  const point = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    setPlace({ part: at, positionS: at * durationS });
  };
  const settle = () => {
    if (dragS !== null) onSeek(dragS);
    setDragS(null);
  };
  return (
    <div className="seek" onPointerMove={point} onPointerLeave={() => setPlace(null)}>
      <div className="seek-track" aria-hidden="true">
        {buffered.map(({ startS, endS }) => (
          <span
            key={startS}
            className="seek-buffered"
            style={{ left: `${part(startS) * 100}%`, width: `${(part(endS) - part(startS)) * 100}%` }}
          />
        ))}
        {place ? <span className="seek-pointed" style={{ width: `${place.part * 100}%` }} /> : null}
        <span className="seek-played" style={{ width: `${part(positionS) * 100}%` }} />
        {chapters
          .filter(({ startS }) => startS > 0 && startS < durationS)
          .map(({ startS }) => (
            <span key={startS} className="seek-mark" style={{ left: `${part(startS) * 100}%` }} />
          ))}
        <span className="seek-knob" style={{ left: `${part(positionS) * 100}%` }} />
      </div>
      <input
        type="range"
        className="seek-input"
        aria-label="Place in the film"
        aria-valuetext={spokenPlace(state, positionS)}
        min={0}
        max={durationS || 1}
        step="any"
        value={positionS}
        disabled={durationS === 0}
        onChange={(event) => setDragS(Number(event.currentTarget.value))}
        onPointerUp={settle}
        onKeyUp={settle}
        onBlur={settle}
      />
      {place && durationS > 0 ? (
        <Preview
          place={place}
          durationS={durationS}
          chapter={chapterAt(chapters, place.positionS)?.title}
          thumbnails={state.thumbnails ? thumbnails : null}
        />
      ) : null}
    </div>
  );
}

function spokenPlace({ durationS, chapters }: FilmState, positionS: number): string {
  const place = `${spokenTime(positionS)} of ${spokenTime(durationS)}`;
  const chapter = chapterAt(chapters, positionS);
  return chapter ? `${place}, ${chapter.title}` : place;
}

function Preview({
  place,
  durationS,
  chapter,
  thumbnails,
}: {
  place: Place;
  durationS: number;
  chapter: string | undefined;
  thumbnails: Thumbnails | null;
}) {
  const [picture, setPicture] = useState<Thumbnail | null>(null);
  const asked = useRef(0);
  const second = Math.floor(place.positionS);
  useEffect(() => {
    asked.current += 1;
    const mine = asked.current;
    thumbnails?.at(second).then(
      (found) => {
        if (mine === asked.current) setPicture(found);
      },
      // A picture that does not come is no more than a bar without it.
      () => undefined,
    );
  }, [thumbnails, second]);
  const style = {
    '--at': `${place.part * 100}%`,
    ...(picture ? { '--preview-width': `${picture.width + FRAME_PX}px` } : {}),
  };
  return (
    <div className="seek-preview" style={style as CSSProperties} aria-hidden="true">
      {picture ? <Picture picture={picture} /> : null}
      {chapter ? <span className="seek-chapter">{chapter}</span> : null}
      <span>{clockText(place.positionS, durationS)}</span>
    </div>
  );
}

function Picture({ picture }: { picture: Thumbnail }) {
  const { sheetUrl, x, y, width, height } = picture;
  return (
    <span
      className="seek-picture"
      style={{ width, height, backgroundImage: `url(${sheetUrl})`, backgroundPosition: `${-x}px ${-y}px` }}
    />
  );
}
