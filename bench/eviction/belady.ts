/**
 * Belady's rule by bytes: throw out what is asked for last, and take nothing in that would be thrown out first. It
 * knows the future. With objects of one size nothing has more hits; with sizes that differ it is the customary bound.
 */
import { RankedObjects } from './ranked-objects.ts';
import { nextUses, type Policy, type Trace } from './trace.ts';

export class Belady implements Policy {
  readonly #sizes: Uint32Array;
  readonly #bytesMax: number;
  readonly #next: Float64Array;
  readonly #ranked: RankedObjects;
  bytes = 0;

  constructor(trace: Trace, bytesMax: number) {
    this.#sizes = trace.sizes;
    this.#bytesMax = bytesMax;
    this.#next = nextUses(trace);
    this.#ranked = new RankedObjects(trace.sizes.length);
  }

  request(object: number, index: number): boolean {
    const hit = this.#ranked.has(object);
    const next = this.#next[index] ?? Number.POSITIVE_INFINITY;
    const size = this.#sizes[object] ?? 0;
    if (next === Number.POSITIVE_INFINITY) {
      if (hit) this.#remove(object);
      return hit;
    }
    if (!hit && size > this.#bytesMax) return false;
    if (!hit) this.bytes += size;
    this.#ranked.set(object, -next);
    while (this.bytes > this.#bytesMax) this.#remove(this.#ranked.least() ?? object);
    return hit;
  }

  #remove(object: number): void {
    this.#ranked.remove(object);
    this.bytes -= this.#sizes[object] ?? 0;
  }
}
