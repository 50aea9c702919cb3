/** The hot tier: whole objects and slices in memory, bounded by bytes. It does no I/O and judges no freshness. */
import { JOINED_BYTES_MAX } from './config.ts';
import { type SegmentPlace, segmentPlace } from './play-hints.ts';
import { S3Fifo, type S3FifoEntry } from './s3-fifo.ts';
import type { ObjectMeta } from './stored-object.ts';

export type MemoryEntry = S3FifoEntry & {
  readonly meta: ObjectMeta;
  readonly body: Buffer;
  /** Where it is in its film, when it is a segment. */
  readonly place: SegmentPlace | undefined;
  /** Replies that were made before, good for the second that they were made in. */
  prepared: Prepared | undefined;
};

export type Prepared = {
  readonly second: number;
  /** The reply of an earlier second: the same body behind a head that is out of date. */
  readonly before: Buffer | undefined;
  /** Head and body of the plain reply in one buffer. */
  reply?: Buffer;
  /** The 304 for those who have the same version. */
  unchanged?: Buffer;
};

/** What an entry costs besides its body: objects, header texts, its place in the queue. */
const OVERHEAD_BYTES = 2048;

export type IsExpected = (place: SegmentPlace) => boolean;

export class MemoryTier {
  readonly #entries: S3Fifo<MemoryEntry>;
  readonly #inUse: (key: string) => void;

  /** `isExpected` spares what plays will ask for; `inUse` hears of what is asked for, once a second at most. */
  constructor(
    bytesMax: number,
    isExpected: IsExpected = () => false,
    inUse: (key: string) => void = () => undefined,
  ) {
    this.#inUse = inUse;
    this.#entries = new S3Fifo<MemoryEntry>(
      bytesMax,
      (entry) => {
        entry.prepared = undefined;
      },
      ({ place }) => place !== undefined && isExpected(place),
    );
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
    this.#entries.put({ key, bytes, visits: 0, meta, body, place: segmentPlace(key), prepared: undefined });
  }

  /** What is prepared for an entry in this second, empty at first. */
  prepared(entry: MemoryEntry, nowMs: number): Prepared {
    const second = Math.floor(nowMs / 1000);
    if (entry.prepared?.second === second) return entry.prepared;
    entry.prepared = { second, before: entry.prepared?.reply ?? entry.prepared?.before };
    this.#inUse(entry.key);
    return entry.prepared;
  }

  /** Deletes all that the test holds for. */
  deleteWhere(holds: (key: string, meta: ObjectMeta) => boolean): void {
    const doomed = [...this.#entries.entries()].filter(({ key, meta }) => holds(key, meta));
    for (const { key } of doomed) this.#entries.delete(key);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
