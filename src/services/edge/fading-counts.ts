/** How often plays went through each stretch of a film, counts that fade with time. Bounded; it knows no keys. */

/** Passages are counted for stretches of this many segments, so that an opening may be worth more than a tail. */
const STRETCH = 16;
const STRETCHES_MAX = 512;

export class FadingCounts {
  readonly #fadeMs: number;
  readonly #counts: number[] = [];
  readonly #countedMs: number[] = [];

  /** Counts fall to 1/e in `fadeMs`. */
  constructor(fadeMs: number) {
    this.#fadeMs = fadeMs;
  }

  add(number: number, nowMs: number): void {
    const stretch = Math.floor(number / STRETCH);
    if (stretch >= STRETCHES_MAX) return;
    this.#counts[stretch] = this.of(number, nowMs) + 1 / STRETCH;
    this.#countedMs[stretch] = nowMs;
  }

  /** Passages through the stretch of this segment. */
  of(number: number, nowMs: number): number {
    const stretch = Math.floor(number / STRETCH);
    const count = this.#counts[stretch] ?? 0;
    if (count === 0) return 0;
    return count * Math.exp(((this.#countedMs[stretch] ?? nowMs) - nowMs) / this.#fadeMs);
  }
}
