/**
 * W-TinyLFU by bytes (Einziger et al., TOS 2017; the size-aware form with aggregated victims, arXiv 2105.08770): a
 * window of 1 %, a segmented LRU behind it, and a sketch of counts that lets nobody in who is asked for less than
 * all whom he would throw out together.
 */
import { LinkedOrder } from './linked-order.ts';
import type { Policy, Trace } from './trace.ts';

const WINDOW_SHARE = 0.01;
const PROTECTED_SHARE = 0.8;
const ROWS = 4;
const COUNT_MAX = 15;
/** Counts are halved after this many requests for each column of the sketch. */
const REQUESTS_PER_COLUMN = 10;

export class WTinyLfu implements Policy {
  readonly #sizes: Uint32Array;
  readonly #windowMax: number;
  readonly #mainMax: number;
  readonly #window: LinkedOrder;
  readonly #probation: LinkedOrder;
  readonly #protected: LinkedOrder;
  readonly #sketch: CountSketch;

  constructor(trace: Trace, bytesMax: number) {
    this.#sizes = trace.sizes;
    let largest = 0;
    for (const size of trace.sizes) largest = Math.max(largest, size);
    this.#windowMax = Math.min(bytesMax, Math.max(largest, Math.floor(bytesMax * WINDOW_SHARE)));
    this.#mainMax = bytesMax - this.#windowMax;
    this.#window = new LinkedOrder(trace.sizes);
    this.#probation = new LinkedOrder(trace.sizes);
    this.#protected = new LinkedOrder(trace.sizes);
    this.#sketch = new CountSketch(trace.sizes.length);
  }

  get bytes(): number {
    return this.#window.bytes + this.#probation.bytes + this.#protected.bytes;
  }

  request(object: number): boolean {
    this.#sketch.add(object);
    if (this.#window.has(object)) this.#window.touch(object);
    else if (this.#protected.has(object)) this.#protected.touch(object);
    else if (this.#probation.has(object)) this.#promote(object);
    else {
      if ((this.#sizes[object] ?? 0) <= this.#windowMax) this.#admit(object);
      return false;
    }
    return true;
  }

  #promote(object: number): void {
    this.#probation.remove(object);
    this.#protected.push(object);
    while (this.#protected.bytes > this.#mainMax * PROTECTED_SHARE) {
      const demoted = this.#protected.oldest;
      this.#protected.remove(demoted);
      this.#probation.push(demoted);
    }
  }

  #admit(object: number): void {
    this.#window.push(object);
    while (this.#window.bytes > this.#windowMax) {
      const candidate = this.#window.oldest;
      this.#window.remove(candidate);
      this.#contest(candidate);
    }
  }

  #contest(candidate: number): void {
    const size = this.#sizes[candidate] ?? 0;
    if (size > this.#mainMax) return;
    const needed = this.#probation.bytes + this.#protected.bytes + size - this.#mainMax;
    const victims: number[] = [];
    const worth = this.#sketch.count(candidate);
    let freed = 0;
    let sum = 0;
    for (let at = this.#probation.oldest; freed < needed && at >= 0; at = this.#probation.newerThan(at)) {
      sum += this.#sketch.count(at);
      if (sum > worth) {
        // The candidate lost; the victim that beat it is not the next one to be asked.
        this.#probation.touch(at);
        return;
      }
      victims.push(at);
      freed += this.#sizes[at] ?? 0;
    }
    if (freed < needed) return;
    for (const victim of victims) this.#probation.remove(victim);
    this.#probation.push(candidate);
  }
}

/** A count-min sketch (Cormode and Muthukrishnan, 2005) whose counts are halved from time to time. */
class CountSketch {
  readonly #columns: number;
  readonly #counts: Uint8Array;
  #left: number;

  constructor(objects: number) {
    this.#columns = 2 ** Math.ceil(Math.log2(Math.max(64, objects)));
    this.#counts = new Uint8Array(ROWS * this.#columns);
    this.#left = REQUESTS_PER_COLUMN * this.#columns;
  }

  add(object: number): void {
    for (let row = 0; row < ROWS; row++) {
      const at = this.#place(object, row);
      const count = this.#counts[at] ?? 0;
      if (count < COUNT_MAX) this.#counts[at] = count + 1;
    }
    if (--this.#left > 0) return;
    this.#left = REQUESTS_PER_COLUMN * this.#columns;
    for (let at = 0; at < this.#counts.length; at++) this.#counts[at] = (this.#counts[at] ?? 0) >> 1;
  }

  count(object: number): number {
    let least = COUNT_MAX;
    for (let row = 0; row < ROWS; row++) {
      least = Math.min(least, this.#counts[this.#place(object, row)] ?? 0);
    }
    return least;
  }

  #place(object: number, row: number): number {
    const mixed = Math.imul(object + 1, 0x9e3779b1 + 0x3c6ef372 * row);
    return row * this.#columns + (((mixed ^ (mixed >>> 15)) >>> 0) & (this.#columns - 1));
  }
}
