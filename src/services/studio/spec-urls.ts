/** Fills the presigned URLs into a task's stored specification when it is leased, since they do not live long. */
import type { TaskSpec } from '../../contracts/tasks.ts';
import { assert } from '../../platform/assert.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { outputPrefix } from './prefixes.ts';
import type { Db, TaskRow, TitleRow } from './tables.ts';

/** Longer than any one task takes. */
const INPUT_URL_S = 24 * 3600;

export async function fillSpec(
  deps: { db: Db; objects: ObjectStore },
  mediaBucket: string,
  title: Pick<TitleRow, 'bucket' | 'key'>,
  task: TaskRow,
): Promise<TaskSpec> {
  const { spec } = task;
  const sign = (bucket: string, key: string) =>
    deps.objects.presign('GET', bucket, key, { expiresS: INPUT_URL_S });
  if (spec.kind !== 'package') return { ...spec, master: await sign(title.bucket, title.key) };
  const keys = await inputKeys(deps.db, task);
  return { ...spec, inputs: await Promise.all(keys.map((key) => sign(mediaBucket, key))) };
}

/** The encoded files of a package's track, in their order. */
async function inputKeys(db: Db, task: TaskRow): Promise<string[]> {
  const rows = await db
    .selectFrom('studio.tasks')
    .selectAll()
    .where('title', '=', task.title)
    .where('version', '=', task.version)
    .where('track', '=', task.track)
    .where('kind', '!=', 'package')
    .orderBy('name')
    .execute();
  return rows.map((row) => {
    const { result } = row;
    assert(
      row.state === 'done' && (result?.kind === 'encode-video' || result?.kind === 'encode-audio'),
      'a package is leased when all of its inputs are done',
    );
    assert(result.file !== null, 'a track without sound has no package');
    return outputPrefix(row, row.attempt) + result.file;
  });
}
