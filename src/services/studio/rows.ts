/**
 * Reading and locking of rows. A title's row is locked before rows of its tasks, always, so that two changes of one
 * title take turns and never wait for each other in a circle.
 */
import type { Updateable } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import { recordJob } from './job-rows.ts';
import type { PlannedTask } from './plan.ts';
import { findResults } from './reuse.ts';
import type { Db, TaskRow, TaskTable, TitleRow, TitleTable, Tx } from './tables.ts';

const INSERT_ROWS = 500;

export async function readTitle(db: Db | Tx, title: string): Promise<TitleRow | undefined> {
  return db.selectFrom('studio.titles').selectAll().where('title', '=', title).executeTakeFirst();
}

export async function lockTitle(tx: Tx, title: string): Promise<TitleRow | undefined> {
  return tx.selectFrom('studio.titles').selectAll().where('title', '=', title).forUpdate().executeTakeFirst();
}

/** The title that a master's name stands for now, if the studio knows one. */
export async function findTitle(db: Db, bucket: string, key: string): Promise<TitleRow | undefined> {
  return db
    .selectFrom('studio.titles')
    .selectAll()
    .where('bucket', '=', bucket)
    .where('key', '=', key)
    .where('state', '!=', 'removed')
    .orderBy('created_ms', 'desc')
    .executeTakeFirst();
}

export async function updateTitle(tx: Db | Tx, title: string, values: Updateable<TitleTable>): Promise<void> {
  // A change of state is news, which the catalog has not been told until it has been told again.
  const news = values.state === undefined ? {} : { told: null };
  await tx
    .updateTable('studio.titles')
    .set({ ...values, ...news })
    .where('title', '=', title)
    .execute();
  if (values.state !== undefined) await recordJob(tx, title);
}

/** Takes up a title that was ready, for something that is no matter of its job. */
export async function resumeTitle(tx: Tx, title: string, values: Updateable<TitleTable>): Promise<void> {
  await tx
    .updateTable('studio.titles')
    .set({ ...values, state: 'encoding', told: null })
    .where('title', '=', title)
    .execute();
}

/** Makes the row of a title that has none. */
export async function insertTitle(
  tx: Tx,
  clock: Clock,
  { title, bucket, key }: Pick<TitleRow, 'title' | 'bucket' | 'key'>,
  state: TitleRow['state'],
): Promise<void> {
  await tx
    .insertInto('studio.titles')
    .values({
      ...{ title, bucket, key, state, created_ms: clock.now(), last_sequence: -1 },
      ...{ upload_id: null, received: null, expected: null },
      ...{ etag: null, master_bytes: null, master_modified_ms: null, version: 0 },
      ...{ inspection: null, plan: null, light: null, published: null, pending: null, publications: 0 },
      ...{ progress: 0, reason: null, reason_code: null, told: null, expected_views: null },
    })
    .onConflict((conflict) => conflict.column('title').doNothing())
    .execute();
}

/** A task with its title, both locked; undefined when the task is not, or no longer, there. */
export async function lockTask(tx: Tx, id: string): Promise<{ title: TitleRow; task: TaskRow } | undefined> {
  const named = await tx.selectFrom('studio.tasks').select('title').where('id', '=', id).executeTakeFirst();
  if (!named) return undefined;
  const title = await lockTitle(tx, named.title);
  const task = await tx
    .selectFrom('studio.tasks')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return title && task ? { title, task } : undefined;
}

export async function updateTask(tx: Db | Tx, id: string, values: Updateable<TaskTable>): Promise<void> {
  await tx.updateTable('studio.tasks').set(values).where('id', '=', id).execute();
}

export async function insertTasks(
  tx: Tx,
  title: string,
  version: number,
  planned: readonly PlannedTask[],
): Promise<void> {
  const reused = await findResults(tx, title, planned);
  const rows = planned.map(({ waits, spec, ...task }) => ({
    ...task,
    id: `${title}-${version}-${task.name}`,
    title,
    version,
    state: waits ? ('waiting' as const) : ('queued' as const),
    spec: JSON.stringify(spec),
    ...reused(task.name),
  }));
  for (let at = 0; at < rows.length; at += INSERT_ROWS) {
    await tx
      .insertInto('studio.tasks')
      .values(
        rows.slice(at, at + INSERT_ROWS).map((row) => ({
          ...{ attempt: 0, progress: 0, failures: 0, lost: 0, job_id: null, job_attempt: null, result: null },
          ...{ prefix: null, worker: null, fps: null, started_ms: null, ended_ms: null, heard_ms: null },
          ...row,
        })),
      )
      .execute();
  }
  await releasePackages(tx, title, version);
}

/** Packages whose inputs were all there from the start wait for nothing. */
export async function releasePackages(tx: Tx, title: string, version: number): Promise<void> {
  const rows = await tx
    .selectFrom('studio.tasks')
    .select(['id', 'kind', 'track', 'state'])
    .where('title', '=', title)
    .where('version', '=', version)
    .execute();
  const tracks = [...Map.groupBy(rows, ({ track }) => track).values()];
  const ids = tracks.flatMap((own) => {
    const inputs = own.filter(({ kind }) => kind !== 'package');
    if (inputs.length === 0 || inputs.some(({ state }) => state !== 'done')) return [];
    return own.filter(({ kind, state }) => kind === 'package' && state === 'waiting').map(({ id }) => id);
  });
  if (ids.length === 0) return;
  await tx.updateTable('studio.tasks').set({ state: 'queued' }).where('id', 'in', ids).execute();
}

export const isActive = ({ state }: Pick<TitleRow, 'state'>) =>
  state === 'inspecting' || state === 'encoding';
