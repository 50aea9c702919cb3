/** The hot tier: whole objects and slices in memory, bounded by bytes. It does no I/O and judges no freshness. */
import { JOINED_BYTES_MAX } from './config.ts';
import { S3Fifo, type S3FifoEntry } from './s3-fifo.ts';
import type { ObjectMeta } from './stored-object.ts';

export type MemoryEntry = S3FifoEntry & {
  readonly meta: ObjectMeta;
  readonly body: Buffer;
  /** Head and body of the plain reply in one buffer, good for the second that it was made in. */
  reply: Buffer | undefined;
  replySecond: number;
};

/** What an entry costs besides its body: objects, header texts, its place in the queue. */
const OVERHEAD_BYTES = 2048;

export class MemoryTier {
  readonly #entries: S3Fifo<MemoryEntry>;

  constructor(bytesMax: number) {
    this.#entries = new S3Fifo<MemoryEntry>(bytesMax, (entry) => {
      entry.reply = undefined;
    });
  }

  get bytes(): number {
    return this.#entries.bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): MemoryEntry | undefined {
    return this.#entries.get(key);
  }

  /** Whether it is held; unlike `get` this is not counted as asked for. */
  has(key: string): boolean {
    return this.#entries.peek(key) !== undefined;
  }

  put(key: string, meta: ObjectMeta, body: Buffer): void {
    // A small body is held twice when it is hot: once by itself, once in its prepared reply.
    const bodies = body.length <= JOINED_BYTES_MAX ? 2 * body.length : body.length;
    const bytes = OVERHEAD_BYTES + bodies + key.length;
    this.#entries.put({ key, bytes, visits: 0, meta, body, reply: undefined, replySecond: 0 });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
