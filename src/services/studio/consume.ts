/**
 * Takes jobs of one queue, one after the other, until the signal aborts. Trouble that passes (database, catalog or
 * store away) is waited out with the job in hand, so that an outage does not use up its tries; what cannot be
 * handled at all goes back to the queue and in the end to its dead letters.
 */
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, systemCode } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Job, JobPayload, Queue } from '../../ports/queue/queue.ts';
import { ignoreStale } from './stale-jobs.ts';

export type ConsumerDeps = { queue: Queue; clock: Clock; log: Log };

const BATCH_JOBS = 20;
const LEASE_WAIT_MS = 10_000;
const PAUSE_FIRST_MS = 250;
const PAUSE_MAX_MS = 5000;
/** With the pauses between them about ten minutes. */
const TRIES_MAX = 120;

export async function consume(
  deps: ConsumerDeps,
  queueName: string,
  handle: Handle,
  signal: AbortSignal,
): Promise<void> {
  const { queue, clock, log } = deps;
  let pauseMs = PAUSE_FIRST_MS;
  while (!signal.aborted) {
    try {
      const jobs = await queue.lease(queueName, { limit: BATCH_JOBS, waitMs: LEASE_WAIT_MS, signal });
      await handleBatch(deps, queueName, jobs, handle, signal);
      pauseMs = PAUSE_FIRST_MS;
    } catch (error) {
      if (signal.aborted) return;
      log.warn('a queue could not be read', { queue: queueName, error, pauseMs });
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    }
  }
}

type Handle = (payload: JobPayload, signal: AbortSignal) => Promise<void>;

async function handleBatch(
  deps: ConsumerDeps,
  queueName: string,
  jobs: readonly Job[],
  handle: Handle,
  signal: AbortSignal,
): Promise<void> {
  let done = 0;
  try {
    for (const job of jobs) {
      await handleJob(deps, queueName, job, jobs.slice(done), handle, signal);
      done += 1;
    }
  } finally {
    // What was not come to goes back at once, so that nobody has to wait for its lease to run out.
    const error = { code: 'drained', message: 'the studio is stopping' };
    for (const job of jobs.slice(done)) {
      await deps.queue.fail(queueName, job, error, { retry: true, delayS: 0 }).catch(() => undefined);
    }
  }
}

async function handleJob(
  deps: ConsumerDeps,
  queueName: string,
  job: Job,
  held: readonly Job[],
  handle: Handle,
  signal: AbortSignal,
): Promise<void> {
  const { queue, clock, log } = deps;
  for (let tryNumber = 1; ; tryNumber++) {
    signal.throwIfAborted();
    try {
      await handle(job.payload, signal);
      // A job that was taken over meanwhile will be handled once more, which does no harm.
      await queue.complete(queueName, job).catch(ignoreStale);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!passes(error) || tryNumber >= TRIES_MAX) {
        log.error('a job of the studio failed', { queue: queueName, job: job.id, error });
        const failure = { code: 'internal', message: (error as Error).message.slice(0, 500) };
        await queue.fail(queueName, job, failure, { retry: true }).catch(ignoreStale);
        return;
      }
      if (tryNumber === 1) log.warn('a job of the studio waits for something', { queue: queueName, error });
      for (const waiting of held) await queue.heartbeat(queueName, waiting).catch(() => undefined);
      await clock.sleep(Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** Math.min(tryNumber, 10)), signal);
    }
  }
}

/** Whether a failure speaks of something that may come back: a service of ours, the database, the network. */
function passes(error: unknown): boolean {
  if (isMatineeError(error)) return error.row.retry;
  const code = systemCode(error) ?? '';
  return /^(ECONN|EPIPE|ETIMEDOUT|ENOENT|57P|08|53|40)/.test(code) || /terminat|timeout/i.test(String(error));
}
