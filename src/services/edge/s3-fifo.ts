/**
 * S3-FIFO by bytes (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): new entries pass
 * through a small queue, those that are asked for again move to the main one, and a ghost list remembers who was
 * thrown out of the small one, so that a second chance goes straight to main. It counts bytes; it holds no I/O.
 */
export type S3FifoEntry = {
  readonly key: string;
  /** What the entry costs; must not change while it is held. */
  readonly bytes: number;
  /** Asked for since it was last looked at; the policy owns it. */
  visits: number;
};

const SMALL_SHARE = 0.1;
const VISITS_MAX = 3;
/** Visits in the small queue that earn a place in main. */
const VISITS_TO_STAY = 1;
const GHOSTS_MAX = 100_000;

type Queue<T> = { readonly entries: Map<string, T>; bytes: number };

export class S3Fifo<T extends S3FifoEntry> {
  readonly #bytesMax: number;
  readonly #evicted: (entry: T) => void;
  // A Map keeps the order of insertion, so its first key is the tail of the queue.
  readonly #small: Queue<T> = { entries: new Map(), bytes: 0 };
  readonly #main: Queue<T> = { entries: new Map(), bytes: 0 };
  readonly #ghosts = new Map<string, number>();
  #ghostBytes = 0;

  constructor(bytesMax: number, evicted: (entry: T) => void = () => {}) {
    this.#bytesMax = bytesMax;
    this.#evicted = evicted;
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes;
  }

  get size(): number {
    return this.#small.entries.size + this.#main.entries.size;
  }

  /** The entry, counted as asked for. */
  get(key: string): T | undefined {
    const entry = this.peek(key);
    if (entry && entry.visits < VISITS_MAX) entry.visits++;
    return entry;
  }

  peek(key: string): T | undefined {
    return this.#main.entries.get(key) ?? this.#small.entries.get(key);
  }

  /** Puts an entry in, in place of one with its key. One that is larger than everything is not taken. */
  put(entry: T): boolean {
    const before = this.peek(entry.key);
    const wasMain = this.#main.entries.has(entry.key);
    if (before) this.#remove(entry.key);
    if (entry.bytes > this.#bytesMax) return false;
    entry.visits = before?.visits ?? 0;
    const known = this.#forgetGhost(entry.key) || wasMain;
    this.#push(known ? this.#main : this.#small, entry);
    while (this.bytes > this.#bytesMax) this.#evictOne();
    return true;
  }

  /** All entries, in no order that means anything. */
  *entries(): IterableIterator<T> {
    yield* this.#small.entries.values();
    yield* this.#main.entries.values();
  }

  delete(key: string): T | undefined {
    const entry = this.peek(key);
    if (entry) this.#remove(key);
    return entry;
  }

  /** Throws out what is least worth keeping until this many bytes are free that were not. */
  shed(bytes: number): void {
    const goal = Math.max(0, this.bytes - bytes);
    while (this.bytes > goal) this.#evictOne();
  }

  #push(queue: Queue<T>, entry: T): void {
    queue.entries.set(entry.key, entry);
    queue.bytes += entry.bytes;
  }

  #remove(key: string): void {
    for (const queue of [this.#small, this.#main]) {
      const entry = queue.entries.get(key);
      if (!entry) continue;
      queue.entries.delete(key);
      queue.bytes -= entry.bytes;
    }
  }

  #evictOne(): void {
    const smallIsDue = this.#small.bytes > this.#bytesMax * SMALL_SHARE || this.#main.entries.size === 0;
    if (smallIsDue) this.#evictSmall();
    else this.#evictMain();
  }

  #evictSmall(): void {
    const [entry] = this.#small.entries.values();
    if (!entry) return;
    this.#remove(entry.key);
    if (entry.visits > VISITS_TO_STAY) {
      entry.visits = 0;
      this.#push(this.#main, entry);
      return;
    }
    this.#remember(entry);
    this.#evicted(entry);
  }

  #evictMain(): void {
    const [entry] = this.#main.entries.values();
    if (!entry) return;
    this.#remove(entry.key);
    if (entry.visits > 0) {
      entry.visits--;
      this.#push(this.#main, entry);
      return;
    }
    this.#evicted(entry);
  }

  #remember(entry: T): void {
    this.#ghosts.set(entry.key, entry.bytes);
    this.#ghostBytes += entry.bytes;
    while (this.#ghostBytes > this.#bytesMax || this.#ghosts.size > GHOSTS_MAX) {
      const [oldest] = this.#ghosts.keys();
      if (oldest === undefined) break;
      this.#forgetGhost(oldest);
    }
  }

  #forgetGhost(key: string): boolean {
    const bytes = this.#ghosts.get(key);
    if (bytes === undefined) return false;
    this.#ghosts.delete(key);
    this.#ghostBytes -= bytes;
    return true;
  }
}
