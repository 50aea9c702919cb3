/**
 * Whether the machine that this runs on is about to be taken away, as clouds do with cheap machines at two minutes'
 * notice.
 *
 * Obligations of every adapter, proved by `interruptions.contract.ts`:
 * - `look` resolves to the notice while one stands, always with the same time, and to undefined while none does.
 * - It rejects when it cannot tell. Whoever asks goes on as if there were none and asks again.
 * - It takes at most a few seconds, and ends at once when the signal aborts.
 */
export type Interruption = {
  /** When the machine goes: milliseconds since the Unix epoch. */
  atMs: number;
};

export type Interruptions = { look(signal: AbortSignal): Promise<Interruption | undefined> };

/** What clouds give, and what an operator gives who names no time. */
export const NOTICE_MS = 120_000;
