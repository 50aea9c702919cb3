/**
 * Watches for the notice that this machine is about to be taken away, and says of a task in hand whether it can be
 * finished before that.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Interruptions } from '../../ports/interruptions/interruptions.ts';

export type Drain = {
  /** When the machine goes, or undefined while no notice stands. */
  readonly atMs: number | undefined;
  watch(signal: AbortSignal): Promise<void>;
};

const LOOK_EVERY_MS = 2000;
/** For storing what is done and telling the studio. */
const MARGIN_MS = 10_000;
/** A task that tells no progress gets the first half of the notice. */
const UNKNOWN_MS = 60_000;
const PROGRESS_MIN = 0.02;

export function createDrain(deps: { interruptions: Interruptions; clock: Clock; log: Log }): Drain {
  const { interruptions, clock, log } = deps;
  let atMs: number | undefined;
  return {
    get atMs() {
      return atMs;
    },
    async watch(signal) {
      while (!signal.aborted) {
        try {
          const notice = await interruptions.look(signal);
          if (notice && atMs === undefined)
            log.info('this machine will be taken away', { at: new Date(notice.atMs).toISOString() });
          atMs = notice?.atMs;
        } catch (error) {
          if (!signal.aborted) log.debug('it cannot be told whether this machine stays', { error });
        }
        await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
      }
    },
  };
}

/** Whether a task that has come so far in so much time should be given back now. */
export function isTooLate(of: { leftMs: number; elapsedMs: number; progress: number }): boolean {
  const { leftMs, elapsedMs, progress } = of;
  if (progress < PROGRESS_MIN) return leftMs < UNKNOWN_MS;
  return (elapsedMs * (1 - progress)) / progress > leftMs - MARGIN_MS;
}
