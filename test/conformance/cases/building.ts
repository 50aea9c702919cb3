/**
 * Words for the shapes that most cases share: store something, wait, ask again. They return plain data and decide
 * nothing about what is right.
 */
import type { CaseStep, ConformanceCase, FieldLine } from '../case.ts';

/** Longer than the lifetime of `SHORT_LIVED` however a cache rounds its seconds. */
export const PAUSE_MS = 2_200;
/** Lifetime that has passed after `PAUSE_MS`. */
export const SHORT_LIVED = 'max-age=1';
export const LONG_LIVED = 'max-age=3600';

export const NOW = { secondsFromNow: 0 } as const;

export function inSeconds(secondsFromNow: number): { secondsFromNow: number } {
  return { secondsFromNow };
}

/** A first step that stores a response with these fields. */
export function stores(headers: readonly FieldLine[], more: Partial<CaseStep> = {}): CaseStep {
  const { response, ...rest } = more;
  return { response: { headers, ...response }, setup: 'step', ...rest };
}

/** A first step that stores a response which stays fresh for an hour. */
export function storesFresh(headers: readonly FieldLine[] = [], more: Partial<CaseStep> = {}): CaseStep {
  return stores([['Cache-Control', LONG_LIVED], ['Date', NOW], ...headers], more);
}

/** A first step that stores a response and waits until that is stale. */
export function storesAndGrowsStale(headers: readonly FieldLine[] = []): CaseStep {
  return stores([['Cache-Control', SHORT_LIVED], ...headers], { pauseAfterMs: PAUSE_MS });
}

type Twice = Omit<ConformanceCase, 'steps'> & {
  headers: readonly FieldLine[];
  expect: 'cached' | 'not_cached' | 'etag_validated';
  pauseAfterMs?: number;
};

/** Stores a response with these fields, then asks for the same again and says where that must come from. */
export function askTwice({ headers, expect, pauseAfterMs, ...about }: Twice): ConformanceCase {
  return { ...about, steps: [stores(headers, { pauseAfterMs }), { expect }] };
}
