/** A wait with a limit that somebody else may end early. It says nothing of why; who waits looks again. */
import type { Clock } from './clock.ts';

export type Alarm = {
  /** Resolves after `ms` or at the next ring; rejects with the signal's reason when that comes first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets all go on who wait now. */
  ring(): void;
};

export function createAlarm(clock: Clock): Alarm {
  let rung = new AbortController();
  return {
    wait: async (ms, signal) => {
      const mine = rung.signal;
      try {
        await clock.sleep(ms, signal ? AbortSignal.any([mine, signal]) : mine);
      } catch (error) {
        if (!mine.aborted) throw error;
      }
    },
    ring: () => {
      rung.abort();
      rung = new AbortController();
    },
  };
}
