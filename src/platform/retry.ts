/** Retries with bounds: a number of tries, exponential waits with full jitter, and an end by signal. */
import type { Clock } from './clock.ts';

export type RetryOptions = {
  triesMax: number;
  /** The first wait's upper bound; each later one doubles, up to `waitMaxMs`. */
  waitMs: number;
  waitMaxMs: number;
  clock: Clock;
  signal?: AbortSignal;
  random?: () => number;
  /** Which failures are worth another try. Default: all. */
  retryable?: (error: unknown) => boolean;
};

export async function retry<T>(work: (tryNumber: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const {
    triesMax,
    waitMs,
    waitMaxMs,
    clock,
    signal,
    random = Math.random,
    retryable = () => true,
  } = options;
  for (let tryNumber = 1; ; tryNumber++) {
    signal?.throwIfAborted();
    try {
      return await work(tryNumber);
    } catch (error) {
      if (tryNumber >= triesMax || !retryable(error)) throw error;
      const bound = Math.min(waitMaxMs, waitMs * 2 ** (tryNumber - 1));
      await clock.sleep(bound * random(), signal);
    }
  }
}
