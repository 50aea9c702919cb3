/**
 * How long to wait for an edge before it counts as hung. A second when edges have been answering quickly, more on
 * a slow line, and twice as much with each further try, so that a slow line is never taken for dead edges for ever.
 */
const FIRST_ANSWER_MS = 1500;
const ANSWER_MIN_MS = 1000;
const ANSWER_MAX_MS = 10_000;
/** Answers vary; one that takes four times the usual is still an answer. */
const USUAL_TIMES = 4;
/** Shaka reports progress in steps of this many bytes, so that much must be able to arrive within the limit. */
export const PROGRESS_BYTES = 16_000;

export type RequestPatience = {
  /** Time to the first byte of an answer that came. */
  observe(firstByteMs: number): void;
  /** `connectionMs` until the first progress, `stallMs` between two. `attempt` counts from 0. */
  limits(attempt: number, bitsPerS: number): { connectionMs: number; stallMs: number };
};

export function createRequestPatience(): RequestPatience {
  let usualMs: number | undefined;
  return {
    observe: (firstByteMs) => {
      usualMs = usualMs === undefined ? firstByteMs : usualMs * 0.7 + firstByteMs * 0.3;
    },
    limits: (attempt, bitsPerS) => {
      const stepMs = bitsPerS > 0 ? (PROGRESS_BYTES * 8000) / bitsPerS : 0;
      const answerMs = usualMs === undefined ? FIRST_ANSWER_MS : usualMs * USUAL_TIMES;
      const patient = Math.max(ANSWER_MIN_MS, answerMs + stepMs * 2) * 2 ** attempt;
      return {
        connectionMs: Math.min(ANSWER_MAX_MS, patient),
        stallMs: Math.min(ANSWER_MAX_MS, Math.max(patient, ANSWER_MIN_MS * 2)),
      };
    },
  };
}
