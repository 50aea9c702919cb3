/** Results that stand for tasks of the same content: looked up when tasks are planned, kept when they are done. */
import type { TaskResult } from '../../contracts/tasks.ts';
import { digestOf } from './digests.ts';
import type { PlannedTask } from './plan.ts';
import { outputPrefix } from './prefixes.ts';
import type { TaskRow, Tx } from './tables.ts';

/** Resolves to what is stored with a planned task besides its plan, by its name. */
export async function findResults(tx: Tx, title: string, planned: readonly PlannedTask[]) {
  const master = await tx
    .selectFrom('studio.titles')
    .select(['etag', 'master_bytes'])
    .where('title', '=', title)
    .executeTakeFirst();
  const identity = { etag: master?.etag ?? '', bytes: master?.master_bytes ?? 0 };
  const digests = new Map(planned.map(({ name, spec }) => [name, digestOf(identity, spec) ?? null]));
  const rows = await tx.selectFrom('studio.results').selectAll().where('title', '=', title).execute();
  const known = new Map(rows.map((row) => [row.digest, row]));
  return (name: string) => {
    const digest = digests.get(name) ?? null;
    const found = digest === null ? undefined : known.get(digest);
    if (!found) return { digest };
    const { prefix, result } = found;
    return { digest, prefix, result: JSON.stringify(result), state: 'done' as const, progress: 1 };
  };
}

/** A result whose outputs are in the store is there for later versions too. Silence has no outputs. */
export async function keepResult(tx: Tx, task: TaskRow, result: TaskResult): Promise<void> {
  const { title, version, digest, attempt } = task;
  const isKept = digest !== null && (result.kind === 'analyse' || ('file' in result && result.file !== null));
  if (!isKept) return;
  const values = { version, prefix: outputPrefix(task, attempt), result: JSON.stringify(result) };
  await tx
    .insertInto('studio.results')
    .values({ title, digest, ...values })
    .onConflict((conflict) => conflict.columns(['title', 'digest']).doUpdateSet(values))
    .execute();
}

export async function forgetResult(tx: Tx, task: TaskRow): Promise<void> {
  if (task.digest === null) return;
  await tx
    .deleteFrom('studio.results')
    .where('title', '=', task.title)
    .where('digest', '=', task.digest)
    .execute();
}
