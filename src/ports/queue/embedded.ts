/**
 * The `queue` port on pg-boss, in the same PostgreSQL as the records.
 *
 * pg-boss brings leases, heartbeats, retries with backoff and the fencing of late finishers. Three things it has
 * no call for are done here by SQL on its job table: taking jobs out by key, giving a job up before its tries
 * are used up, and reading what was given up. A job that is given up stays in the table as `failed`.
 */
import { randomUUID } from 'node:crypto';
import { type CommandResponse, PgBoss } from 'pg-boss';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Records } from '../records/records.ts';
import { createPoller, type Poller } from './poller.ts';
import type { DeadLetter, Job, JobPayload, JobRef, Queue, QueueOptions } from './queue.ts';

const SCHEMA = 'queue';
/** How often lost leases are looked for. Together with the lease it bounds how long lost work stands still. */
const SUPERVISE_S = 2;
/** pg-boss accepts less than a day; a job that is heartbeaten for longer than that is given to another. */
const RUN_S_MAX = 23 * 3600;
const WAIT_S_MAX = 365 * 24 * 3600;
const KEEP_COMPLETED_S = 3600;
const RETRY_DELAY_S_MAX = 300;

export type PgBossQueueOptions = { records: Records; clock: Clock; log: Log };

type JobRow = {
  id: string;
  data: JobPayload;
  retryCount: number;
  singletonKey: string | null;
};

export async function openPgBossQueue({ records, clock, log }: PgBossQueueOptions): Promise<Queue> {
  const boss = new PgBoss({
    ...records.connection,
    schema: SCHEMA,
    application_name: 'matinee-queue',
    max: 5,
    superviseIntervalSeconds: SUPERVISE_S,
    monitorIntervalSeconds: SUPERVISE_S,
    maintenanceIntervalSeconds: 600,
    schedule: false,
    monitorVacuum: false,
  });
  // A database that is away shows in the calls and in health; the background work tries again by itself.
  boss.on('error', (error) => log.debug('the queue had trouble', { error }));
  boss.on('warning', (warning) => log.debug('the queue warns', { warning: warning.message }));
  await boss.start();
  const pollers = new Map<string, Poller>();
  let closed = false;

  const sql = async <Row>(text: string, values: unknown[]): Promise<Row[]> =>
    (await boss.getDb().executeSql(text, values)).rows as Row[];
  const wake = (queue: string) => pollers.get(queue)?.wake();
  const fence = (response: CommandResponse) => {
    // The package's types leave out the count that it gives; the contract suite would notice its absence.
    if ((response as { affected?: number }).affected === 0)
      throw new MatineeError('stale_attempt', 'another attempt has this job, or nobody');
  };
  const attemptOf = ({ id, attempt }: JobRef) => ({ id: checkId(id), retryCount: attempt - 1 });

  return {
    declare: async (queue, options) => {
      const row = queueRow(options);
      await boss.createQueue(queue, { ...row, policy: 'exclusive' });
      await boss.updateQueue(queue, row);
    },

    send: async (queue, jobs) => {
      if (jobs.length === 0) return [];
      const rows = jobs.map(({ payload, key, priority = 0, delayS = 0 }) => ({
        id: randomUUID(),
        data: payload,
        priority,
        startAfter: delayS,
        // The policy allows one job a key; a job without a key gets one that nobody else has.
        singletonKey: key ?? `:${randomUUID()}`,
      }));
      const stored = new Set(await boss.insert(queue, rows, { returnId: true }));
      wake(queue);
      return rows.map(({ id }) => (stored.has(id) ? id : undefined));
    },

    lease: async (queue, { limit, waitMs, priorityMin, signal }) => {
      const poller = pollers.get(queue) ?? createPoller(clock);
      pollers.set(queue, poller);
      const take = async (): Promise<Job[]> => {
        if (closed) return [];
        const found = await boss.fetch<JobPayload>(queue, {
          ...{ batchSize: limit, includeMetadata: true },
          ...(priorityMin === undefined ? {} : { minPriority: priorityMin }),
        });
        return found.map(jobOf);
      };
      return poller.poll(take, waitMs, signal);
    },

    heartbeat: async (queue, job) => fence(await boss.touch(queue, attemptOf(job))),

    complete: async (queue, job) => fence(await boss.complete(queue, attemptOf(job))),

    fail: async (queue, job, error, { retry, delayS }) => {
      const { id, retryCount } = attemptOf(job);
      if (!retry || delayS !== undefined) {
        await sql(
          `UPDATE ${SCHEMA}.job SET
             retry_limit = CASE WHEN $4 THEN retry_limit ELSE retry_count END,
             retry_delay = coalesce($5::int, retry_delay),
             retry_backoff = CASE WHEN $5::int IS NULL THEN retry_backoff ELSE false END
           WHERE name = $1 AND id = $2::uuid AND retry_count = $3 AND state = 'active'`,
          [queue, id, retryCount, retry, delayS ?? null],
        );
      }
      fence(await boss.fail(queue, { id, retryCount }, error));
    },

    cancel: async (queue, keys) => {
      await sql(
        `DELETE FROM ${SCHEMA}.job WHERE name = $1 AND singleton_key = ANY($2::text[]) AND state < 'completed'`,
        [queue, [...keys]],
      );
    },

    deadLetters: async (queue, { limit }) => {
      const rows = await sql<JobRow & { output: unknown; diedAt: Date }>(
        `SELECT id, data, retry_count AS "retryCount", singleton_key AS "singletonKey", output,
           completed_on AS "diedAt"
         FROM ${SCHEMA}.job WHERE name = $1 AND state = 'failed' ORDER BY completed_on DESC LIMIT $2`,
        [queue, limit],
      );
      return rows.map((row) => ({ ...deadLetterOf(row), diedAt: row.diedAt }));
    },

    depth: async (queue) => {
      const [row] = await sql<{ waiting: number; running: number; dead: number }>(
        `SELECT count(*) FILTER (WHERE state < 'active')::int AS waiting,
           count(*) FILTER (WHERE state = 'active')::int AS running,
           count(*) FILTER (WHERE state = 'failed')::int AS dead
         FROM ${SCHEMA}.job WHERE name = $1`,
        [queue],
      );
      return row ?? { waiting: 0, running: 0, dead: 0 };
    },

    health: async () => {
      if (closed) return { ready: false, reason: 'the queue is closed' };
      try {
        await sql('SELECT 1', []);
        return { ready: true };
      } catch (error) {
        return { ready: false, reason: (error as Error).message };
      }
    },

    close: async () => {
      if (closed) return;
      closed = true;
      for (const poller of pollers.values()) poller.stop();
      await boss.stop({ graceful: false, close: true });
    },
  };
}

function queueRow({ leaseS, triesMax, retryDelayS }: QueueOptions) {
  return {
    heartbeatSeconds: leaseS,
    expireInSeconds: RUN_S_MAX,
    retryLimit: triesMax - 1,
    retryDelay: retryDelayS,
    retryBackoff: true,
    retryDelayMax: Math.max(RETRY_DELAY_S_MAX, retryDelayS),
    retentionSeconds: WAIT_S_MAX,
    deleteAfterSeconds: KEEP_COMPLETED_S,
  };
}

function jobOf(row: JobRow): Job {
  const { id, data, retryCount } = row;
  return { id, attempt: retryCount + 1, payload: data, ...keyOf(row) };
}

function deadLetterOf(row: JobRow & { output: unknown }): Omit<DeadLetter, 'diedAt'> {
  const { id, data, retryCount, output } = row;
  const error = errorOf(output);
  return { id, payload: data, attempts: retryCount + 1, ...keyOf(row), ...(error ? { error } : {}) };
}

function keyOf({ singletonKey }: JobRow): { key?: string } {
  return singletonKey === null || singletonKey.startsWith(':') ? {} : { key: singletonKey };
}

/** What `fail` was given, or what pg-boss writes itself when a lease ran out. */
function errorOf(output: unknown): DeadLetter['error'] {
  const value = (output as { value?: unknown } | null)?.value ?? output;
  const { code = 'timeout', message } = (value ?? {}) as { code?: unknown; message?: unknown };
  return typeof message === 'string' ? { code: String(code), message } : undefined;
}

/** Ids come back over HTTP; one that is no UUID would be an error of the database. */
function checkId(id: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  throw new MatineeError('stale_attempt', 'there is no such job');
}
