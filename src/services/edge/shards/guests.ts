/**
 * Small objects of other shards that this one keeps in memory too, so that a hot one does not cause a question to its
 * owner for each request. Bounded by bytes; the one that came first goes first.
 */
import { JOINED_BYTES_MAX } from '../config.ts';

export class Guests {
  readonly #bytesMax: number;
  readonly #drop: (key: string) => void;
  readonly #bytes = new Map<string, number>();
  #sum = 0;

  /** `drop` takes a guest out of memory. */
  constructor(bytesMax: number, drop: (key: string) => void) {
    this.#bytesMax = bytesMax;
    this.#drop = drop;
  }

  get bytes(): number {
    return this.#sum;
  }

  /** Makes room for an object. False when it is too large to be a guest. */
  admit(key: string, bytes: number): boolean {
    if (bytes > Math.min(JOINED_BYTES_MAX, this.#bytesMax)) return false;
    this.#sum -= this.#bytes.get(key) ?? 0;
    this.#bytes.delete(key);
    this.#bytes.set(key, bytes);
    this.#sum += bytes;
    for (const [oldest, its] of this.#bytes) {
      if (this.#sum <= this.#bytesMax) break;
      this.#bytes.delete(oldest);
      this.#sum -= its;
      this.#drop(oldest);
    }
    return true;
  }
}
