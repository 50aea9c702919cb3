/**
 * Decides for one tier whether an entry that is about to go is expected: it is when it is due within a horizon, and
 * the horizon moves by itself, so that about half of the entries it is asked about are beyond it. A small cache thus
 * keeps what is due in minutes and a large one what is due in hours, without a setting. It knows no bytes.
 */
import type { PlayHints, SegmentPlace } from './play-hints.ts';

const FIRST_HORIZON_MS = 60_000;
const HORIZON_MS_MIN = 1000;
const HORIZON_MS_MAX = 30 * 24 * 3_600_000;
/** How far one answer moves the horizon, as a share of it. */
const STEP = 0.01;

export class PlayForesight {
  readonly #hints: PlayHints;
  #horizonMs = FIRST_HORIZON_MS;

  constructor(hints: PlayHints) {
    this.#hints = hints;
  }

  get horizonMs(): number {
    return this.#horizonMs;
  }

  isExpected(place: SegmentPlace, nowMs: number): boolean {
    const dueMs = this.#hints.dueInMs(place, nowMs);
    // What no play is known of says nothing about how far this tier can look.
    if (dueMs === Number.POSITIVE_INFINITY) return false;
    const isDue = dueMs <= this.#horizonMs;
    const moved = this.#horizonMs * (isDue ? 1 - STEP : 1 + STEP);
    this.#horizonMs = Math.min(HORIZON_MS_MAX, Math.max(HORIZON_MS_MIN, moved));
    return isDue;
  }
}
