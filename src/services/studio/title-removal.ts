/**
 * The end of a title: its work stops, its objects go, and its master with them. The row stays for a while, so that a
 * job that is delivered twice cannot take away what was put under the same name since.
 */
import { type TitleRemoved, titleRemoved } from '../../contracts/title-removed.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { ignoreAbsent } from '../../ports/objects/absent.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { JobPayload, Queue } from '../../ports/queue/queue.ts';
import { titlePrefix, workPrefix } from './prefixes.ts';
import { addRemovals, LATE_WRITERS_MS } from './removals.ts';
import { findTitle, insertTitle, lockTitle, readTitle, updateTitle } from './rows.ts';
import type { Db, TitleRow, Tx } from './tables.ts';

export type RemovalDeps = {
  db: Db;
  queue: Queue;
  objects: ObjectStore;
  clock: Clock;
  log: Log;
};

const ROW_KEPT_MS = 7 * 24 * 3600 * 1000;
const UPLOADS_LOOKED_AT = 1000;

/** Handles the jobs that the catalog sends when a title was deleted. */
export function createTitleRemover(deps: RemovalDeps, taskQueue: string) {
  const { db, objects, clock, log } = deps;
  return async (payload: JobPayload): Promise<void> => {
    const named = titleRemoved.parse(payload);
    const row = await readTitle(db, named.title);
    // A row without a master that is marked as removed was dealt with before.
    if (row?.state === 'removed' && row.etag === null) return;
    await abortUploads(objects, named, row);
    await deleteMaster(deps, named, row);
    await db.transaction().execute((tx) => insertTitle(tx, clock, named, 'removed'));
    await stopTitle(deps, taskQueue, named.title, async (tx) => {
      await updateTitle(tx, named.title, { etag: null });
      await condemn(tx, clock, named.title);
    });
    log.info('a title was removed', { title: named.title });
  };
}

/** Ends all work on a title that the catalog no longer has. Its objects stay until the catalog's job comes. */
export async function stopTitle(
  deps: Pick<RemovalDeps, 'db' | 'queue' | 'clock'>,
  taskQueue: string,
  id: string,
  also: (tx: Tx) => Promise<void> = async () => {},
): Promise<void> {
  const { db, queue, clock } = deps;
  const ids = await db.transaction().execute(async (tx) => {
    const title = await lockTitle(tx, id);
    if (!title) return [];
    const values = { created_ms: clock.now(), upload_id: null, pending: null };
    await updateTitle(tx, id, { ...values, state: 'removed' });
    await also(tx);
    const rows = await tx.deleteFrom('studio.tasks').where('title', '=', id).returning('id').execute();
    return rows.map((row) => row.id);
  });
  if (ids.length > 0) await queue.cancel(taskQueue, ids);
}

/** At once, and again when the last worker that did not hear of it has lost its URLs. */
async function condemn(tx: Tx, clock: Clock, id: string): Promise<void> {
  const prefixes = [titlePrefix(id), workPrefix(id)];
  await addRemovals(tx, prefixes, clock.now());
  await addRemovals(tx, prefixes, clock.now() + LATE_WRITERS_MS);
}

/** An upload under way would bring the title back with its next part. A newer one than the title knows is let be. */
async function abortUploads(
  objects: ObjectStore,
  named: TitleRemoved,
  row: TitleRow | undefined,
): Promise<void> {
  const { bucket, key } = named;
  if (row && row.upload_id === null) return;
  const open = await objects
    .listUploads(bucket, { prefix: key, limit: UPLOADS_LOOKED_AT })
    .catch(ignoreAbsent);
  for (const { uploadId, key: of } of open ?? []) {
    if (of !== key || (row && row.upload_id !== uploadId)) continue;
    await objects.abortUpload({ bucket, key, uploadId }).catch(ignoreAbsent);
  }
}

/** Deletes the master that the title was made from, and no other that has the same name by now. */
async function deleteMaster(
  deps: RemovalDeps,
  named: TitleRemoved,
  row: TitleRow | undefined,
): Promise<void> {
  const { db, objects } = deps;
  const { bucket, key, title } = named;
  if (row && row.etag === null) return;
  const heir = await findTitle(db, bucket, key);
  if (heir && heir.title !== title) return;
  const master = await objects.head(bucket, key).catch(ignoreAbsent);
  if (!master) return;
  const known =
    !row || (master.etag === row.etag && master.lastModified.getTime() === row.master_modified_ms);
  if (known) await objects.delete(bucket, key);
}

/** Forgets titles that were removed long ago. */
export async function forgetRemoved(db: Db, clock: Clock): Promise<void> {
  await db
    .deleteFrom('studio.titles')
    .where('state', '=', 'removed')
    .where('created_ms', '<', clock.now() - ROW_KEPT_MS)
    .execute();
}
