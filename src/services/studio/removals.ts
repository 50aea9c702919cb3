/**
 * Empties prefixes of the media bucket when their time has come. A removal is a row that is written in the
 * transaction that makes objects superfluous, so none is forgotten by a crash, and emptying twice does no harm.
 */
import type { Clock } from '../../platform/clock.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { Db, Tx } from './tables.ts';

/** Presigned uploads of an attempt are good for so long, so that a late writer is never later than this. */
export const OUTPUT_URL_S = 30 * 60;
export const LATE_WRITERS_MS = (OUTPUT_URL_S + 300) * 1000;
/** An hour more than the longest life of an edge token: until then somebody may be watching. */
export const LATE_VIEWERS_MS = 7 * 3600 * 1000;

const ROWS_PER_ROUND = 20;
const DELETES_AT_ONCE = 8;

export async function addRemovals(tx: Tx | Db, prefixes: readonly string[], dueMs: number): Promise<void> {
  if (prefixes.length === 0) return;
  const rows = prefixes.map((prefix) => ({ prefix, due_ms: dueMs }));
  await tx.insertInto('studio.removals').values(rows).execute();
}

/** Does what is due, a bounded number of prefixes; gives how many were emptied. */
export async function removeDue(
  deps: { db: Db; objects: ObjectStore; clock: Clock },
  bucket: string,
  signal: AbortSignal,
): Promise<number> {
  const { db, objects, clock } = deps;
  const due = await db
    .selectFrom('studio.removals')
    .selectAll()
    .where('due_ms', '<=', clock.now())
    .orderBy('due_ms')
    .limit(ROWS_PER_ROUND)
    .execute();
  for (const { id, prefix } of due) {
    await emptyPrefix(objects, bucket, prefix, signal);
    await db.deleteFrom('studio.removals').where('id', '=', id).execute();
  }
  return due.length;
}

async function emptyPrefix(
  objects: ObjectStore,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  let after: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await objects.list(bucket, { prefix, ...(after === undefined ? {} : { after }) });
    for (let at = 0; at < page.entries.length; at += DELETES_AT_ONCE) {
      signal.throwIfAborted();
      const batch = page.entries.slice(at, at + DELETES_AT_ONCE);
      await Promise.all(batch.map(({ key }) => objects.delete(bucket, key)));
    }
    after = page.next;
  } while (after !== undefined);
}
