/** Collects the titles that there is something to do for, and lets one loop wait for them. */
import { createAlarm } from '../../platform/alarm.ts';
import type { Clock } from '../../platform/clock.ts';

export type Wakeups = {
  /** To be looked at now. */
  wake(title: string): void;
  /** To be looked at within the next round of a second. */
  nudge(title: string): void;
  /** All titles that are due; waits until there is one, or the signal aborts. */
  take(signal: AbortSignal): Promise<string[]>;
};

const ROUND_MS = 1000;

export function createWakeups(clock: Clock): Wakeups {
  const due = new Set<string>();
  const later = new Set<string>();
  const alarm = createAlarm(clock);
  let roundAtMs = clock.monotonic();

  return {
    wake(title) {
      due.add(title);
      alarm.ring();
    },
    nudge(title) {
      later.add(title);
    },
    async take(signal) {
      while (!signal.aborted) {
        const leftMs = ROUND_MS - (clock.monotonic() - roundAtMs);
        if (leftMs <= 0) {
          for (const title of later) due.add(title);
          later.clear();
          roundAtMs = clock.monotonic();
        }
        if (due.size > 0) {
          const titles = [...due];
          due.clear();
          return titles;
        }
        await alarm.wait(Math.max(1, leftMs <= 0 ? ROUND_MS : leftMs), signal).catch(() => undefined);
      }
      return [];
    },
  };
}
