/**
 * Tries again what may work later. A broken connection is borne for over an hour, since a long upload should
 * outlive a router's restart; a server that answers with failures is given up on much sooner.
 */
import { isMatineeError } from '../../../platform/errors.ts';
import type { Timing } from '../../ui/timing.ts';
import { PartFailure } from './send-part.ts';

export type Patience = {
  timing: Timing;
  random: () => number;
  signal: AbortSignal;
  /** Told before each wait why there is one. */
  onWait: (error: unknown) => void;
};

const TRIES_MAX = { connection: 200, server: 6 } as const;
const WAIT_MS = 500;
const WAIT_MAX_MS = 30_000;

export async function persist<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { timing, random, signal, onWait } = patience;
  const tries = { connection: 0, server: 0 };
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const hope = hopeOf(error);
      if (!hope) throw error;
      tries[hope] += 1;
      if (tries[hope] >= TRIES_MAX[hope]) throw error;
      onWait(error);
      const bound = Math.min(WAIT_MAX_MS, WAIT_MS * 2 ** (tries.connection + tries.server - 1));
      await timing.sleep(bound * (0.5 + random() / 2), signal);
    }
  }
}

/** Whether the same may work later, and whose fault it is that it did not now. */
export function hopeOf(error: unknown): 'connection' | 'server' | undefined {
  // A fetch that got no answer rejects with a TypeError and says no more; the transport limits its time.
  if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) {
    return 'connection';
  }
  if (error instanceof PartFailure) {
    if (error.kind === 'connection') return 'connection';
    return error.kind === 'gone' || error.kind === 'refused' ? undefined : 'server';
  }
  if (isMatineeError(error)) return error.row.retry || error.code === 'internal' ? 'server' : undefined;
  return undefined;
}
