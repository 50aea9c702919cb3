/**
 * Finds objects: memory, disk, a fill that is under way, the origin, in that order, by the rules of freshness.
 * It knows nothing of viewers, tokens or HTTP replies.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { asEdgeFailure, EdgeFailure } from './failure.ts';
import type { FillDeps, FillHead, FillPlan } from './fill.ts';
import { startFill } from './fill.ts';
import { judge } from './freshness.ts';
import { GrowingBody } from './growing-body.ts';
import type { MemoryEntry, MemoryTier } from './memory-tier.ts';
import type { OpenFile } from './open-files.ts';
import type { PinnedBytes } from './pinned-bytes.ts';
import type { FileTier } from './shards/shard-files.ts';
import type { EdgeStatistics } from './statistics.ts';
import { type ObjectMeta, sliceKey } from './stored-object.ts';

/** How an object was come by: `revalidated` means that the origin confirmed the copy, `pass` that none is kept. */
export type Source = 'memory' | 'disk' | 'stale' | 'revalidated' | 'miss' | 'collapsed' | 'pass';

export type FoundBytes = { readonly body: GrowingBody; readonly source: Source };
export type Found = {
  readonly meta: ObjectMeta;
  readonly source: Source;
  /** The whole object, or the slice numbered `slice` when the search brought one along. */
  readonly body: GrowingBody | undefined;
  readonly slice: number;
};

type Copy = { readonly meta: ObjectMeta; readonly body: Buffer };
/** A fill under way, and the copy, good or stale, that was there when it started. */
type Flight = {
  readonly head: Promise<FillHead>;
  readonly copy: Copy | undefined;
  /** True when what it brings is known to be old by now: nobody joins it, and nothing of it is kept. */
  isOutdated: boolean;
};

export type ObjectCacheDeps = {
  memory: MemoryTier;
  disk: FileTier;
  fill: FillDeps;
  pinned: PinnedBytes;
  clock: Clock;
  log: Log;
  statistics: EdgeStatistics;
  /** How long a viewer waits for the origin while a stale copy is at hand. */
  staleWaitMs: number;
  /** Whether an object of so many bytes may stay in this memory, when another shard may keep it. */
  mayRemember?: ((key: string, bytes: number) => boolean) | undefined;
};

const NO_BYTES = Buffer.alloc(0);

export class ObjectCache {
  readonly #deps: ObjectCacheDeps;
  readonly #flights = new Map<string, Flight>();
  readonly #diskReads = new Map<string, Promise<Copy | undefined>>();

  constructor(deps: ObjectCacheDeps) {
    this.#deps = deps;
  }

  /** What needs no waiting: an entry of the memory tier that is fresh. */
  hot(key: string, nowMs: number): MemoryEntry | undefined {
    const entry = this.#deps.memory.get(key);
    return entry && nowMs < entry.meta.freshness.freshUntilMs ? entry : undefined;
  }

  /** An open file with a fresh copy, when memory has none: what the kernel can send without a wait. */
  hotFile(key: string, nowMs: number): OpenFile | undefined {
    const { disk } = this.#deps;
    if (this.#flights.has(key)) return undefined;
    const file = disk.openFile(key);
    return file && nowMs < file.meta.freshness.freshUntilMs ? file : undefined;
  }

  /** The open file with the bytes of an entry of the memory tier. */
  fileOf({ key, meta, body }: MemoryEntry): OpenFile | undefined {
    if (meta.etag === '') return undefined;
    const file = this.#deps.disk.openFile(key);
    return file?.meta.etag === meta.etag && file.length === body.length ? file : undefined;
  }

  /** Whether a search would find a copy here. It is not counted as asked for. */
  holds(key: string): boolean {
    return this.#deps.memory.has(key) || this.#deps.disk.holds(key);
  }

  /** `hint` is the first byte that is wanted. Rejects with EdgeFailure. */
  async find(key: string, hint: number): Promise<Found> {
    const held = this.#deps.memory.get(key);
    if (!held) this.#refuseWhenSpent();
    // The copy that a fill started with may be out of memory by now, but it still serves if the fill fails.
    const copy = held ?? this.#flights.get(key)?.copy ?? (await this.#fromDisk(key));
    if (!copy) return this.#fetch(key, hint, undefined);
    const verdict = judge(copy.meta.freshness, this.#deps.clock.now());
    if (verdict === 'fresh') return foundCopy(copy, held ? 'memory' : 'disk');
    if (verdict === 'refresh') {
      this.#refreshQuietly(key, hint, copy);
      return foundCopy(copy, 'stale');
    }
    if (verdict === 'expired') return this.#fetch(key, hint, copy);
    return this.#fetchOrStale(key, hint, copy);
  }

  /** One slice of an object that `find` gave. Rejects with EdgeFailure, `changed` when the object is another now. */
  async slice(key: string, meta: ObjectMeta, slice: number): Promise<FoundBytes> {
    const name = sliceKey(key, meta, slice);
    const held = this.#deps.memory.get(name);
    if (!held) this.#refuseWhenSpent();
    const copy = held ?? (await this.#fromDisk(name));
    if (copy) return { body: GrowingBody.complete(copy.body), source: held ? 'memory' : 'disk' };
    const { head, joined } = await this.#follow(name, { kind: 'slice', key, meta, slice }, undefined);
    if (head.kind !== 'bytes') throw new EdgeFailure('refused', 'a slice is bytes');
    return { body: head.body, source: joined ? 'collapsed' : 'miss' };
  }

  #refuseWhenSpent(): void {
    if (this.#deps.pinned.isSpent) throw new EdgeFailure('busy', 'slow readers hold too much memory');
  }

  async #fetch(key: string, hint: number, copy: Copy | undefined): Promise<Found> {
    const known = copy?.meta.status === 200 ? copy.meta : undefined;
    const { head, joined, flight } = await this.#follow(key, { kind: 'object', key, hint, known }, copy);
    return foundHead(head, flight.copy, joined ? 'collapsed' : 'miss');
  }

  async #fetchOrStale(key: string, hint: number, copy: Copy): Promise<Found> {
    const { clock, fill, staleWaitMs, log } = this.#deps;
    if (fill.breaker.isOpen) {
      if (fill.breaker.takeProbe(clock.now())) this.#refreshQuietly(key, hint, copy);
      return foundCopy(copy, 'stale');
    }
    const limit = new AbortController();
    const late = clock.sleep(staleWaitMs, limit.signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      const found = await Promise.race([this.#fetch(key, hint, copy), late]);
      if (found) return found;
      fill.breaker.failed(clock.now());
      log.warn('the origin is slow; stale copies are served');
    } catch (error) {
      log.debug('the origin failed; a stale copy is served', { why: asEdgeFailure(error).message });
    } finally {
      limit.abort();
    }
    return foundCopy(copy, 'stale');
  }

  #refreshQuietly(key: string, hint: number, copy: Copy): void {
    this.#fetch(key, hint, copy).catch((error: unknown) => {
      this.#deps.log.debug('a copy could not be refreshed', { why: asEdgeFailure(error).message });
    });
  }

  /**
   * The head of the fill of this name: of the one that is under way, or of a new one. Who joined one that failed
   * has had no try of its own yet and gets one, which all of them share again.
   */
  async #follow(name: string, plan: FillPlan, copy: Copy | undefined) {
    for (let tries = 1; ; tries++) {
      const { flight, joined } = this.#flight(name, plan, copy);
      try {
        const head = await flight.head;
        return joined && isForOne(head) ? await this.#alone(plan, copy) : { head, joined, flight };
      } catch (error) {
        const failure = asEdgeFailure(error);
        if (failure.kind === 'changed') this.forget(plan.key);
        if (!joined || tries > 1 || !failure.mayPass) throw failure;
      }
    }
  }

  /** A fetch that nobody shares, for an object that the origin gives to each by itself. */
  async #alone(plan: FillPlan, copy: Copy | undefined) {
    this.#deps.statistics.fills++;
    const fill = startFill(this.#deps.fill, plan);
    fill.done.catch((failure: EdgeFailure) => this.#crash(failure));
    const head = await fill.head;
    return { head, joined: false, flight: { head: fill.head, copy, isOutdated: true } };
  }

  #flight(name: string, plan: FillPlan, copy: Copy | undefined): { flight: Flight; joined: boolean } {
    const { statistics } = this.#deps;
    const running = this.#flights.get(name);
    if (running) {
      statistics.collapsed++;
      return { flight: running, joined: true };
    }
    statistics.fills++;
    const fill = startFill(this.#deps.fill, plan);
    const flight: Flight = { head: fill.head, copy, isOutdated: false };
    this.#flights.set(name, flight);
    const clear = () => {
      if (this.#flights.get(name) === flight) this.#flights.delete(name);
    };
    // These run before any follower's continuation, so that none of them joins a flight that has failed.
    fill.head.then((head) => {
      if (!flight.isOutdated) this.#keepHead(plan.key, head);
    }, clear);
    fill.done.then(
      (head) => {
        clear();
        if (head.kind === 'bytes') statistics.originBytes += head.body.length;
        if (!flight.isOutdated) this.#land(plan.key, head, copy);
      },
      (failure: EdgeFailure) => {
        clear();
        this.#crash(failure);
      },
    );
    return { flight, joined: false };
  }

  /** A large object is known from its head on, so that its other slices can be asked for meanwhile. */
  #keepHead(key: string, head: FillHead): void {
    if (head.kind === 'bytes' && head.meta.sliced && head.meta.freshness.storable) {
      this.#keep(key, head.meta, NO_BYTES);
    }
  }

  #land(key: string, head: FillHead, copy: Copy | undefined): void {
    if (head.kind === 'missing') {
      this.#drop(key);
      this.#remember(key, head.meta, NO_BYTES);
    } else if (!head.meta.freshness.storable) {
      this.#drop(key);
    } else if (head.kind === 'unchanged') {
      // The file on the disk stays as it is: its bytes are right, and a restart only asks once more.
      this.#remember(key, head.meta, copy?.body ?? NO_BYTES);
    } else {
      this.#keep(head.meta.sliced ? sliceKey(key, head.meta, head.slice) : key, head.meta, head.body.bytes);
    }
  }

  #crash(failure: EdgeFailure): void {
    this.#deps.statistics.originErrors++;
    this.#deps.log.debug('origin fetch failed', { why: failure.message, kind: failure.kind });
  }

  #keep(name: string, meta: ObjectMeta, body: Buffer): void {
    this.#remember(name, meta, body);
    this.#deps.disk.put(name, meta, body);
  }

  #remember(name: string, meta: ObjectMeta, body: Buffer): void {
    const { memory, mayRemember } = this.#deps;
    if (!mayRemember || mayRemember(name, body.length)) memory.put(name, meta, body);
  }

  /** Keeps a whole object that came by another way than a fill, unless there is or comes one already. */
  adopt(key: string, meta: ObjectMeta, body: Buffer): void {
    if (meta.freshness.storable && !this.holds(key) && !this.#flights.has(key)) this.#keep(key, meta, body);
  }

  /** Drops an object from every tier, and keeps nothing of a fill of it that is under way. */
  forget(key: string): void {
    const flight = this.#flights.get(key);
    if (flight) flight.isOutdated = true;
    this.#flights.delete(key);
    this.#drop(key);
  }

  /** Keeps nothing of the fills under way that the test holds for. */
  outdate(holds: (key: string) => boolean): void {
    for (const [name, flight] of this.#flights) {
      if (!holds(name)) continue;
      flight.isOutdated = true;
      this.#flights.delete(name);
    }
  }

  #drop(key: string): void {
    this.#deps.memory.delete(key);
    this.#deps.disk.delete(key);
  }

  /** Any number of viewers who miss memory at once cause one read. */
  #fromDisk(name: string): Promise<Copy | undefined> {
    // A fill that is under way is newer than anything on the disk.
    if (this.#flights.has(name) || !this.#deps.disk.mayHold(name)) return Promise.resolve(undefined);
    const running = this.#diskReads.get(name);
    if (running) return running;
    const read = this.#deps.disk
      .get(name)
      .then((copy) => {
        // A fill that landed while the disk was read brought something newer.
        if (copy && !this.#deps.memory.has(name)) this.#remember(name, copy.meta, copy.body);
        return copy;
      })
      .finally(() => this.#diskReads.delete(name));
    this.#diskReads.set(name, read);
    return read;
  }
}

/** `no-store` and `private`: what came is for the request that asked (RFC 9111 section 5.2.2). */
function isForOne(head: FillHead): boolean {
  return head.kind === 'bytes' && !head.meta.freshness.storable;
}

function foundCopy({ meta, body }: Copy, source: Source): Found {
  return { meta, source, body: meta.sliced ? undefined : GrowingBody.complete(body), slice: 0 };
}

function foundHead(head: FillHead, copy: Copy | undefined, source: Source): Found {
  if (head.kind === 'bytes') return { meta: head.meta, source, body: head.body, slice: head.slice };
  if (head.kind === 'missing') return { meta: head.meta, source, body: undefined, slice: 0 };
  return foundCopy({ meta: head.meta, body: copy?.body ?? NO_BYTES }, 'revalidated');
}
