/** An order of numbered objects in typed arrays: what LRU, SIEVE and W-TinyLFU queue in. It counts bytes, it does not bound them. */
export class LinkedOrder {
  readonly #sizes: Uint32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  readonly #held: Uint8Array;
  bytes = 0;
  oldest = -1;
  newest = -1;

  constructor(sizes: Uint32Array) {
    this.#sizes = sizes;
    this.#older = new Int32Array(sizes.length).fill(-1);
    this.#newer = new Int32Array(sizes.length).fill(-1);
    this.#held = new Uint8Array(sizes.length);
  }

  has(object: number): boolean {
    return this.#held[object] === 1;
  }

  /** The one that came in after this one, or -1. */
  newerThan(object: number): number {
    return this.#newer[object] ?? -1;
  }

  /** Puts in one that is not held. */
  push(object: number): void {
    this.#held[object] = 1;
    this.#older[object] = this.newest;
    this.#newer[object] = -1;
    if (this.newest >= 0) this.#newer[this.newest] = object;
    else this.oldest = object;
    this.newest = object;
    this.bytes += this.#sizes[object] ?? 0;
  }

  /** Takes out one that is held. */
  remove(object: number): void {
    const older = this.#older[object] ?? -1;
    const newer = this.#newer[object] ?? -1;
    if (older >= 0) this.#newer[older] = newer;
    else this.oldest = newer;
    if (newer >= 0) this.#older[newer] = older;
    else this.newest = older;
    this.#held[object] = 0;
    this.bytes -= this.#sizes[object] ?? 0;
  }

  touch(object: number): void {
    this.remove(object);
    this.push(object);
  }
}
