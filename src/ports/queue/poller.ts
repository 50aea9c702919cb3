/**
 * Lets many callers wait for work at a fixed cost: together they ask the database a few times a second, however
 * many they are. A send in this process wakes them at once.
 */
import { createAlarm } from '../../platform/alarm.ts';
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
  let stopped = false;
  const alarm = createAlarm(clock);
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
          // An aborted signal ends the loop at its head, with nothing.
          await alarm.wait(Math.min(EVERY_MS * waiting, leftMs), signal).catch(() => undefined);
        }
      } finally {
        waiting -= 1;
      }
    },
    wake: alarm.ring,
    stop: () => {
      stopped = true;
      alarm.ring();
    },
  };
}
