/** What operators ask about jobs: lists, one in full, why tasks failed. */
import type { EndpointInput, EndpointReply } from '../../contracts/endpoint.ts';
import type { getJob, getTaskEvidence, listJobs } from '../../contracts/jobs.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { type EvidenceHead, type JobTaskRow, jobView, taskView } from './job-views.ts';
import { ladderView } from './ladder-view.ts';
import type { Db, JobRow } from './tables.ts';
import type { WorkerBoard } from './worker-board.ts';

const TASK_COLUMNS = [
  ...(['id', 'name', 'track', 'kind', 'state', 'digest', 'prefix', 'failed', 'priority'] as const),
  ...(['attempt', 'failures', 'lost', 'worker', 'progress', 'fps', 'cost', 'result'] as const),
  ...(['started_ms', 'ended_ms'] as const),
] as const;

export type JobReadDeps = { db: Db; clock: Clock; board: WorkerBoard; coreHour?: number | undefined };

/** Title and version of a job's id. */
export function splitJobId(id: string): { title: string; version: number } {
  const at = id.lastIndexOf('-');
  return { title: id.slice(0, at), version: Number(id.slice(at + 1)) };
}

export async function readJobs(
  { db, clock, board, coreHour }: JobReadDeps,
  query: EndpointInput<typeof listJobs>['query'],
): Promise<EndpointReply<typeof listJobs>> {
  const rows = await jobRows(db, query);
  const page = rows.slice(0, query.limit);
  const titles = [...new Set(page.map(({ title }) => title)), ''];
  const tasks = await db
    .selectFrom('studio.tasks')
    .select([...TASK_COLUMNS, 'title', 'version'])
    .where('title', 'in', titles)
    .execute();
  const told = await db
    .selectFrom('studio.titles')
    .select(['title', 'version', 'told'])
    .where('title', 'in', titles)
    .execute();
  const workers = await board.count();
  const byTitle = new Map(told.map((row) => [row.title, row]));
  const byJob = Map.groupBy(tasks, ({ title, version }) => `${title}-${version}`);
  const jobs = page.map((row) =>
    jobView(
      row,
      byTitle.get(row.title),
      byJob.get(`${row.title}-${row.version}`) ?? [],
      workers,
      clock.now(),
      coreHour,
    ),
  );
  return { jobs, next: rows.length > page.length ? (jobs.at(-1)?.id ?? null) : null };
}

async function jobRows(db: Db, query: EndpointInput<typeof listJobs>['query']): Promise<JobRow[]> {
  let rows = db
    .selectFrom('studio.jobs')
    .selectAll('studio.jobs')
    .innerJoin('studio.titles', 'studio.titles.title', 'studio.jobs.title')
    .where('studio.titles.state', '!=', 'removed');
  if (query.state) rows = rows.where('studio.jobs.state', '=', query.state);
  if (query.title) rows = rows.where('studio.jobs.title', '=', query.title);
  if (query.after) {
    const { title, version } = splitJobId(query.after);
    const { started_ms: before } = await needJob(db, title, version);
    rows = rows.where(({ eb, or, and }) =>
      or([
        eb('studio.jobs.started_ms', '<', before),
        and([eb('studio.jobs.started_ms', '=', before), eb('studio.jobs.title', '>', title)]),
      ]),
    );
  }
  return rows
    .orderBy('studio.jobs.started_ms', 'desc')
    .orderBy('studio.jobs.title')
    .limit(query.limit + 1)
    .execute();
}

export async function needJob(db: Db, title: string, version: number): Promise<JobRow> {
  const row = await db
    .selectFrom('studio.jobs')
    .selectAll()
    .where('title', '=', title)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!row) throw new MatineeError('not_found', 'there is no such job');
  return row;
}

export async function readJob(
  { db, clock, board, coreHour }: JobReadDeps,
  id: string,
): Promise<EndpointReply<typeof getJob>> {
  const { title, version } = splitJobId(id);
  const row = await needJob(db, title, version);
  const tasks: JobTaskRow[] = await db
    .selectFrom('studio.tasks')
    .select(TASK_COLUMNS)
    .where('title', '=', title)
    .where('version', '=', version)
    .orderBy('priority', 'desc')
    .orderBy('name')
    .execute();
  const told = await db
    .selectFrom('studio.titles')
    .select(['version', 'told', 'plan'])
    .where('title', '=', title)
    .executeTakeFirst();
  // Of earlier versions the plan is not kept.
  const plan = told?.version === version ? told.plan : null;
  const evidence = await lastFailures(db, title, version);
  const now = clock.now();
  return {
    job: jobView(row, told, tasks, await board.count(), now, coreHour),
    tasks: tasks.map((task) => taskView(task, tasks, evidence.get(task.id), now)),
    workers: await board.list(),
    ladder: plan && row.inspection ? ladderView(plan, row.inspection) : null,
    inspection: row.inspection,
    ...(plan?.codecs ? { codecs: plan.codecs } : {}),
  };
}

async function lastFailures(db: Db, title: string, version: number): Promise<Map<string, EvidenceHead>> {
  const rows = await db
    .selectFrom('studio.evidence')
    .innerJoin('studio.tasks', 'studio.tasks.id', 'studio.evidence.task')
    .select(['task', 'at_ms', 'studio.evidence.attempt', 'studio.evidence.worker', 'code', 'message'])
    .where('studio.tasks.title', '=', title)
    .where('studio.tasks.version', '=', version)
    .orderBy('studio.evidence.id')
    .execute();
  return new Map(rows.map((row) => [row.task, row]));
}

export async function readEvidence(
  db: Db,
  job: string,
  task: string,
): Promise<EndpointReply<typeof getTaskEvidence>> {
  const { title, version } = splitJobId(job);
  const found = await db
    .selectFrom('studio.tasks')
    .select('id')
    .where('id', '=', task)
    .where('title', '=', title)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!found) throw new MatineeError('not_found', 'there is no such task');
  const rows = await db
    .selectFrom('studio.evidence')
    .selectAll()
    .where('task', '=', task)
    .orderBy('id', 'desc')
    .execute();
  const evidence = rows.map(({ at_ms, attempt, worker, code, message, log }) => ({
    at: new Date(at_ms).toISOString(),
    ...{ attempt, worker, code, message, log },
  }));
  return { evidence };
}
