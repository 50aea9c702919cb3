/** What the player tells those who look at it, and the little store that holds it. */
import type { Chapter } from './chapters.ts';
import type { FilmFault } from './film-fault.ts';

export type Quality = { name: string; width: number; height: number; bitsPerS: number };
export type AudioChoice = { id: string; name: string; language: string; active: boolean };
export type TextChoice = { id: string; name: string; language: string; active: boolean };
export type BufferedRange = { startS: number; endS: number };

export type FilmState = {
  /** `loading` until the first frame can be shown; `failed` when `fault` says why nothing goes on. */
  phase: 'loading' | 'playing' | 'paused' | 'ended' | 'failed';
  /** The picture waits for bytes. */
  buffering: boolean;
  positionS: number;
  durationS: number;
  buffered: readonly BufferedRange[];
  volume: number;
  muted: boolean;
  /** Sound is off because the browser allowed no other start. */
  soundForbidden: boolean;
  rate: number;
  qualities: readonly Quality[];
  /** The name of the chosen quality, or `auto`. */
  quality: string;
  playingQuality: Quality | null;
  audioTracks: readonly AudioChoice[];
  textTracks: readonly TextChoice[];
  chapters: readonly Chapter[];
  thumbnails: boolean;
  /** Name of the edge that the last segment came from. */
  edge: string | null;
  publication: number;
  stalls: number;
  droppedFrames: number;
  shownFrames: number;
  bandwidthBitsPerS: number;
  bufferS: number;
  codecs: string;
  fault: FilmFault | null;
};

export const INITIAL_FILM_STATE: FilmState = {
  phase: 'loading',
  buffering: true,
  positionS: 0,
  durationS: 0,
  buffered: [],
  volume: 1,
  muted: false,
  soundForbidden: false,
  rate: 1,
  qualities: [],
  quality: 'auto',
  playingQuality: null,
  audioTracks: [],
  textTracks: [],
  chapters: [],
  thumbnails: false,
  edge: null,
  publication: 0,
  stalls: 0,
  droppedFrames: 0,
  shownFrames: 0,
  bandwidthBitsPerS: 0,
  bufferS: 0,
  codecs: '',
  fault: null,
};

export type Store<T> = {
  get(): T;
  /** Tells the listeners only when something differs. */
  set(change: Partial<T>): void;
  subscribe(listener: () => void): () => void;
};

export function createStore<T extends object>(initial: T): Store<T> {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set: (change) => {
      // Lists keep their identity while they say the same, so that what is drawn from them is not drawn again.
      const news = Object.entries(change).filter(([name, value]) => !same(state[name as keyof T], value));
      if (news.length === 0) return;
      state = { ...state, ...Object.fromEntries(news) };
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  return JSON.stringify(one) === JSON.stringify(other);
}
