/**
 * Keeps fetches under a mean rate. Each is paid for before it starts and runs at full speed; the next starts when it
 * is paid off (the generic cell rate algorithm of ITU-T I.371, with bytes for cells).
 */
import type { Clock } from '../../../platform/clock.ts';

/** What was not used may be used later, as much as this long would have brought. */
const BURST_MS = 500;

export class Bandwidth {
  readonly #clock: Clock;
  readonly #bytesPerS: number;
  #paidMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, bytesPerS: number) {
    this.#clock = clock;
    this.#bytesPerS = bytesPerS;
  }

  /** Resolves when these bytes may be fetched; rejects with the signal's reason when it aborts first. */
  async spend(bytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonic();
    const startMs = Math.max(this.#paidMs, nowMs - BURST_MS);
    this.#paidMs = startMs + (bytes / this.#bytesPerS) * 1000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }
}
