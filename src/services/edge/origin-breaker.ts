/**
 * Remembers that the origin is away, so that viewers of stale copies do not wait for it again and again. It never
 * keeps a miss from trying: that viewer has nothing to lose.
 */
export class OriginBreaker {
  readonly #probeEveryMs: number;
  #isOpen = false;
  #nextProbeMs = 0;

  constructor(probeEveryMs: number) {
    this.#probeEveryMs = probeEveryMs;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  failed(nowMs: number): void {
    this.#isOpen = true;
    this.#nextProbeMs = nowMs + this.#probeEveryMs;
  }

  succeeded(): void {
    this.#isOpen = false;
  }

  /** True for one caller each interval: that one may see whether the origin is back. */
  takeProbe(nowMs: number): boolean {
    if (nowMs < this.#nextProbeMs) return false;
    this.#nextProbeMs = nowMs + this.#probeEveryMs;
    return true;
  }
}
