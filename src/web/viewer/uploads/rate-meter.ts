/** Speed over the last seconds, from a count of bytes that grows and, when a part is sent again, shrinks. */
const WINDOW_MS = 10_000;
const SAMPLE_MS = 250;
const SPAN_MIN_MS = 1000;

export type RateMeter = {
  record(total: number): void;
  /** Bytes a second; null until there is enough to tell. */
  rate(): number | null;
  reset(): void;
};

export function createRateMeter(now: () => number): RateMeter {
  let samples: Array<{ at: number; total: number }> = [];
  return {
    record(total) {
      const at = now();
      const last = samples.at(-1);
      if (last && at - last.at < SAMPLE_MS) return;
      samples = [...samples.filter((sample) => at - sample.at <= WINDOW_MS), { at, total }];
    },
    rate() {
      const [first, last] = [samples[0], samples.at(-1)];
      if (!first || !last) return null;
      // Measured up to this moment, so that a connection that has gone silent is seen to slow down.
      const span = Math.max(now(), last.at) - first.at;
      return span < SPAN_MIN_MS ? null : Math.max(0, ((last.total - first.total) * 1000) / span);
    },
    reset() {
      samples = [];
    },
  };
}
