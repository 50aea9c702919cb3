/** LRU by bytes, and LRU that admits an object when it is asked for a second time. */
import { LinkedOrder } from './linked-order.ts';
import type { Policy, Trace } from './trace.ts';

export class Lru implements Policy {
  readonly #sizes: Uint32Array;
  readonly #bytesMax: number;
  readonly #order: LinkedOrder;

  constructor(trace: Trace, bytesMax: number) {
    this.#sizes = trace.sizes;
    this.#bytesMax = bytesMax;
    this.#order = new LinkedOrder(trace.sizes);
  }

  get bytes(): number {
    return this.#order.bytes;
  }

  has(object: number): boolean {
    return this.#order.has(object);
  }

  request(object: number): boolean {
    const hit = this.#order.has(object);
    if (hit) this.#order.touch(object);
    else if ((this.#sizes[object] ?? 0) <= this.#bytesMax) {
      this.#order.push(object);
      while (this.#order.bytes > this.#bytesMax) this.#order.remove(this.#order.oldest);
    }
    return hit;
  }
}

/** How many bytes' worth of names are remembered, in budgets of the cache. */
const HISTORY_BUDGETS = 4;

export class SecondHitLru implements Policy {
  readonly #cache: Lru;
  readonly #history: Lru;

  constructor(trace: Trace, bytesMax: number) {
    this.#cache = new Lru(trace, bytesMax);
    this.#history = new Lru(trace, HISTORY_BUDGETS * bytesMax);
  }

  get bytes(): number {
    return this.#cache.bytes;
  }

  request(object: number): boolean {
    const isKnown = this.#history.request(object);
    return (isKnown || this.#cache.has(object)) && this.#cache.request(object);
  }
}
