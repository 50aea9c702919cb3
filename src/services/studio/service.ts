/**
 * The studio: plans films, hands tasks to the encoder fleet, publishes what comes back, and keeps order among the
 * objects. It never touches media itself. Rows in PostgreSQL are the truth of what is done; queues only deliver.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import type { SteeringClient } from '../../clients/steering.ts';
import { getManifestKeys } from '../../contracts/fill.ts';
import { hurryTitle } from '../../contracts/light.ts';
import { createEndpointServer, errorResponse, type Route, route } from '../../contracts/serve.ts';
import { completeTask, failTask, heartbeatTask, leaseTask, signOutputs } from '../../contracts/tasks.ts';
import { TITLE_REMOVED_QUEUE } from '../../contracts/title-removed.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import type { Records } from '../../ports/records/records.ts';
import { createConductor } from './conductor.ts';
import { consume } from './consume.ts';
import { hurry } from './hurry.ts';
import { jobRoutes } from './job-routes.ts';
import { forgetWork } from './kept-work.ts';
import { createLeaseApi, type LeaseApi } from './lease-api.ts';
import { createManifestSigner } from './manifest-signer.ts';
import { createEventHandler } from './object-events.ts';
import type { LadderConfig } from './presets.ts';
import { removeDue } from './removals.ts';
import { forgetSidecars } from './sidecars.ts';
import { createStoreWatch } from './store-watch.ts';
import type { StudioTables } from './tables.ts';
import { createTeller } from './teller.ts';
import { createTitleRemover, forgetRemoved } from './title-removal.ts';
import { createWakeups } from './wakeups.ts';
import { createWorkerBoard } from './worker-board.ts';

export { studioMigrations } from './migrations.ts';

export type StudioDeps = {
  records: Records;
  queue: Queue;
  objects: ObjectStore;
  keys: Keys;
  catalog: CatalogClient;
  steering: Pick<SteeringClient, 'announceFill'>;
  clock: Clock;
  log: Log;
};

/** How samples are encrypted; empty is not at all. */
export type Encryption = '' | 'cbcs';

export type StudioConfig = LadderConfig & {
  mediaBucket: string;
  uploadBucket: string;
  eventQueue: string;
  titleRemovedQueue: string;
  taskQueue: string;
  /** Of titles whose master comes from now on; those that are encoded anew follow it too. */
  encryption: Encryption;
  /** Lengths on the grid of groups of pictures: each is a multiple of the next. */
  chunkS: number;
  segmentS: number;
  gopS: number;
  /** How long a worker may be silent before its task is given to another. */
  leaseS: number;
  /** How long encoded chunks are kept when a job has ended, for the next encode of the same master. */
  workKeptS: number;
  /** How long operators can look back. */
  jobsKeptS: number;
};

/** The queue loses jobs to dead letters never for good: the studio sends open tasks again. */
const TASK_OPTIONS = { triesMax: 10, retryDelayS: 1 };
const DECLARE_PAUSE_MS = 1000;
const SWEEP_MS = 5000;
const RECLAIM_MS = 500;

export function createStudioService(
  deps: StudioDeps,
  config: StudioConfig,
): Service & Required<Pick<Service, 'run'>> {
  const { records, queue, objects, keys, catalog, steering, clock } = deps;
  const log = deps.log.with({ service: 'studio' });
  const db = records.db<StudioTables>();
  const wakeups = createWakeups(clock);
  const { wake, nudge } = wakeups;
  const stopping = new AbortController();
  const board = createWorkerBoard({ db, clock });
  const shared = { db, queue, objects, keys, catalog, steering, clock, log, wake, nudge, board };
  const signer = createManifestSigner({ db, keys });
  const leases = createLeaseApi(shared, config);
  const conductor = createConductor({ ...shared, signer, teller: createTeller(shared), wakeups }, config);
  const watch = createStoreWatch({ records, queue, clock });
  const onEvent = createEventHandler(shared, config);
  const onRemoved = createTitleRemover(shared, config.taskQueue);

  let declared = false;
  /** The queue of events is the door's to declare. */
  async function declareQueues(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await queue.declare(config.taskQueue, { leaseS: config.leaseS, ...TASK_OPTIONS });
        await queue.declare(config.titleRemovedQueue, TITLE_REMOVED_QUEUE);
        declared = true;
        return;
      } catch (error) {
        log.warn('the queues could not be declared', { error });
        await clock.sleep(DECLARE_PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }

  async function sweep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        while ((await removeDue(shared, config.mediaBucket, signal)) > 0);
        await forgetRemoved(db, clock);
        await forgetWork(shared, config);
        await forgetSidecars(db, clock);
        await board.forget();
      } catch (error) {
        if (!signal.aborted) log.warn('superfluous objects could not be removed yet', { error });
      }
      await clock.sleep(SWEEP_MS, signal).catch(() => undefined);
    }
  }

  async function reclaim(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await leases.reclaim();
      } catch (error) {
        if (!signal.aborted) log.warn('tasks of silent workers could not be looked for', { error });
      }
      await clock.sleep(RECLAIM_MS, signal).catch(() => undefined);
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => stopping.abort(signal.reason), { once: true });
    const watching = watch.run(signal);
    await declareQueues(signal);
    await Promise.all([
      watching,
      consume(shared, config.eventQueue, onEvent, signal),
      consume(shared, config.titleRemovedQueue, onRemoved, signal),
      conductor.conduct(signal),
      conductor.survey(signal),
      sweep(signal),
      reclaim(signal),
    ]);
  }

  const handle = createEndpointServer(
    [
      ...leaseRoutes(leases, () => declared, stopping.signal),
      route(hurryTitle, async ({ params, body }) => {
        await hurry(shared, config.taskQueue, params.id, body.positionS);
        return {};
      }),
      route(getManifestKeys, async () => ({ keys: await signer.publicKeys() })),
      ...jobRoutes({ ...shared, coreHour: config.coreHour }, config),
    ],
    log,
  );
  return { name: 'studio', handle, run, health: watch.health };
}

function leaseRoutes(leases: LeaseApi, isOpen: () => boolean, stopping: AbortSignal): Route[] {
  return [
    route(leaseTask, async ({ body }, { request }) => {
      if (!isOpen()) return errorResponse(new MatineeError('unavailable', 'the studio is starting'));
      if (body.draining) {
        await leases.drain(body.worker);
        return { lease: null };
      }
      if (body.trouble !== undefined) {
        await leases.trouble(body.worker, body.trouble);
        return { lease: null };
      }
      const signal = AbortSignal.any([request.signal, stopping]);
      const lease = await leases.lease({ ...body, waitMs: body.waitS * 1000 }, signal);
      // A worker that hears "nothing to do" asks again at once; this one has to wait for the next studio.
      if (!lease && stopping.aborted) {
        return errorResponse(new MatineeError('unavailable', 'the studio is stopping'));
      }
      return { lease };
    }),
    route(heartbeatTask, async ({ params, body }) => {
      await leases.heartbeat(params.task, body.attempt, body);
      return {};
    }),
    route(signOutputs, async ({ params, body }) => ({
      urls: await leases.signOutputs(params.task, body.attempt, body.names),
    })),
    route(completeTask, async ({ params, body }) => {
      await leases.complete(params.task, body.attempt, body.result);
      return {};
    }),
    route(failTask, async ({ params, body }) => {
      const { attempt, ...failure } = body;
      await leases.fail(params.task, attempt, failure);
      return {};
    }),
  ];
}
