/** Tells the system what plays, for its own controls: lock screens, headsets, media keys. */
import { useEffect } from 'react';
import type { Title } from '../../../contracts/titles.ts';
import type { FilmActions } from './film-actions.ts';

export function useMediaSession(title: Title | undefined, actions: FilmActions): void {
  const name = title?.name;
  const poster = title?.poster;
  useEffect(() => {
    const session = navigator.mediaSession;
    if (!session || name === undefined) return;
    const artwork = poster ? [{ src: new URL(poster, location.href).href, type: 'image/jpeg' }] : [];
    session.metadata = new MediaMetadata({ title: name, artist: 'Matinee', artwork });
    return () => {
      session.metadata = null;
    };
  }, [name, poster]);
  useEffect(() => {
    const session = navigator.mediaSession;
    if (!session) return;
    const handlers: ReadonlyArray<readonly [MediaSessionAction, MediaSessionActionHandler]> = [
      ['seekbackward', () => actions.seekBy(-10)],
      ['seekforward', () => actions.seekBy(10)],
      ['seekto', ({ seekTime }) => seekTime !== undefined && actions.seekTo(seekTime)],
    ];
    for (const [action, handler] of handlers) session.setActionHandler(action, handler);
    return () => {
      for (const [action] of handlers) session.setActionHandler(action, null);
    };
  }, [actions]);
}
