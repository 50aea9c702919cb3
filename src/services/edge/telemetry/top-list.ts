/**
 * Counts requests and bytes of the names that come most often, in bounded memory (Metwally, Agrawal, El Abbadi:
 * "Efficient computation of frequent and top-k elements in data streams", the Space-Saving algorithm): a name that is
 * new takes the place and the count of the rarest. A count may be too high by at most `excess`; every name
 * that came more often than total/size times is in the list. Bytes are counted since a name came in, never too many.
 */
export type TopEntry = { name: string; requests: number; excess: number; bytes: number };

export class TopList {
  readonly #size: number;
  readonly #entries = new Map<string, TopEntry>();
  readonly #list: TopEntry[] = [];
  /** Where the search for the rarest goes on: no entry is rarer than `#least`. */
  #at = 0;
  #least = 0;

  constructor(size: number) {
    this.#size = size;
  }

  count(name: string, bytes: number): void {
    const known = this.#entries.get(name);
    if (known) {
      known.requests++;
      known.bytes += bytes;
      return;
    }
    if (this.#list.length < this.#size) {
      const entry = { name, requests: 1, excess: 0, bytes };
      this.#list.push(entry);
      this.#entries.set(name, entry);
      return;
    }
    const rarest = this.#rarest();
    this.#entries.delete(rarest.name);
    rarest.name = name;
    rarest.excess = rarest.requests;
    rarest.requests++;
    rarest.bytes = bytes;
    this.#entries.set(name, rarest);
  }

  /** From the most frequent on. */
  entries(): TopEntry[] {
    return this.#list.map((entry) => ({ ...entry })).sort((a, b) => b.requests - a.requests);
  }

  /** Counts only grow, so the least grows too, and the round goes on from where the last one ended. */
  #rarest(): TopEntry {
    for (let looked = 0; looked < this.#size; looked++) {
      const entry = this.#list[this.#at] as TopEntry;
      if (entry.requests <= this.#least) return entry;
      this.#at = (this.#at + 1) % this.#size;
    }
    this.#least = Math.min(...this.#list.map(({ requests }) => requests));
    return this.#rarest();
  }
}
