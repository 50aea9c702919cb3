/** SIEVE by bytes (Zhang et al., NSDI 2024): a FIFO whose hand passes over what was visited and takes that mark away. */
import { LinkedOrder } from './linked-order.ts';
import type { Policy, Trace } from './trace.ts';

export class Sieve implements Policy {
  readonly #sizes: Uint32Array;
  readonly #bytesMax: number;
  readonly #order: LinkedOrder;
  readonly #visited: Uint8Array;
  #hand = -1;

  constructor(trace: Trace, bytesMax: number) {
    this.#sizes = trace.sizes;
    this.#bytesMax = bytesMax;
    this.#order = new LinkedOrder(trace.sizes);
    this.#visited = new Uint8Array(trace.sizes.length);
  }

  get bytes(): number {
    return this.#order.bytes;
  }

  request(object: number): boolean {
    if (this.#order.has(object)) {
      this.#visited[object] = 1;
      return true;
    }
    const size = this.#sizes[object] ?? 0;
    if (size > this.#bytesMax) return false;
    while (this.#order.bytes + size > this.#bytesMax) this.#evictOne();
    this.#visited[object] = 0;
    this.#order.push(object);
    return false;
  }

  #evictOne(): void {
    let at = this.#hand >= 0 ? this.#hand : this.#order.oldest;
    while (this.#visited[at]) {
      this.#visited[at] = 0;
      const newer = this.#order.newerThan(at);
      at = newer >= 0 ? newer : this.#order.oldest;
    }
    this.#hand = this.#order.newerThan(at);
    this.#order.remove(at);
  }
}
