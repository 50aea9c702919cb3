/** For tests only: the studio over a real PostgreSQL, queue and disk store, with a fake catalog and a fake fleet. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcessTransport } from '../../clients/client.ts';
import { createJobsClient, type JobsClient } from '../../clients/jobs.ts';
import { createStudioClient, type StudioClient } from '../../clients/studio.ts';
import type { FillAnnouncement } from '../../contracts/fill.ts';
import type { Lease, TaskSpec } from '../../contracts/tasks.ts';
import { systemClock } from '../../platform/clock.ts';
import { createLog, type Log, silentLog } from '../../platform/log.ts';
import { openLocalKeys } from '../../ports/keys/embedded.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import { openDiskObjects } from '../../ports/objects/embedded.ts';
import type { ObjectEvents, ObjectStore } from '../../ports/objects/objects.ts';
import { openPgBossQueue } from '../../ports/queue/embedded.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import { openTestRecords } from '../../ports/records/records.testing.ts';
import { createFakeCatalog, type FakeCatalog, type FakeTitle } from './fake-catalog.ts';
import { type Fleet, startFleet } from './fake-fleet.ts';
import { readPresets } from './presets.ts';
import { createStudioService, type StudioConfig, studioMigrations } from './service.ts';
import type { Db, StudioTables } from './tables.ts';

export const FILMS = 'films';
export const MEDIA = 'media';

const CONFIG: StudioConfig = {
  ...{ mediaBucket: MEDIA, uploadBucket: 'uploads' },
  ...{ eventQueue: 'object-events', titleRemovedQueue: 'title-removed', taskQueue: 'tasks' },
  ...{ segmentS: 4, chunkS: 24, gopS: 2, leaseS: 10 },
  ...{ presets: readPresets(), ladder: 'standard' },
  ...{ workKeptS: 0, jobsKeptS: 3600, encryption: '' },
};

export const isReady = ({ now }: FakeTitle) => now.state === 'ready';
export const isRefused = ({ now }: FakeTitle) => now.state === 'refused';
export const isRung = ({ spec }: Lease, name: string) => isEncode(spec) && spec.rung.name === name;
/** A chunk of a rendition, or a span of the first light. */
export const isEncode = (
  spec: TaskSpec,
): spec is Extract<TaskSpec, { kind: 'encode-video' | 'first-light' }> =>
  spec.kind === 'encode-video' || spec.kind === 'first-light';

export type Rig = {
  db: Db;
  queue: Queue;
  objects: ObjectStore;
  contentKeys: Keys;
  catalog: FakeCatalog;
  /** What edges were told, by title. */
  announced: Map<string, FillAnnouncement>;
  fleet: Fleet;
  studio: StudioClient;
  /** Calls the studio as operators do. */
  jobs: JobsClient;
  ask(path: string, init?: RequestInit): Promise<Response>;
  health(): { ready: boolean };
  put(key: string, content: object | string, metadata?: Record<string, string>): Promise<void>;
  /** Sends an event as the door would. */
  send(payload: Record<string, unknown>): Promise<void>;
  /** Ends the studio as a crash would, with nothing but its rows left, and starts another. */
  crash(): Promise<void>;
  stopStudio(): Promise<void>;
  startStudio(): void;
  /** Runs another studio beside the first one; the function stops it. */
  addStudio(): () => Promise<void>;
  /** Waits until a title has come so far, at most 20 s. */
  until(key: string, holds: (title: FakeTitle) => boolean): Promise<FakeTitle>;
  keys(prefix?: string): Promise<string[]>;
  text(key: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function openRig(changes: Partial<StudioConfig> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack();
  const log = testLog();
  const config = { ...CONFIG, ...changes };
  const folder = await mkdtemp(join(tmpdir(), 'matinee-studio-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const records = await openTestRecords();
  stack.defer(() => records.close());
  await records.migrate('studio', studioMigrations);
  const queue = await openPgBossQueue({ records, clock: systemClock, log });
  stack.defer(() => queue.close());
  await queue.declare(CONFIG.eventQueue, { leaseS: 10, triesMax: 10, retryDelayS: 1 });
  const objects = await openDiskObjects({
    folder: join(folder, 'objects'),
    clock: systemClock,
    log,
    quietBuckets: [MEDIA],
    presigner: async (method, bucket, key) =>
      `http://store/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}?${method}`,
  });
  stack.defer(() => objects.close());
  for (const bucket of [FILMS, MEDIA]) await objects.createBucket(bucket);
  const relay = startRelay(objects.events, queue);
  stack.defer(relay.stop);
  const catalog = createFakeCatalog();

  const announced = new Map<string, FillAnnouncement>();
  const steering = {
    announceFill: async ({ params, body }: { params: { title: string }; body: FillAnnouncement }) => {
      announced.set(params.title, body);
      return {};
    },
  };
  let service: ReturnType<typeof createStudioService>;
  let ending = new AbortController();
  let running = Promise.resolve();
  const contentKeys = await openLocalKeys({ folder: join(folder, 'keys'), clock: systemClock });
  const ports = { records, queue, objects, keys: contentKeys };
  const deps = { ...ports, catalog: catalog.client, steering, clock: systemClock, log };
  const startStudio = () => {
    ending = new AbortController();
    service = createStudioService(deps, config);
    running = service.run(ending.signal);
  };
  const stopStudio = async () => {
    ending.abort(new Error('stopped'));
    await running;
  };
  const addStudio = () => {
    const end = new AbortController();
    const more = createStudioService(deps, config).run(end.signal);
    return async () => {
      end.abort(new Error('stopped'));
      await more;
    };
  };
  startStudio();
  stack.defer(stopStudio);
  const studio = createStudioClient(inProcessTransport(() => service));
  const jobs = createJobsClient(inProcessTransport(() => service));
  const ask = async (path: string, init: RequestInit = {}) => {
    const request = new Request(`http://studio${path}`, init);
    return service.handle(request, { rawTarget: path, remoteAddress: '127.0.0.1', trusted: false });
  };
  const fleet = startFleet(() => studio, objects);
  stack.defer(() => fleet.stop());

  return {
    db: records.db<StudioTables>(),
    contentKeys,
    ...{ queue, objects, catalog, announced, fleet, studio, jobs, ask, stopStudio, startStudio, addStudio },
    health: () => service.health(),
    put: async (key, content, metadata) => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      await objects.put(FILMS, key, Buffer.from(text), metadata ? { metadata } : {});
    },
    send: async (payload) => void (await queue.send(CONFIG.eventQueue, [{ payload }])),
    crash: async () => {
      await stopStudio();
      startStudio();
    },
    until: (key, holds) => until(catalog, key, holds),
    keys: async (prefix = '') => (await objects.list(MEDIA, { prefix })).entries.map(({ key }) => key),
    text: async (key) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await objects.get(MEDIA, key)).stream) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function until(
  catalog: FakeCatalog,
  key: string,
  holds: (title: FakeTitle) => boolean,
): Promise<FakeTitle> {
  for (const end = Date.now() + 20_000; ; ) {
    const title = catalog.titleOf(key);
    if (title && holds(title)) return title;
    if (Date.now() > end)
      throw new Error(`${key} never came so far: ${JSON.stringify(title?.reports.slice(-3))}`);
    await systemClock.sleep(20);
  }
}

/** The door's relay, as short as can be. */
function startRelay(events: ObjectEvents, queue: Queue) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      const batch = await events.take(100, 1000, signal).catch(() => []);
      const jobs = batch.map((event) => ({
        payload: { ...event, at: event.at.toISOString() },
        key: String(event.sequence),
      }));
      if (jobs.length > 0) await queue.send(CONFIG.eventQueue, jobs);
      await events.acknowledge(batch.map(({ sequence }) => sequence));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** A log of everything when a test is looked into, else none. */
function testLog(): Log {
  if (!process.env.MATINEE_TEST_LOG) return silentLog;
  return createLog({ level: 'debug', format: 'text', write: (line) => void process.stderr.write(line) });
}
