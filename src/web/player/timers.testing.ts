/** A clock that stands still until a test moves it. */
import type { Timers } from './timers.ts';

export type FakeTimers = Timers & {
  /** Moves time on, running what falls due in its order and letting promises settle in between. */
  advance(ms: number): Promise<void>;
};

export function fakeTimers(startMs = 1_000_000): FakeTimers {
  let now = startMs;
  let pending: { at: number; work: () => void }[] = [];
  return {
    now: () => now,
    after: (ms, work) => {
      const entry = { at: now + ms, work };
      pending.push(entry);
      return () => {
        pending = pending.filter((other) => other !== entry);
      };
    },
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = pending.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        pending = pending.filter((other) => other !== next);
        now = next.at;
        next.work();
      }
      now = end;
      await settle();
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
