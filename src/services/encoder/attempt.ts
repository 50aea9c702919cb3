/**
 * One attempt at one task: its folder, its heartbeats, its end. It makes sure that nothing of an attempt goes on
 * after its lease is lost, and that exactly one of complete and fail is reported otherwise.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { StudioClient } from '../../clients/studio.ts';
import type { Lease, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { retry } from '../../platform/retry.ts';
import { asDiskFailure, watchFolder } from './disk-room.ts';
import { isTooLate } from './drain.ts';
import { createOutputs } from './outputs.ts';
import { runTask } from './run-task.ts';
import type { Programs } from './task-context.ts';
import { asTaskFailure, TaskFailure } from './task-failure.ts';

export type AttemptDeps = { studio: StudioClient; clock: Clock; log: Log; programs: Programs };
export type AttemptConfig = {
  scratch: string;
  threads: number;
  memoryBytesMax?: number | undefined;
  /** Temporary disk that a task may take. */
  diskBytesMax?: number | undefined;
  /** When the machine goes, if it was told to. */
  drain?: { readonly atMs: number | undefined } | undefined;
};

/** What somebody waits for runs before long encodes, and on all processors. */
const URGENT_NICENESS = 2;

/** Why an attempt was told to stop. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

const LATE_EVERY_MS = 1000;
const REPORT_TRIES_MAX = 10;
const DRAIN_REPORT_LIMIT_MS = 5000;

/**
 * Runs a leased task to its end and reports it; gives the failure, if it was one. `stopping` aborts it as drained.
 * Rejects only on programmer's errors.
 */
export async function runAttempt(
  deps: AttemptDeps,
  config: AttemptConfig,
  lease: Lease,
  stopping: AbortSignal,
): Promise<TaskFailure | undefined> {
  const log = deps.log.with({ task: lease.task, attempt: lease.attempt, kind: lease.spec.kind });
  const lost = new AbortController();
  const late = new AbortController();
  const over = new AbortController();
  const stop = AbortSignal.any([stopping, late.signal]);
  const signal = AbortSignal.any([stop, lost.signal, over.signal]);
  const state: State = { progress: 0, fps: undefined, trouble: undefined };
  const startedAt = deps.clock.monotonic();
  const heartbeats = Promise.all([
    sendHeartbeats({ ...deps, log }, lease, state, config.drain, lost, signal),
    giveUpWhenLate(deps.clock, config.drain, state, late, signal),
  ]);
  try {
    const result = await inFolder(config.scratch, (folder) => {
      void watchFolder(deps.clock, folder, config.diskBytesMax ?? Number.POSITIVE_INFINITY, over, signal);
      return work({ ...deps, log }, config, lease, folder, state, signal);
    });
    signal.throwIfAborted();
    await reportDone({ ...deps, log }, lease, result, signal);
    log.info('task done', { wallS: Math.round(deps.clock.monotonic() - startedAt) / 1000 });
    return undefined;
  } catch (error) {
    if (lost.signal.aborted || isLost(error)) {
      log.warn('lease lost, the work was dropped');
      return undefined;
    }
    const failure = stop.aborted
      ? drained()
      : asTaskFailure(over.signal.aborted ? over.signal.reason : error);
    await reportFailed({ ...deps, log }, lease, failure, stop);
    return failure;
  } finally {
    lost.abort(new LeaseLost('the attempt has ended'));
    await heartbeats;
  }
}

async function inFolder<T>(scratch: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(scratch, 'task-'));
  try {
    return await use(folder);
  } catch (error) {
    // While the folder is there: room comes back with its end.
    throw error instanceof TaskFailure ? await asDiskFailure(error, folder) : error;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

type State = { progress: number; fps: number | undefined; trouble: string | undefined };

/** Aborts the task once it cannot be finished before the machine goes. */
async function giveUpWhenLate(
  clock: Clock,
  drain: AttemptConfig['drain'],
  state: State,
  late: AbortController,
  signal: AbortSignal,
): Promise<void> {
  if (!drain) return;
  const startedAt = clock.monotonic();
  while (!signal.aborted) {
    const { atMs } = drain;
    const elapsedMs = clock.monotonic() - startedAt;
    const of = { elapsedMs, progress: state.progress };
    if (atMs !== undefined && isTooLate({ ...of, leftMs: atMs - clock.now() }))
      late.abort(new Error('the machine goes before the task is done'));
    await clock.sleep(LATE_EVERY_MS, signal).catch(() => undefined);
  }
}

function work(
  deps: AttemptDeps,
  config: AttemptConfig,
  lease: Lease,
  folder: string,
  state: State,
  signal: AbortSignal,
): Promise<TaskResult> {
  const { studio, clock, log, programs } = deps;
  const sign = async (names: string[]) => {
    const call = { params: { task: lease.task }, body: { attempt: lease.attempt, names } };
    const { urls } = await retry(() => studio.signOutputs(call, signal), patience(deps, signal));
    return urls;
  };
  const onTrouble = (trouble: string | undefined) => {
    state.trouble = trouble;
  };
  const outputs = createOutputs({ sign, clock, signal, onTrouble });
  const progress = (done: number, fps?: number) => {
    if (Number.isFinite(done)) state.progress = Math.max(state.progress, Math.min(0.99, Math.max(0, done)));
    state.fps = fps;
  };
  const { spec } = lease;
  const pace = isUrgent(spec)
    ? { threads: Math.max(config.threads, availableParallelism()), niceness: URGENT_NICENESS }
    : { threads: config.threads };
  return runTask(
    {
      programs,
      ...pace,
      memoryBytesMax: config.memoryBytesMax,
      folder,
      outputs,
      clock,
      log,
      signal,
      progress,
    },
    spec,
  );
}

function isUrgent(spec: TaskSpec): boolean {
  return spec.kind === 'glance' || (spec.kind === 'first-light' && spec.urgent);
}

/** Beats every third of the lease. Being told that the lease is gone stops the work; silence does not. */
async function sendHeartbeats(
  deps: AttemptDeps,
  lease: Lease,
  state: State,
  drain: AttemptConfig['drain'],
  lost: AbortController,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await deps.clock.sleep((lease.leaseS * 1000) / 3, signal);
      const { progress, fps, trouble = null } = state;
      const draining = drain?.atMs === undefined ? {} : { draining: true };
      const body = {
        attempt: lease.attempt,
        progress,
        trouble,
        ...(fps === undefined ? {} : { fps }),
        ...draining,
      };
      await deps.studio.heartbeatTask({ params: { task: lease.task }, body }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (isLost(error)) lost.abort(new LeaseLost('the studio gave the task to another attempt'));
      else deps.log.warn('heartbeat failed', { reason: asTaskFailure(error).message });
    }
  }
}

function isLost(error: unknown): boolean {
  return isMatineeError(error, 'stale_attempt') || isMatineeError(error, 'not_found');
}

async function reportDone(
  deps: AttemptDeps,
  lease: Lease,
  result: TaskResult,
  signal: AbortSignal,
): Promise<void> {
  const call = { params: { task: lease.task }, body: { attempt: lease.attempt, result } };
  try {
    await retry(() => deps.studio.completeTask(call, signal), patience(deps, signal));
  } catch (error) {
    if (!isMatineeError(error, 'invalid_request')) throw error;
    throw new TaskFailure('internal', `the result was refused: ${error.message}`, {
      retry: false,
      cause: error,
    });
  }
}

async function reportFailed(
  deps: AttemptDeps,
  lease: Lease,
  failure: TaskFailure,
  stop: AbortSignal,
): Promise<void> {
  const { code, message, programLog, retry: again } = failure;
  const facts = { code, reason: message, retry: again, programLog: programLog?.slice(-1000) };
  if (code === 'drained') deps.log.info('task given back');
  else if (code === 'internal') deps.log.error('task failed', { ...facts, error: failure.cause ?? failure });
  else deps.log.warn('task failed', facts);
  const body = {
    attempt: lease.attempt,
    code,
    message: message.slice(0, 4000),
    retry: again,
    ...(programLog ? { log: programLog.slice(-16_000) } : {}),
    ...(failure.badInputs.length > 0 ? { badInputs: [...failure.badInputs] } : {}),
  };
  // A stopping worker says so once and quickly; if that gets lost, the lease runs out by itself.
  const signal = stop.aborted ? AbortSignal.timeout(DRAIN_REPORT_LIMIT_MS) : stop;
  const options = stop.aborted ? { ...patience(deps, signal), triesMax: 2 } : patience(deps, signal);
  try {
    await retry(() => deps.studio.failTask({ params: { task: lease.task }, body }, signal), options);
  } catch (error) {
    deps.log.warn('the failure could not be reported', { reason: asTaskFailure(error).message });
  }
}

/** Gives a leased task back untouched, for a lease that came when the worker was already stopping. */
export async function giveBack(deps: AttemptDeps, lease: Lease): Promise<void> {
  await reportFailed(deps, lease, drained(), AbortSignal.abort());
}

function drained(): TaskFailure {
  return new TaskFailure('drained', 'the worker is stopping', { retry: true });
}

/** A studio that restarts is waited for, about a minute; an answer that will not change is not asked for again. */
function patience(deps: AttemptDeps, signal: AbortSignal) {
  return {
    triesMax: REPORT_TRIES_MAX,
    waitMs: 500,
    waitMaxMs: 15_000,
    clock: deps.clock,
    signal,
    retryable: (error: unknown) => !signal.aborted && (!isMatineeError(error) || error.row.retry),
  };
}
