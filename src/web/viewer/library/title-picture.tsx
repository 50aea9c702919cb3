/** The picture of a title: its still, a countdown while there is none yet, or a drawing. */
import { useState } from 'react';
import type { Title } from '../../../contracts/titles.ts';
import { DrawnPoster } from './drawn-poster.tsx';
import { FilmLeader } from './film-leader.tsx';

export type TitlePictureProps = { title: Title; eager?: boolean };

export function TitlePicture({ title, eager = false }: TitlePictureProps) {
  const [broken, setBroken] = useState<string | null>(null);
  const { poster, state, progress, id } = title;
  if (poster && poster !== broken) {
    return (
      <img
        src={poster}
        alt=""
        loading={eager ? 'eager' : 'lazy'}
        decoding="async"
        onError={() => setBroken(poster)}
      />
    );
  }
  if (state === 'uploading' || state === 'ingesting') return <FilmLeader part={progress} />;
  return <DrawnPoster seed={id} />;
}
