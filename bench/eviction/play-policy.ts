/**
 * The edge's S3-FIFO with the hints of plays, as a policy of the simulation: production classes, wired as a tier of
 * the edge would. Fetching ahead can be switched on; what it brings and costs is counted apart.
 */
import { PlayForesight } from '../../src/services/edge/play-foresight.ts';
import {
  nextSegmentKey,
  PlayHints,
  type SegmentPlace,
  segmentPlace,
} from '../../src/services/edge/play-hints.ts';
import { S3Fifo, type S3FifoEntry } from '../../src/services/edge/s3-fifo.ts';
import type { Policy, Trace } from './trace.ts';

type Entry = S3FifoEntry & { readonly place: SegmentPlace | undefined; isAhead: boolean };
export type Ahead = { readonly next: boolean; readonly openings: boolean };

export class PlayPolicy implements Policy {
  readonly #trace: Trace;
  readonly #ahead: Ahead;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #hints = new PlayHints();
  readonly #foresight = new PlayForesight(this.#hints);
  readonly #queue: S3Fifo<Entry>;
  #nowMs = 0;
  #published = 0;
  /** Bytes that were fetched ahead, and those of them that somebody then asked for. */
  aheadBytes = 0;
  aheadUsedBytes = 0;

  constructor(trace: Trace, bytesMax: number, ahead: Ahead = { next: false, openings: false }) {
    this.#trace = trace;
    this.#ahead = ahead;
    this.#numbers = new Map(ahead.next ? trace.keys.map((key, object) => [key, object]) : []);
    this.#queue = new S3Fifo<Entry>(
      bytesMax,
      () => {},
      ({ place }) => place !== undefined && this.#foresight.isExpected(place, this.#nowMs),
    );
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  request(object: number, index: number): boolean {
    this.#nowMs = this.#trace.timesMs[index] ?? 0;
    if (this.#ahead.openings) this.#fillOpenings(index);
    const key = this.#trace.keys[object] ?? '';
    const entry = this.#queue.get(key);
    const place = entry ? entry.place : segmentPlace(key);
    if (entry?.isAhead) {
      entry.isAhead = false;
      this.aheadUsedBytes += entry.bytes;
    }
    if (!entry) this.#put(object, key, place, false);
    const session = this.#trace.sessions[index] ?? -1;
    if (place && session >= 0) this.#note(`s${session}`, place);
    return entry !== undefined;
  }

  #note(session: string, place: SegmentPlace): void {
    const goesOn = this.#hints.note(session, place, this.#nowMs);
    if (goesOn && this.#ahead.next) this.#fetch(this.#numbers.get(nextSegmentKey(place)));
  }

  #fillOpenings(index: number): void {
    const { publications } = this.#trace;
    for (let next = publications[this.#published]; next && next.before <= index; ) {
      for (const object of next.objects) this.#fetch(object);
      next = publications[++this.#published];
    }
  }

  #fetch(object: number | undefined): void {
    const key = object === undefined ? undefined : this.#trace.keys[object];
    if (object === undefined || key === undefined || this.#queue.peek(key)) return;
    this.aheadBytes += this.#trace.sizes[object] ?? 0;
    this.#put(object, key, segmentPlace(key), true);
  }

  #put(object: number, key: string, place: SegmentPlace | undefined, isAhead: boolean): void {
    this.#queue.put({ key, bytes: this.#trace.sizes[object] ?? 0, visits: 0, place, isAhead });
  }
}
