/**
 * Numbered objects by a rank that changes: a binary heap whose outdated entries are skipped when they come up.
 * `takeLeast` gives the object of the lowest rank; who wants the highest gives negative ranks.
 */
export class RankedObjects {
  readonly #rank: Float64Array;
  readonly #heapRanks: number[] = [];
  readonly #heapObjects: number[] = [];
  #count = 0;

  constructor(objects: number) {
    this.#rank = new Float64Array(objects).fill(Number.NaN);
  }

  has(object: number): boolean {
    return !Number.isNaN(this.#rank[object]);
  }

  rankOf(object: number): number {
    return this.#rank[object] ?? Number.NaN;
  }

  set(object: number, rank: number): void {
    if (!this.has(object)) this.#count++;
    this.#rank[object] = rank;
    this.#push(rank, object);
    if (this.#heapRanks.length > 64 + 4 * this.#count) this.#rebuild();
  }

  remove(object: number): void {
    if (!this.has(object)) return;
    this.#rank[object] = Number.NaN;
    this.#count--;
  }

  /** Undefined when nothing is held. */
  least(): number | undefined {
    while (this.#heapRanks.length > 0) {
      const object = this.#heapObjects[0] ?? 0;
      if (this.#rank[object] === this.#heapRanks[0]) return object;
      this.#pop();
    }
    return undefined;
  }

  #rebuild(): void {
    const held = new Set(this.#heapObjects.filter((object) => this.has(object)));
    this.#heapRanks.length = 0;
    this.#heapObjects.length = 0;
    for (const object of held) this.#push(this.rankOf(object), object);
  }

  #push(rank: number, object: number): void {
    const ranks = this.#heapRanks;
    const objects = this.#heapObjects;
    let at = ranks.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = ranks[parent] ?? 0;
      if (above <= rank) break;
      ranks[at] = above;
      objects[at] = objects[parent] ?? 0;
      at = parent;
    }
    ranks[at] = rank;
    objects[at] = object;
  }

  #pop(): void {
    const ranks = this.#heapRanks;
    const objects = this.#heapObjects;
    const rank = ranks.pop() ?? 0;
    const object = objects.pop() ?? 0;
    const length = ranks.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && (ranks[child + 1] ?? 0) < (ranks[child] ?? 0)) child++;
      const below = ranks[child] ?? 0;
      if (below >= rank) break;
      ranks[at] = below;
      objects[at] = objects[child] ?? 0;
      at = child;
    }
    ranks[at] = rank;
    objects[at] = object;
  }
}
