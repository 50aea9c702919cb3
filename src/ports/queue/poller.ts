/**
 * Lets many callers wait for work at a fixed cost: together they ask the database a few times a second, however
 * many they are. A send in this process wakes them at once.
 */
import type { Clock } from '../../platform/clock.ts';

const EVERY_MS = 200;

export type Poller = {
  /** Calls `take` until it gives something, `waitMs` have passed, or the signal aborts. */
  poll<T>(take: () => Promise<T[]>, waitMs: number, signal?: AbortSignal): Promise<T[]>;
  wake(): void;
  /** Lets everybody go with nothing. */
  stop(): void;
};

export function createPoller(clock: Clock): Poller {
  let waiting = 0;
  let woken = new AbortController();
  let stopped = false;

  const wake = () => {
    woken.abort();
    woken = new AbortController();
  };
  const pause = async (ms: number, signal: AbortSignal | undefined) => {
    const signals = signal ? [woken.signal, signal] : [woken.signal];
    // Being woken is an early end of the pause, nothing more.
    await clock.sleep(ms, AbortSignal.any(signals)).catch(() => undefined);
  };
  return {
    poll: async (take, waitMs, signal) => {
      const deadline = clock.monotonic() + waitMs;
      waiting += 1;
      try {
        for (;;) {
          if (stopped || signal?.aborted) return [];
          const found = await take();
          const leftMs = deadline - clock.monotonic();
          if (found.length > 0 || leftMs <= 0) return found;
          await pause(Math.min(EVERY_MS * waiting, leftMs), signal);
        }
      } finally {
        waiting -= 1;
      }
    },
    wake,
    stop: () => {
      stopped = true;
      wake();
    },
  };
}
