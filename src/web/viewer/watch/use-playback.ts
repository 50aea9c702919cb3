/** One playing of a film for as long as the watch page is shown: opened with it, closed with it. */
import {
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { describeFault } from '../../player/film-fault.ts';
import { createStore, type FilmState, INITIAL_FILM_STATE, type Store } from '../../player/film-state.ts';
import { openPlayback, type Playback } from '../../player/playback.ts';
import { createRemembered, type Remembered } from '../../player/remembered.ts';
import { loadShaka, manifestFormat } from '../../player/shaka-engine.ts';
import { browserTimers } from '../../player/timers.ts';
import { useServices } from '../shell/services.ts';
import { createFilmActions, type FilmActions, startFilm } from './film-actions.ts';
import type { Notice } from './notices.tsx';

export type Playing = {
  state: FilmState;
  actions: FilmActions;
  playback: Playback | null;
  /** After a fault: goes on where the film stopped. */
  retry(): void;
};

export type PlaybackPlace = {
  titleId: string;
  video: RefObject<HTMLVideoElement | null>;
  /** What fills the screen when asked to. */
  stage: RefObject<HTMLElement | null>;
  /** The box of the picture, in which captions are drawn. */
  film: RefObject<HTMLElement | null>;
  say(notice: Notice): void;
};

export function usePlayback({ titleId, video, stage, film, say }: PlaybackPlace): Playing {
  const { transport } = useServices();
  const store: Store<FilmState> = useMemo(() => createStore(INITIAL_FILM_STATE), []);
  const remembered: Remembered = useMemo(() => createRemembered(lateStorage, randomId), []);
  const [playback, setPlayback] = useState<Playback | null>(null);
  const [tries, setTries] = useState(0);
  /** A video element holds one engine at a time: the next is opened when the last has let go. */
  const closing = useRef<Promise<unknown>>(Promise.resolve());
  const state = useSyncExternalStore(store.subscribe, store.get);

  // A further try is an opening of its own.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` is what asks for it.
  useEffect(() => {
    const element = video.current;
    const box = film.current;
    if (!element || !box) return;
    const gone = new AbortController();
    let opened: Playback | undefined;
    const open = async () => {
      const format = manifestFormat(location.search, navigator.userAgent);
      const deps = {
        titleId,
        format,
        transport,
        loadEngine: loadShaka,
        remembered,
        timers: browserTimers,
        randomId,
      };
      try {
        await closing.current;
        opened = await openPlayback(deps, element, box, store, gone.signal);
        if (gone.signal.aborted) return void opened.close();
        setPlayback(opened);
        await startFilm(element, opened, store, remembered);
      } catch (error) {
        if (gone.signal.aborted) return;
        store.set({ fault: describeFault(error), phase: 'failed', buffering: false });
      }
    };
    const running = open();
    const { signal } = gone;
    window.addEventListener('pagehide', () => opened?.pageGoes(), { signal });
    window.addEventListener('pageshow', ({ persisted }) => persisted && opened?.pageReturns(), { signal });
    return () => {
      gone.abort(new Error('the page is gone'));
      setPlayback(null);
      closing.current = running.then(() => opened?.close());
    };
  }, [titleId, transport, store, remembered, video, film, tries]);

  const actions = useMemo(
    () => createFilmActions({ video, container: stage, store, remembered, playback: () => playback, say }),
    [video, stage, store, remembered, playback, say],
  );
  const retry = useCallback(() => {
    const again = () => {
      store.set({ fault: null, phase: 'loading', buffering: true });
      setTries((count) => count + 1);
    };
    if (playback) playback.retry().catch(again);
    else again();
  }, [playback, store]);
  // What failed for want of a network is tried again when there is one.
  const hopeful = state.fault?.retry === true;
  useEffect(() => {
    if (!hopeful) return;
    window.addEventListener('online', retry);
    return () => window.removeEventListener('online', retry);
  }, [hopeful, retry]);
  return { state, actions, playback, retry };
}

/** Asked for at each use, since a browser that forbids storage throws at the mere mention of it. */
const lateStorage: Pick<Storage, 'getItem' | 'setItem'> = {
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, value),
};

/** `crypto.randomUUID` is missing where the page came over plain HTTP from another machine. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
