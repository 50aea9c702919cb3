/**
 * A queue of entries that counts their bytes: a linked list, so that taking one out of its middle costs as little as
 * taking the oldest. It does not find entries by name and bounds nothing.
 */
export type Queued<T extends { readonly bytes: number }> = {
  readonly entry: T;
  /** Undefined once it was taken out. */
  queue: ByteQueue<T> | undefined;
  older: Queued<T> | undefined;
  newer: Queued<T> | undefined;
};

export class ByteQueue<T extends { readonly bytes: number }> {
  oldest: Queued<T> | undefined;
  #newest: Queued<T> | undefined;
  bytes = 0;
  size = 0;

  /** Puts in one that is in no queue. */
  push(queued: Queued<T>): void {
    queued.queue = this;
    queued.older = this.#newest;
    queued.newer = undefined;
    if (this.#newest) this.#newest.newer = queued;
    else this.oldest = queued;
    this.#newest = queued;
    this.bytes += queued.entry.bytes;
    this.size++;
  }

  /** Takes out one that is in this queue. */
  remove(queued: Queued<T>): void {
    if (queued.older) queued.older.newer = queued.newer;
    else this.oldest = queued.newer;
    if (queued.newer) queued.newer.older = queued.older;
    else this.#newest = queued.older;
    queued.queue = undefined;
    queued.older = undefined;
    queued.newer = undefined;
    this.bytes -= queued.entry.bytes;
    this.size--;
  }
}

export function queued<T extends { readonly bytes: number }>(entry: T): Queued<T> {
  return { entry, queue: undefined, older: undefined, newer: undefined };
}
