/**
 * The encoder worker: leases one task after another from the studio, does it, reports it. It needs nothing but the
 * lease API and presigned URLs, so it runs on any machine; it knows neither titles nor stores.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudioClient } from '../../clients/studio.ts';
import { errorResponse } from '../../contracts/serve.ts';
import type { Lease } from '../../contracts/tasks.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Health, Service } from '../../platform/service.ts';
import type { Interruptions } from '../../ports/interruptions/interruptions.ts';
import { giveBack, runAttempt } from './attempt.ts';
import { noRoom, ROOM_BYTES_MIN, roomOf } from './disk-room.ts';
import { createDrain, type Drain } from './drain.ts';
import type { Programs } from './task-context.ts';
import { asTaskFailure } from './task-failure.ts';

export type EncoderDeps = {
  studio: StudioClient;
  clock: Clock;
  log: Log;
  programs: Programs;
  interruptions?: Interruptions;
};

export type EncoderConfig = {
  /** Tells this worker from others in the studio's records. */
  name: string;
  /** A folder of this worker alone; whatever is in it is removed at the start. */
  scratch: string;
  /** Threads that decoders and encoders of one task may use. */
  threads: number;
  /** What each program of a task may hold. Default: no bound. */
  memoryBytesMax?: number | undefined;
  /** Temporary disk that a task may take. Default: what is free. */
  diskBytesMax?: number | undefined;
  /** Takes nothing but what a viewer or an uploader waits for, so that long encodes never block it. */
  urgentOnly?: boolean;
};

/** An idle worker that asks less often would be taken for lost. */
const LEASE_WAIT_S = 6;
const DRAINING_EVERY_MS = 3000;
const BACKOFF_MIN_MS = 250;
const BACKOFF_MAX_MS = 15_000;
const TOLD_FROM_FAILURES = 6;
const DISK_FULL_PAUSE_MS = 5000;
const NO_ROOM_EVERY_MS = 2000;
/** Failed calls in a row after which the worker says that it is not ready. */
const FAILURES_UNTIL_UNREADY = 3;

export function createEncoderWorker(
  deps: EncoderDeps,
  config: EncoderConfig,
): Service & Required<Pick<Service, 'run'>> {
  const log = deps.log.with({ worker: config.name });
  const own = { ...deps, log };
  let state: 'idle' | 'running' | 'ended' = 'idle';
  let failures = 0;
  const { interruptions, clock } = deps;
  const drain = interruptions && createDrain({ interruptions, clock, log });
  const attempts = { ...config, drain };

  const health = (): Health => {
    if (state !== 'running') return { ready: false, reasons: ['the worker is not running'] };
    if (failures < FAILURES_UNTIL_UNREADY) return { ready: true };
    return { ready: false, reasons: ['the studio does not answer'] };
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    await emptyFolder(config.scratch);
    state = 'running';
    const watching = drain?.watch(signal);
    try {
      while (!signal.aborted) {
        try {
          const lease = await nextLease(own, config, drain, signal);
          failures = 0;
          const failure = lease ? await runAttempt(own, attempts, lease, signal) : undefined;
          // Room may be made meanwhile; without the pause a full disk would use up the tries of every task.
          if (failure?.code === 'storage_full') await deps.clock.sleep(DISK_FULL_PAUSE_MS, signal);
        } catch (error) {
          if (signal.aborted) break;
          failures += 1;
          // A program that has just started may have its workers before its studio.
          const tell = failures < TOLD_FROM_FAILURES ? log.debug : log.warn;
          tell('no lease could be asked for', { reason: asTaskFailure(error).message, failures });
          await backOff(deps.clock, failures, signal);
        }
      }
    } finally {
      state = 'ended';
      await watching;
    }
  };

  const handle = async () =>
    errorResponse(new MatineeError('not_found', 'an encoder worker answers no requests'));
  return { name: config.name, run, health, handle };
}

/**
 * Asks for a task and stops waiting when the signal aborts. The studio may grant a lease at that very moment; it is
 * given back, so that another worker gets the task at once.
 */
async function nextLease(
  deps: EncoderDeps,
  { name: worker, urgentOnly = false, scratch, diskBytesMax }: EncoderConfig,
  drain: Drain | undefined,
  signal: AbortSignal,
): Promise<Lease | null> {
  if (drain?.atMs !== undefined) {
    // The notice may be taken back; until then the studio hears only that this worker is there.
    await deps.studio.leaseTask({ body: { worker, waitS: 0, draining: true } }, signal);
    await deps.clock.sleep(DRAINING_EVERY_MS, signal);
    return null;
  }
  const roomBytes = await roomOf(scratch, diskBytesMax);
  if (roomBytes < ROOM_BYTES_MIN) {
    const trouble = noRoom(roomBytes);
    deps.log.warn('no task is taken for want of temporary disk', { roomBytes });
    await deps.studio.leaseTask({ body: { worker, waitS: 0, trouble } }, signal);
    await deps.clock.sleep(NO_ROOM_EVERY_MS, signal);
    return null;
  }
  const body = { worker, waitS: LEASE_WAIT_S, roomBytes, ...(urgentOnly ? { urgentOnly } : {}) };
  const asked = deps.studio.leaseTask({ body }, signal);
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => stopped.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return (await Promise.race([asked, stopped.promise])).lease;
  } catch (error) {
    if (signal.aborted) {
      const late = await Promise.race([asked.catch(() => undefined), deps.clock.sleep(500)]);
      if (late?.lease) await giveBack(deps, late.lease);
    }
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Exponential with full jitter, so that a fleet does not come back in one beat. */
async function backOff(clock: Clock, failures: number, signal: AbortSignal): Promise<void> {
  const bound = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** failures);
  await clock.sleep(BACKOFF_MIN_MS + bound * Math.random(), signal).catch((reason: unknown) => {
    if (!signal.aborted) throw reason;
  });
}

/** Makes the folder and removes what an earlier run left in it. */
async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
