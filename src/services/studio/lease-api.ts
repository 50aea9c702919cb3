/**
 * The lease API as workers see it. The rows say what is to be done and who has it; the queue only says when. A task's
 * attempt number lives in its row, so it never falls, even when the queue lost the job and it was sent again.
 *
 * A queue's lease that ran out while nobody else took the task (the program was down, say) does not cost the worker
 * its work: it stays the owner until a newer attempt is granted.
 */
import type { Lease, TaskResult } from '../../contracts/tasks.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { Job, JobRef, Queue } from '../../ports/queue/queue.ts';
import { keepEvidence } from './evidence.ts';
import type { GridConfig } from './grid.ts';
import { releaseRest } from './light.ts';
import { checkResult, jobOf, needOwner } from './ownership.ts';
import { outputPrefix } from './prefixes.ts';
import type { LadderConfig } from './presets.ts';
import { remakeInputs } from './remake.ts';
import { addRemovals, LATE_WRITERS_MS, OUTPUT_URL_S } from './removals.ts';
import { takeResult } from './results.ts';
import { keepResult } from './reuse.ts';
import { roomFor, roomWords } from './room.ts';
import { lockTask, updateTask } from './rows.ts';
import { type Failure, failForGood, isMachineFailure } from './setbacks.ts';
import { fillSpec } from './spec-urls.ts';
import { ignoreStale } from './stale-jobs.ts';
import type { Db, TaskRow, TitleRow, Tx } from './tables.ts';
import { URGENT_MIN } from './urgency.ts';
import { LOST_AFTER_MS, type WorkerBoard } from './worker-board.ts';

export type LeaseDeps = {
  db: Db;
  queue: Queue;
  objects: ObjectStore;
  keys: Keys;
  clock: Clock;
  log: Log;
  /** Something of a title changed that work may follow from. */
  wake(title: string): void;
  /** Only progress changed. */
  nudge(title: string): void;
  board: WorkerBoard;
};
export type Beat = {
  progress: number;
  fps?: number | undefined;
  draining?: boolean | undefined;
  trouble?: string | null | undefined;
};
export type Ask = {
  worker: string;
  waitMs: number;
  urgentOnly?: boolean | undefined;
  roomBytes?: number | undefined;
};
export type LeaseConfig = GridConfig &
  LadderConfig & { mediaBucket: string; taskQueue: string; leaseS: number };

/** Failed attempts after which a task is given up: those that the master is to blame for, and all. */
const MASTER_TRIES_MAX = 4;
const TRIES_MAX = 20;
/** Attempts that end with the death of the worker; a task that kills its workers must not go on for ever. */
const LOST_MAX = 10;
const RECLAIMED_AT_ONCE = 100;
/** Before a task is offered again that a worker had no room for. */
const NO_ROOM_S = 5;
const RETRY_MASTER_S = 2;
/** Doubles with each failure up to the last, so that a minute costs little and an hour is outlasted. */
const RETRY_MACHINE_S = { least: 2, most: 300 };

type Grant = { granted?: { title: TitleRow; task: TaskRow }; dropped: string[]; lacks?: string };
export type LeaseApi = ReturnType<typeof createLeaseApi>;

export function createLeaseApi(deps: LeaseDeps, config: LeaseConfig) {
  const { db, queue, objects, keys, clock, log, wake, nudge, board } = deps;
  const { taskQueue, mediaBucket, leaseS } = config;
  const transact = <T>(work: (tx: Tx) => Promise<T>) => db.transaction().execute(work);

  const forget = async (ids: readonly string[]) => {
    if (ids.length > 0) await queue.cancel(taskQueue, ids);
  };

  /** Gives null when there is nothing to do for so long. */
  async function lease(
    { worker, waitMs, urgentOnly = false, roomBytes = Number.POSITIVE_INFINITY }: Ask,
    signal: AbortSignal,
  ): Promise<Lease | null> {
    let lacks: string | undefined;
    await board.heard(worker, { task: null, draining: false });
    const deadline = clock.monotonic() + waitMs;
    for (;;) {
      const leftMs = Math.max(0, deadline - clock.monotonic());
      const [job] = await queue.lease(taskQueue, {
        ...{ limit: 1, waitMs: leftMs, signal },
        ...(urgentOnly ? { priorityMin: URGENT_MIN } : {}),
      });
      if (!job) {
        await board.heard(worker, { trouble: lacks ?? null });
        return null;
      }
      const granted = await grant(job, worker, roomBytes);
      if (granted && 'lacks' in granted) lacks = granted.lacks;
      else if (granted) return finishLease(granted, job, worker, signal);
      if (signal.aborted) return null;
    }
  }

  /** Makes the job's task the property of a new attempt, or takes a job out that nobody needs any more. */
  async function grant(
    job: Job,
    worker: string,
    roomBytes: number,
  ): Promise<{ title: TitleRow; task: TaskRow } | { lacks: string } | undefined> {
    const { granted, dropped, lacks } = await transact(async (tx): Promise<Grant> => {
      const found = await lockTask(tx, String(job.payload.task));
      if (!found || (found.task.state !== 'queued' && found.task.state !== 'leased')) return { dropped: [] };
      const { title, task } = found;
      const needed = await roomFor(tx, task);
      if (needed > roomBytes) return { dropped: [], lacks: roomWords(task.name, needed, roomBytes) };
      if (task.state === 'leased') {
        const message = 'the worker was not heard of any more';
        await keepEvidence(tx, clock, task, { code: 'lost', message });
      }
      const lost = task.lost + (task.state === 'leased' ? 1 : 0);
      if (lost > LOST_MAX) {
        const failure = { code: 'lost', message: `${lost} machines stopped while they worked on it` };
        return { dropped: await failForGood(tx, clock, config, title, task, failure) };
      }
      // Spans of the first light keep their names over all attempts.
      if (task.attempt > 0 && task.kind !== 'first-light') await removeOutputs(tx, task);
      const attempt = task.attempt + 1;
      const now = clock.now();
      const times = { started_ms: now, heard_ms: now, ended_ms: null };
      const values = { attempt, lost, state: 'leased' as const, progress: 0, worker, fps: null, ...times };
      await updateTask(tx, task.id, { ...values, job_id: job.id, job_attempt: job.attempt });
      return { granted: { title, task: { ...task, ...values } }, dropped: [] };
    });
    if (granted) return granted;
    if (lacks) {
      // Another worker may have the room, and this one takes something else meanwhile.
      const error = { code: 'drained', message: lacks };
      await queue.fail(taskQueue, job, error, { retry: true, delayS: NO_ROOM_S }).catch(ignoreStale);
      log.warn('a worker lacks temporary disk for a task', { task: job.payload.task, worker, why: lacks });
      return { lacks };
    }
    await queue.complete(taskQueue, job).catch(ignoreStale);
    await forget(dropped);
    wakeOf(job);
    return undefined;
  }

  const wakeOf = (job: Job) => {
    if (typeof job.payload.title === 'string') wake(job.payload.title);
  };

  async function finishLease(
    { title, task }: { title: TitleRow; task: TaskRow },
    job: Job,
    worker: string,
    signal: AbortSignal,
  ): Promise<Lease | null> {
    try {
      signal.throwIfAborted();
      const spec = await fillSpec({ db, objects, keys }, mediaBucket, title, task);
      await board.heard(worker, { task: task.id, trouble: null });
      log.debug('task leased', { task: task.id, attempt: task.attempt, worker });
      nudge(title.title);
      return { task: task.id, attempt: task.attempt, spec, leaseS };
    } catch (error) {
      await giveBack(task.id, task.attempt, job, 0);
      if (signal.aborted) return null;
      throw error;
    }
  }

  async function giveBack(id: string, attempt: number, job: JobRef, delayS: number): Promise<void> {
    await db
      .updateTable('studio.tasks')
      .set({ state: 'queued' })
      .where('id', '=', id)
      .where('attempt', '=', attempt)
      .where('state', '=', 'leased')
      .execute();
    const error = { code: 'drained', message: 'the worker could not take it' };
    await queue.fail(taskQueue, job, error, { retry: true, delayS }).catch(ignoreStale);
  }

  const removeOutputs = (tx: Tx, task: TaskRow) =>
    addRemovals(tx, [outputPrefix(task, task.attempt)], clock.now() + LATE_WRITERS_MS);

  async function heartbeat(id: string, attempt: number, beat: Beat): Promise<void> {
    const task = await current(id, attempt);
    const { progress, fps = null, draining, trouble } = beat;
    await db
      .updateTable('studio.tasks')
      .set({ progress, fps, heard_ms: clock.now() })
      .where('id', '=', id)
      .where('attempt', '=', attempt)
      .execute();
    await queue.heartbeat(taskQueue, jobOf(task)).catch(ignoreStale);
    if (task.worker !== null) {
      const news = {
        ...(draining === undefined ? {} : { draining }),
        ...(trouble === undefined ? {} : { trouble }),
      };
      await board.heard(task.worker, news);
    }
    nudge(task.title);
  }

  /** The task, if this attempt still owns it. */
  async function current(id: string, attempt: number): Promise<TaskRow> {
    const task = await db.selectFrom('studio.tasks').selectAll().where('id', '=', id).executeTakeFirst();
    return needOwner(task, attempt);
  }

  async function signOutputs(id: string, attempt: number, names: readonly string[]): Promise<string[]> {
    const task = await current(id, attempt);
    const prefix = outputPrefix(task, attempt);
    return Promise.all(
      names.map((name) => objects.presign('PUT', mediaBucket, prefix + name, { expiresS: OUTPUT_URL_S })),
    );
  }

  async function complete(id: string, attempt: number, result: TaskResult): Promise<void> {
    const { task, dropped } = await transact(async (tx) => {
      const found = await lockTask(tx, id);
      // A worker whose reply was lost asks again; its result stands already.
      if (found?.task.state === 'done' && found.task.attempt === attempt)
        return { task: found.task, dropped: [] };
      const owned = needOwner(found?.task, attempt);
      checkResult(owned.spec, result);
      const values = { progress: 1, result: JSON.stringify(result), fps: null, ended_ms: clock.now() };
      await updateTask(tx, id, { state: 'done', ...values });
      await keepResult(tx, owned, result);
      return {
        task: owned,
        dropped: await takeResult(tx, clock, config, found?.title as TitleRow, owned, result),
      };
    });
    await queue.complete(taskQueue, jobOf(task)).catch(ignoreStale);
    if (task.worker !== null) await board.heard(task.worker, { task: null });
    // The job may wait again, because its lease ran out; nobody shall be given it.
    await forget([id, ...dropped]);
    wake(task.title);
  }

  async function fail(
    id: string,
    attempt: number,
    failure: Failure & { retry: boolean; log?: string; badInputs?: number[] },
  ): Promise<void> {
    const { code, message } = failure;
    const ended = await transact(async (tx) => {
      const found = await lockTask(tx, id);
      const task = needOwner(found?.task, attempt);
      // A disk is full until somebody makes room, however long that takes; workers say so meanwhile.
      const failures = task.failures + (code === 'drained' || code === 'storage_full' ? 0 : 1);
      if (code !== 'drained') await keepEvidence(tx, clock, task, failure);
      const triesMax = isMachineFailure(code) ? TRIES_MAX : MASTER_TRIES_MAX;
      if (failure.retry && failures < triesMax) {
        // An opening that fails must not keep the inspection from saying why.
        if (task.kind === 'glance' || task.kind === 'first-light') await releaseRest(tx, task);
        const remade = await remakeInputs(tx, task, failure.badInputs ?? []);
        const state = remade > 0 ? ('waiting' as const) : ('queued' as const);
        await updateTask(tx, id, { state, failures, progress: 0, fps: null });
        return { task, failures, dropped: remade > 0 ? [id] : [], again: remade === 0 };
      }
      await updateTask(tx, id, { failures });
      const dropped = await failForGood(tx, clock, config, found?.title as TitleRow, task, failure);
      return { task, failures, dropped, again: false };
    });
    if (code !== 'drained') {
      const facts = { task: id, attempt, code, reason: message, again: ended.again };
      log.warn('a task failed', { ...facts, programLog: failure.log?.slice(-1000) });
    }
    const delayS = retryDelayS(code, ended.failures);
    const error = { code, message };
    const options = ended.again ? { retry: true, delayS } : { retry: false };
    await queue.fail(taskQueue, jobOf(ended.task), error, options).catch(ignoreStale);
    await forget(ended.dropped);
    if (ended.task.worker !== null) await board.heard(ended.task.worker, { task: null });
    wake(ended.task.title);
  }

  /** Gives tasks of workers that fell silent to others, sooner than their jobs' leases run out. */
  async function reclaim(): Promise<void> {
    const silent = await db
      .selectFrom('studio.tasks')
      .selectAll()
      .where('state', '=', 'leased')
      .where('heard_ms', '<', clock.now() - LOST_AFTER_MS)
      .limit(RECLAIMED_AT_ONCE)
      .execute();
    for (const task of silent) {
      const error = { code: 'lost', message: 'the worker was not heard of any more' };
      await queue.fail(taskQueue, jobOf(task), error, { retry: true, delayS: 0 }).catch(ignoreStale);
    }
  }

  const drain = (worker: string) => board.heard(worker, { draining: true });
  const trouble = (worker: string, words: string) => board.heard(worker, { task: null, trouble: words });

  return { lease, drain, trouble, heartbeat, signOutputs, complete, fail, reclaim };
}

function retryDelayS(code: string, failures: number): number {
  if (code === 'drained') return 0;
  if (!isMachineFailure(code)) return RETRY_MASTER_S;
  const { least, most } = RETRY_MACHINE_S;
  return Math.min(most, least * 2 ** Math.max(0, failures - 1));
}
