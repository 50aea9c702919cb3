/**
 * S3-FIFO by bytes (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): new entries pass
 * through a small queue, those that are asked for again move to the main one, and a ghost list remembers who was
 * thrown out of the small one, so that a second chance goes straight to main. It counts bytes; it holds no I/O.
 */
import { ByteQueue, type Queued, queued } from './byte-queue.ts';

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
/** How many may be spared because they are expected before one has to go by its visits. */
const SPARED_MAX = 16;

type Ghost = { readonly key: string; readonly bytes: number };

export class S3Fifo<T extends S3FifoEntry> {
  readonly #bytesMax: number;
  readonly #evicted: (entry: T) => void;
  readonly #isExpected: (entry: T) => boolean;
  readonly #held = new Map<string, Queued<T>>();
  readonly #small = new ByteQueue<T>();
  readonly #main = new ByteQueue<T>();
  readonly #ghostsHeld = new Map<string, Queued<Ghost>>();
  readonly #ghosts = new ByteQueue<Ghost>();
  #spared = 0;

  /**
   * `isExpected` is asked about an entry that is about to go, and true spares it. It is asked once for each look at
   * an entry and must be cheap; it need not be right.
   */
  constructor(
    bytesMax: number,
    evicted: (entry: T) => void = () => {},
    isExpected: (entry: T) => boolean = () => false,
  ) {
    this.#bytesMax = bytesMax;
    this.#evicted = evicted;
    this.#isExpected = isExpected;
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes;
  }

  get size(): number {
    return this.#held.size;
  }

  /** The entry, counted as asked for. */
  get(key: string): T | undefined {
    const entry = this.peek(key);
    if (entry && entry.visits < VISITS_MAX) entry.visits++;
    return entry;
  }

  peek(key: string): T | undefined {
    return this.#held.get(key)?.entry;
  }

  /** Puts an entry in, in place of one with its key. One that is larger than everything is not taken. */
  put(entry: T): boolean {
    const before = this.#held.get(entry.key);
    const wasMain = before?.queue === this.#main;
    if (before) this.#remove(before);
    if (entry.bytes > this.#bytesMax) return false;
    entry.visits = before?.entry.visits ?? 0;
    const known = this.#forgetGhost(entry.key) || wasMain;
    const place = queued(entry);
    this.#held.set(entry.key, place);
    (known ? this.#main : this.#small).push(place);
    while (this.bytes > this.#bytesMax) this.#evictOne();
    return true;
  }

  /** All entries, in no order that means anything. */
  *entries(): IterableIterator<T> {
    for (const { entry } of this.#held.values()) yield entry;
  }

  delete(key: string): T | undefined {
    const place = this.#held.get(key);
    if (place) this.#remove(place);
    return place?.entry;
  }

  /** Throws out what is least worth keeping until this many bytes are free that were not. */
  shed(bytes: number): void {
    const goal = Math.max(0, this.bytes - bytes);
    while (this.bytes > goal) this.#evictOne();
  }

  #remove(place: Queued<T>): void {
    this.#held.delete(place.entry.key);
    place.queue?.remove(place);
  }

  #evictOne(): void {
    const smallIsDue = this.#small.bytes > this.#bytesMax * SMALL_SHARE || this.#main.size === 0;
    const place = smallIsDue ? this.#small.oldest : this.#main.oldest;
    if (!place) return;
    if (this.#stays(place.entry, smallIsDue)) {
      place.queue?.remove(place);
      this.#main.push(place);
      return;
    }
    this.#spared = 0;
    this.#remove(place);
    if (smallIsDue) this.#remember(place.entry);
    this.#evicted(place.entry);
  }

  /** Whether one at the tail goes on in main. What is spared keeps its visits for when nobody expects it. */
  #stays(entry: T, isSmall: boolean): boolean {
    if (this.#spared < SPARED_MAX && this.#isExpected(entry)) {
      this.#spared++;
      return true;
    }
    if (isSmall) {
      if (entry.visits <= VISITS_TO_STAY) return false;
      entry.visits = 0;
      return true;
    }
    if (entry.visits === 0) return false;
    entry.visits--;
    return true;
  }

  #remember({ key, bytes }: T): void {
    const ghost = queued({ key, bytes });
    this.#ghostsHeld.set(key, ghost);
    this.#ghosts.push(ghost);
    while (this.#ghosts.bytes > this.#bytesMax || this.#ghosts.size > GHOSTS_MAX) {
      const { oldest } = this.#ghosts;
      if (!oldest) break;
      this.#forgetGhost(oldest.entry.key);
    }
  }

  #forgetGhost(key: string): boolean {
    const ghost = this.#ghostsHeld.get(key);
    if (!ghost) return false;
    this.#ghostsHeld.delete(key);
    this.#ghosts.remove(ghost);
    return true;
  }
}
