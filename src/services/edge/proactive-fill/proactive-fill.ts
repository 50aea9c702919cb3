/**
 * Fetches what steering's plan names before viewers ask for it: openings of new publications, then films that are
 * streamed much. One file at a time, within its hours and its rate, only while viewers leave room, and through the
 * cache that serves them, so that each file is fetched once. The plan is followed on while steering is away.
 */
import { setImmediate } from 'node:timers/promises';
import type { SteeringClient } from '../../../clients/steering.ts';
import type { FilledParts, HashedFile } from '../../../contracts/fill.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { asEdgeFailure } from '../failure.ts';
import type { ObjectCache } from '../object-cache.ts';
import type { EdgeStatistics } from '../statistics.ts';
import { Bandwidth } from './bandwidth.ts';
import { type FetchDeps, fetchVerified } from './fetch-verified.ts';
import { type FillJob, FillList } from './fill-list.ts';
import { readHashManifest } from './hash-manifest.ts';
import { type Hours, isWithin } from './hours.ts';
import type { ManifestKeys } from './manifest-keys.ts';
import { askPeers, type PeerAsk } from './peers.ts';

export type ProactiveFillOptions = {
  bytesPerS: number;
  /** When nothing is said, always. */
  hours?: Hours;
};

export type ProactiveFillDeps = {
  steering: Pick<SteeringClient, 'takeFillPlan' | 'findFillPeers'>;
  clock: Clock;
  log: Log;
  name: string;
  cache: ObjectCache;
  manifestKeys: Pick<ManifestKeys, 'accepts'>;
  statistics: Pick<EdgeStatistics, 'proactive'>;
  /** What this shard of the edge keeps; the others see to the rest. */
  owns(key: string): boolean;
  /** Of the tiers that are to hold what is fetched, of all shards together. */
  capacityBytes: number;
  /** True while viewers need what a fetch would take. */
  isBusy(): boolean;
  /** Asks other edges. */
  fetch: typeof fetch;
};

const PLAN_WAIT_MS = 20_000;
const PLAN_RETRY_MS = 2000;
/** How often it is looked whether there is room or something is due again. */
const LOOK_MS = 100;
const IDLE_MS = 1000;

export type ProactiveFill = {
  /** What other edges may have from this one. */
  filled(): FilledParts;
  close(): Promise<void>;
};

export function startProactiveFill(deps: ProactiveFillDeps, options: ProactiveFillOptions): ProactiveFill {
  const { steering, clock, log, name, cache, statistics, owns, capacityBytes, isBusy } = deps;
  const end = new AbortController();
  const { signal } = end;
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  ended.catch(() => undefined);
  const list = new FillList(clock, capacityBytes);
  const bandwidth = new Bandwidth(clock, options.bytesPerS);
  let news = Promise.withResolvers<void>();

  const hasRoom = () => isWithin(options.hours, clock.now()) && !isBusy();
  const fetching: FetchDeps = {
    cache,
    spend: async (bytes) => {
      await bandwidth.spend(bytes, signal);
      while (!hasRoom()) await clock.sleep(LOOK_MS, signal);
    },
  };
  /** A fetch that is under way when this ends goes on by itself, and its end is heard by nobody. */
  const unlessEnded = <T>(work: Promise<T>): Promise<T> => Promise.race([work, ended]);

  const fetchFile = async (title: string, file: HashedFile, ask: PeerAsk): Promise<void> => {
    const key = `titles/${title}/${file.key}`;
    if (!owns(key)) return;
    const how = await unlessEnded(fetchVerified({ ...fetching, ask }, key, file));
    const { proactive } = statistics;
    if (how === 'given') proactive.fromPeers++;
    proactive[how === 'given' ? 'fetched' : how]++;
    if (how === 'fetched' || how === 'given') proactive.bytes += file.size;
    // A film that is there already must not hold up viewers while its files are looked for one after the other.
    else await setImmediate();
    if (how === 'wrong') log.warn('a file is not what its publication says; it is not kept', { key });
  };

  const carryOut = async (job: FillJob): Promise<void> => {
    const manifest = await unlessEnded(readHashManifest(fetching, job.title, deps.manifestKeys));
    if (!manifest) {
      statistics.proactive.wrong++;
      log.warn('a publication has no good manifest of hashes', { title: job.title.title });
      list.done(job, 0);
      return;
    }
    const { files, opening } = manifest;
    const ask = await askPeers(deps, job, signal);
    const wanted = job.part === 'opening' ? files.slice(0, opening) : files.slice(opening);
    for (const file of wanted) {
      // What was published meanwhile is wanted sooner than the rest of a film.
      if (job.part === 'rest') await openings();
      if (!list.isWanted(job)) return;
      await fetchFile(job.title.title, file, ask);
    }
    list.done(
      job,
      wanted.reduce((sum, { size }) => sum + size, 0),
    );
  };

  const attempt = async (job: FillJob): Promise<void> => {
    try {
      await carryOut(job);
    } catch (error) {
      signal.throwIfAborted();
      statistics.proactive.failures++;
      const why = asEdgeFailure(error).message;
      const isLast = list.failed(job);
      log.debug('a film could not be fetched ahead', { title: job.title.title, why, isLast });
    }
  };

  const openings = async (): Promise<void> => {
    for (let job = list.opening(); job; job = list.opening()) await attempt(job);
  };

  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      const wake = news.promise;
      await openings();
      const job = list.rest();
      if (job) await attempt(job);
      else await idle(wake);
    }
  };

  const idle = async (wake: Promise<void>): Promise<void> => {
    const limit = new AbortController();
    const slept = clock.sleep(IDLE_MS, AbortSignal.any([limit.signal, signal])).catch(() => undefined);
    await Promise.race([wake, slept]);
    limit.abort();
  };

  const listen = async (): Promise<void> => {
    let version = 0;
    let isHeard = true;
    while (!signal.aborted) {
      try {
        const query = { version, waitMs: PLAN_WAIT_MS };
        const limit = AbortSignal.any([signal, AbortSignal.timeout(PLAN_WAIT_MS + 5000)]);
        const plan = await steering.takeFillPlan({ params: { name }, query }, limit);
        isHeard = true;
        if (plan.version === version) {
          // Steering that is about to end does not let anybody wait.
          await clock.sleep(LOOK_MS, signal);
          continue;
        }
        version = plan.version;
        list.follow(plan.titles);
        news.resolve();
        news = Promise.withResolvers();
      } catch (error) {
        if (signal.aborted) return;
        if (isHeard) log.warn('steering gives no plan to fill by', { why: (error as Error).message });
        isHeard = false;
        await clock.sleep(PLAN_RETRY_MS, signal).catch(() => undefined);
      }
    }
  };

  const running = Promise.allSettled([work(), listen()]);
  return {
    filled: () => list.filled(),
    close: async () => {
      end.abort(new Error('the edge ends'));
      await running;
    },
  };
}
