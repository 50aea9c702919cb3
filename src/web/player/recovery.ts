/**
 * Decides what to do when the engine gives up on a request or on the media: try again, start anew at the same
 * place, or tell the viewer. Nothing is told while the buffer still plays. It also tells when nothing has arrived
 * for so long that a turning wheel would be a lie, even though the engine is still trying.
 */
import { type EngineError, isMediaError, isNetworkError } from './film-fault.ts';
import type { Timers } from './timers.ts';

export type RecoveryStep = { do: 'retry'; afterMs: number } | { do: 'reload' } | { do: 'tell' };

export type Recovery = {
  next(error: unknown, bufferS: number): RecoveryStep;
  /** A segment arrived, or the viewer wants it tried once more: the count starts anew. */
  begin(): void;
  /** Asked again and again with whether the picture waits for bytes; an error when that has lasted too long. */
  waiting(waits: boolean): EngineError | undefined;
};

/** With the tries of each request and the renewals between, about half a minute in which a server may restart. */
const RETRIES_MAX = 5;
const RETRY_MS = 1000;
/** While this much still plays there is no hurry and nothing to count. */
const BUFFER_ENOUGH_S = 1;
const RELOADS_MAX = 2;
const WAIT_MAX_MS = 25_000;
/** Shaka's words for a request that took too long. */
const TOOK_TOO_LONG: EngineError = { category: 1, code: 1003, data: [] };

export function createRecovery(timers: Pick<Timers, 'now'>): Recovery {
  let retries = 0;
  let reloads = 0;
  /** Since when nothing has arrived although something is waited for. */
  let silentSince = timers.now();
  return {
    next: (error, bufferS) => {
      if (isNetworkError(error)) {
        if (bufferS > BUFFER_ENOUGH_S) return { do: 'retry', afterMs: RETRY_MS };
        if (retries >= RETRIES_MAX) return { do: 'tell' };
        retries += 1;
        return { do: 'retry', afterMs: RETRY_MS };
      }
      if (isMediaError(error) && reloads < RELOADS_MAX) {
        reloads += 1;
        return { do: 'reload' };
      }
      return { do: 'tell' };
    },
    begin: () => {
      retries = 0;
      silentSince = timers.now();
    },
    waiting: (waits) => {
      if (!waits) silentSince = timers.now();
      return timers.now() - silentSince > WAIT_MAX_MS ? TOOK_TOO_LONG : undefined;
    },
  };
}
