/**
 * Decides what to do when the engine gives up on a request or on the media: try again, start anew at the same
 * place, or tell the viewer. Nothing is told while the buffer still plays.
 */
import { isMediaError, isNetworkError } from './film-fault.ts';

export type RecoveryStep = { do: 'retry'; afterMs: number } | { do: 'reload' } | { do: 'tell' };

export type Recovery = {
  next(error: unknown, bufferS: number): RecoveryStep;
  /** A segment arrived. */
  succeeded(): void;
};

/** With the tries of each request and the renewals between, about half a minute in which a server may restart. */
const RETRIES_MAX = 5;
const RETRY_MS = 1000;
/** While this much still plays there is no hurry and nothing to count. */
const BUFFER_ENOUGH_S = 1;
const RELOADS_MAX = 2;

export function createRecovery(): Recovery {
  let retries = 0;
  let reloads = 0;
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
    succeeded: () => {
      retries = 0;
    },
  };
}
