/** LFU with dynamic aging by bytes (Arlitt et al., 1999): rank is the count of requests plus the rank of the last victim. */
import { RankedObjects } from './ranked-objects.ts';
import type { Policy, Trace } from './trace.ts';

export class LfuDa implements Policy {
  readonly #sizes: Uint32Array;
  readonly #bytesMax: number;
  readonly #ranked: RankedObjects;
  readonly #counts: Uint32Array;
  #age = 0;
  bytes = 0;

  constructor(trace: Trace, bytesMax: number) {
    this.#sizes = trace.sizes;
    this.#bytesMax = bytesMax;
    this.#ranked = new RankedObjects(trace.sizes.length);
    this.#counts = new Uint32Array(trace.sizes.length);
  }

  request(object: number): boolean {
    const hit = this.#ranked.has(object);
    const size = this.#sizes[object] ?? 0;
    if (!hit && size > this.#bytesMax) return false;
    if (!hit) this.#makeRoom(size);
    const count = hit ? (this.#counts[object] ?? 0) + 1 : 1;
    this.#counts[object] = count;
    this.#ranked.set(object, this.#age + count);
    return hit;
  }

  #makeRoom(size: number): void {
    while (this.bytes + size > this.#bytesMax) {
      const victim = this.#ranked.least();
      if (victim === undefined) break;
      this.#age = this.#ranked.rankOf(victim);
      this.#ranked.remove(victim);
      this.bytes -= this.#sizes[victim] ?? 0;
    }
    this.bytes += size;
  }
}
