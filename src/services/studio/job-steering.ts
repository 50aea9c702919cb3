/**
 * What operators do to jobs: cancel, try again, encode anew. A job that ended well less some part is taken up where
 * it is; one that was given up begins as a new version, which takes over whatever results are still there.
 */
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { retry } from '../../platform/retry.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import { inspectTask } from './arrivals.ts';
import type { GridConfig } from './grid.ts';
import { needJob, splitJobId } from './job-reads.ts';
import { JOB_CANCELLED } from './job-rows.ts';
import { versionPrefix } from './prefixes.ts';
import type { LadderConfig } from './presets.ts';
import { addRemovals, LATE_WRITERS_MS } from './removals.ts';
import { beginEncoding } from './results.ts';
import { insertTasks, isActive, lockTitle, releasePackages, updateTitle } from './rows.ts';
import { dropTasks, giveUp } from './setbacks.ts';
import type { Db, TitleRow, Tx } from './tables.ts';

export type SteeringDeps = { db: Db; queue: Queue; clock: Clock; log: Log; wake(title: string): void };
export type SteeringConfig = GridConfig & LadderConfig & { taskQueue: string; encryption: string };

const WAIT_FOR_END = { triesMax: 10, waitMs: 100, waitMaxMs: 500 };

export type JobSteering = ReturnType<typeof createJobSteering>;

export function createJobSteering(deps: SteeringDeps, config: SteeringConfig) {
  const { db, queue, clock, log, wake } = deps;

  /** The end of a job is told within moments; who asks at that very time waits for it. */
  const transact = <T>(work: (tx: Tx) => Promise<T>) =>
    retry(() => db.transaction().execute(work), {
      ...WAIT_FOR_END,
      clock,
      retryable: (error) => isMatineeError(error, 'unavailable'),
    });

  /** Does something to the title of a job, if the job is that of its present version. */
  async function change(job: string, work: (tx: Tx, title: TitleRow) => Promise<string[]>): Promise<void> {
    const { title: id, version } = splitJobId(job);
    const ids = await transact(async (tx) => {
      const title = await lockTitle(tx, id);
      if (!title || title.state === 'removed') throw new MatineeError('not_found', 'there is no such job');
      await needJob(tx, id, version);
      if (title.version !== version) throw conflict('a newer job took its place');
      return work(tx, title);
    });
    if (ids.length > 0) await queue.cancel(config.taskQueue, ids);
    log.info('an operator changed a job', { job });
    wake(id);
  }

  return {
    cancel: (job: string) =>
      change(job, async (tx, title) => {
        if (!isActive(title)) throw conflict('the job has ended already');
        return giveUp(tx, clock, title, { code: JOB_CANCELLED, reason: 'An operator cancelled it.' });
      }),

    retryTask: (job: string, task: string) =>
      change(job, async (tx, title) => {
        const row = await tx.selectFrom('studio.tasks').selectAll().where('id', '=', task).executeTakeFirst();
        if (!row || `${row.title}-${row.version}` !== job)
          throw new MatineeError('not_found', 'there is no such task');
        if (row.state !== 'dropped') throw conflict('the task was not set aside');
        return title.state === 'refused' ? renew(tx, title) : reopen(tx, title, [row.track]);
      }),

    retryJob: (job: string) =>
      change(job, async (tx, title) => {
        if (title.state === 'refused') return renew(tx, title);
        const failed = await tx
          .selectFrom('studio.tasks')
          .select('track')
          .distinct()
          .where('title', '=', title.title)
          .where('version', '=', title.version)
          .where('failed', '=', true)
          .execute();
        if (failed.length === 0) throw conflict('nothing in it has failed');
        return reopen(
          tx,
          title,
          failed.map(({ track }) => track),
        );
      }),

    /** Resolves to the id of the new job. */
    async reencode(id: string, preset: string | undefined, views: number | undefined): Promise<string> {
      if (preset !== undefined && !config.presets.has(preset))
        throw new MatineeError('invalid_request', `there is no preset ${preset}`);
      const { version, ids } = await transact(async (tx) => {
        const title = await lockTitle(tx, id);
        if (!title || title.state === 'removed')
          throw new MatineeError('not_found', 'there is no such title');
        if (title.inspection === null) throw conflict('the title has not been inspected');
        const expected_views = views ?? title.expected_views;
        const chosen = { ...title, preset: preset ?? title.preset, expected_views };
        return { version: title.version + 1, ids: await renew(tx, chosen) };
      });
      if (ids.length > 0) await queue.cancel(config.taskQueue, ids);
      log.info('an operator ordered a title to be encoded anew', { title: id, version, preset });
      wake(id);
      return `${id}-${version}`;
    },
  };

  /** Begins the next version from the same master. */
  async function renew(tx: Tx, title: TitleRow): Promise<string[]> {
    if (isActive(title)) throw conflict('a job is under way; cancel it first');
    if (title.light) throw new MatineeError('unavailable', 'the end of the last job is being told');
    const dropped = await dropTasks(tx, title);
    if (title.published?.version !== title.version) {
      const prefix = versionPrefix(title.title, title.version);
      await addRemovals(tx, [prefix], clock.now() + LATE_WRITERS_MS);
    }
    const version = title.version + 1;
    const next = { ...title, version, plan: null };
    const { inspection, preset } = title;
    await updateTitle(tx, title.title, {
      ...{ state: 'inspecting', version, preset, plan: null, pending: null, progress: 0 },
      encryption: config.encryption,
      ...{ reason: null, reason_code: null, expected_views: title.expected_views },
    });
    if (inspection) await beginEncoding(tx, clock, config, next, inspection);
    else await insertTasks(tx, title.title, version, [inspectTask(title.master_bytes ?? 0)]);
    return dropped;
  }
}

/** Takes tracks up again that were set aside. What they are made from may be gone by now and is made anew then. */
async function reopen(tx: Tx, title: TitleRow, tracks: readonly string[]): Promise<string[]> {
  const { title: id, version } = title;
  const { work_kept: kept } = await needJob(tx, id, version);
  const anew = { failed: false, failures: 0, lost: 0, progress: 0, ended_ms: null };
  const again = () =>
    tx
      .updateTable('studio.tasks')
      .where('title', '=', id)
      .where('version', '=', version)
      .where('track', 'in', [...tracks]);
  await again()
    .set({ ...anew, state: 'queued', result: null, prefix: null })
    .where('kind', '!=', 'package')
    .where('state', 'in', kept ? ['dropped'] : ['dropped', 'done'])
    .execute();
  await again()
    .set({ ...anew, state: 'waiting', result: null })
    .where('kind', '=', 'package')
    .where('state', '=', 'dropped')
    .execute();
  await releasePackages(tx, id, version);
  await tx
    .updateTable('studio.jobs')
    .set({ work_kept: true })
    .where('title', '=', id)
    .where('version', '=', version)
    .execute();
  await updateTitle(tx, id, { state: 'encoding', reason: null, reason_code: null, progress: 0 });
  return [];
}

const conflict = (message: string) => new MatineeError('conflict', message);
