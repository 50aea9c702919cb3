/** Fills into a task's stored specification what does not live long: presigned URLs and keys in clear. */
import type { TaskSpec } from '../../contracts/tasks.ts';
import { assert } from '../../platform/assert.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { fillKeys } from './content-keys.ts';
import { outputPrefix } from './prefixes.ts';
import type { Db, TaskRow, TitleRow, Tx } from './tables.ts';

/** Longer than any one task takes. */
const INPUT_URL_S = 24 * 3600;

export async function fillSpec(
  deps: { db: Db; objects: ObjectStore; keys: Keys },
  mediaBucket: string,
  title: TitleRow,
  task: TaskRow,
): Promise<TaskSpec> {
  const spec = await fillKeys(deps, title, task, task.spec);
  const sign = (bucket: string, key: string) =>
    deps.objects.presign('GET', bucket, key, { expiresS: INPUT_URL_S });
  if (spec.kind === 'extract-text' && spec.sidecar)
    return { ...spec, master: await sign(title.bucket, spec.sidecar.key) };
  if (spec.kind !== 'package') return { ...spec, master: await sign(title.bucket, title.key) };
  const files = await inputFiles(deps.db, task);
  return {
    ...spec,
    inputs: await Promise.all(files.map(({ key }) => sign(mediaBucket, key))),
    digests: files.map(({ sha256 }) => sha256),
  };
}

/** The tasks whose outputs a package is made from, in their order. */
export function inputTasks(db: Db | Tx, task: TaskRow): Promise<TaskRow[]> {
  return db
    .selectFrom('studio.tasks')
    .selectAll()
    .where('title', '=', task.title)
    .where('version', '=', task.version)
    .where('track', '=', task.track)
    .where('kind', '!=', 'package')
    .orderBy('name')
    .execute();
}

async function inputFiles(db: Db, task: TaskRow): Promise<Array<{ key: string; sha256: string | null }>> {
  const rows = await inputTasks(db, task);
  return rows.map((row) => {
    const { result } = row;
    assert(
      row.state === 'done' && (result?.kind === 'encode-video' || result?.kind === 'encode-audio'),
      'a package is leased when all of its inputs are done',
    );
    const { file } = result;
    assert(file !== null, 'a track without sound has no package');
    const stored = result.files?.find(({ name }) => name === file);
    return { key: (row.prefix ?? outputPrefix(row, row.attempt)) + file, sha256: stored?.sha256 ?? null };
  });
}
