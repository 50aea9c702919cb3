/**
 * Asks the server again and again for something that changes, while somebody looks: often when things move,
 * seldom otherwise, never in a hidden tab. Headless; pages subscribe to it.
 */
import type { Timing } from '../../ui/timing.ts';

export type Polled<T> = {
  readonly value: T | undefined;
  /** The server has not answered for a while; `value` is what it said last. */
  readonly away: boolean;
  /** What the server answered instead of a value. */
  readonly failure: unknown;
};

export type Poller<T> = {
  subscribe(listener: () => void): () => void;
  get(): Polled<T>;
  /** Asks at once. */
  refresh(): void;
  /** Puts in what the page knows better already; an answer that was under way is thrown away. */
  update(change: (value: T) => T): void;
};

export type PollerDeps<T> = {
  /** What is known before the first answer. */
  initial?: T;
  load(previous: T | undefined, signal: AbortSignal): Promise<T>;
  pauseMs(value: T | undefined): number;
  /** A failure that the server meant, as opposed to not being there. */
  isAnswer(error: unknown): boolean;
  timing: Timing;
  visibility: Visibility;
};

export type Visibility = { hidden(): boolean; subscribe(listener: () => void): () => void };

/** One failed try may be a hiccup; two in a row are told. */
const FAILURES_UNTIL_AWAY = 2;
const LOAD_LIMIT_MS = 15_000;
/** A hidden tab asks nothing; becoming visible ends its pause. */
const HIDDEN_MS = 3_600_000;

export function createPoller<T>(deps: PollerDeps<T>): Poller<T> {
  const { timing, visibility } = deps;
  const listeners = new Set<() => void>();
  let state: Polled<T> = { value: deps.initial, away: false, failure: undefined };
  let failures = 0;
  let version = 0;
  let running: AbortController | undefined;
  /** Ends the pause of the running loop; one that comes while it asks is not lost. */
  let nap = new AbortController();
  const wake = () => nap.abort();

  const set = (next: Polled<T>) => {
    state = next;
    for (const listener of listeners) listener();
  };
  const ask = async (signal: AbortSignal) => {
    const asked = version;
    const late = new AbortController();
    const limit = AbortSignal.any([signal, late.signal]);
    timing.sleep(LOAD_LIMIT_MS, limit).then(
      () => late.abort(new Error('the server took too long')),
      () => undefined,
    );
    try {
      const value = await deps.load(state.value, limit);
      failures = 0;
      if (asked === version && !signal.aborted) set({ value, away: false, failure: undefined });
    } catch (error) {
      if (signal.aborted) return;
      const answered = deps.isAnswer(error);
      failures = answered ? 0 : failures + 1;
      const away = failures >= FAILURES_UNTIL_AWAY;
      const failure = answered ? error : state.failure;
      if (away !== state.away || failure !== state.failure) set({ ...state, away, failure });
    } finally {
      late.abort();
    }
  };
  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      nap = new AbortController();
      const ms = visibility.hidden() ? HIDDEN_MS : await ask(signal).then(() => deps.pauseMs(state.value));
      await timing.sleep(ms, AbortSignal.any([signal, nap.signal])).catch(() => undefined);
    }
  };
  const start = () => {
    const stop = new AbortController();
    const unsubscribe = visibility.subscribe(() => wake());
    stop.signal.addEventListener('abort', () => {
      unsubscribe();
      wake();
    });
    running = stop;
    void run(stop.signal);
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      if (!running) start();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        running?.abort();
        running = undefined;
      };
    },
    get: () => state,
    refresh: () => wake(),
    update(change) {
      version += 1;
      if (state.value !== undefined) set({ ...state, value: change(state.value) });
      wake();
    },
  };
}

export function documentVisibility(document: Document): Visibility {
  return {
    hidden: () => document.hidden,
    subscribe(listener) {
      document.addEventListener('visibilitychange', listener);
      return () => document.removeEventListener('visibilitychange', listener);
    },
  };
}
