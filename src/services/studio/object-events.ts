/**
 * What the studio makes of object events. Events come at least once and not always in order, so each is weighed
 * against what is known: its sequence, the object as it is now, and the uploads that are open now.
 *
 * Every object is taken for a film until inspection says otherwise, except those that are evidently none: folders
 * and hidden files. A text file thus becomes a refused title that tells its uploader why.
 */
import { z } from 'zod';
import type { CatalogClient } from '../../clients/catalog.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { ObjectInfo, ObjectStore } from '../../ports/objects/objects.ts';
import type { JobPayload, Queue } from '../../ports/queue/queue.ts';
import { addRemovals, LATE_WRITERS_MS } from './removals.ts';
import { findTitle, insertTasks, insertTitle, isActive, lockTitle, updateTitle } from './rows.ts';
import { giveUp, unneededPrefixes } from './setbacks.ts';
import type { Db, TitleRow, Tx } from './tables.ts';
import { INSPECT } from './urgency.ts';

export type EventDeps = {
  db: Db;
  queue: Queue;
  objects: ObjectStore;
  catalog: CatalogClient;
  clock: Clock;
  log: Log;
  wake(title: string): void;
};
export type EventConfig = { mediaBucket: string; taskQueue: string };

const base = { sequence: z.number(), bucket: z.string(), key: z.string() };
const upload = { ...base, uploadId: z.string(), expectedBytes: z.number().optional() };
const eventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('created'), ...base, etag: z.string(), size: z.number() }),
  z.object({ kind: z.literal('removed'), ...base }),
  z.object({ kind: z.literal('upload-started'), ...upload }),
  z.object({ kind: z.literal('upload-progress'), ...upload, receivedBytes: z.number() }),
  z.object({ kind: z.literal('upload-aborted'), ...upload }),
]);
type Event = z.infer<typeof eventSchema>;
type EventOf<K extends Event['kind']> = Extract<Event, { kind: K }>;

const UPLOADS_LOOKED_AT = 1000;

export function createEventHandler(deps: EventDeps, config: EventConfig) {
  const { db, queue, objects, catalog, clock, log, wake } = deps;
  const transact = <T>(work: (tx: Tx) => Promise<T>) => db.transaction().execute(work);
  const forget = async (ids: readonly string[]) => {
    if (ids.length > 0) await queue.cancel(config.taskQueue, ids);
  };
  const titleOf = async ({ bucket, key }: Event) => (await catalog.openTitle({ body: { bucket, key } })).id;

  async function onCreated(event: EventOf<'created'>): Promise<void> {
    const master = await headOrUndefined(objects, event);
    // Deleted or overwritten since: another event tells of that.
    if (master?.etag !== event.etag) return;
    const id = await titleOf(event);
    const outcome = await transact((tx) => takeMaster(tx, clock, id, event, master));
    if (!outcome) return;
    await forget(outcome.dropped);
    log.info('a master arrived', { title: id, version: outcome.version, bytes: master.size });
    wake(id);
  }

  async function onUpload(event: EventOf<'upload-started' | 'upload-progress'>): Promise<void> {
    const known = await findTitle(db, event.bucket, event.key);
    // A first sign of life that comes late must not bring back a title whose upload has ended.
    if (!known && !(await isOpen(objects, event))) return;
    const id = known?.title ?? (await titleOf(event));
    if (await transact((tx) => takeUpload(tx, clock, id, event))) wake(id);
  }

  async function onAborted(event: EventOf<'upload-aborted'>): Promise<void> {
    const known = await findTitle(db, event.bucket, event.key);
    if (!known) return;
    await transact(async (tx) => {
      const title = await lockTitle(tx, known.title);
      if (title?.state !== 'uploading' || title.upload_id !== event.uploadId) return;
      if (title.last_sequence >= event.sequence) return;
      // An earlier master that was refused keeps the reason that it was refused for.
      const reason = 'The upload was given up before the film was complete. Please upload it again.';
      const why = title.etag === null ? { reason, reason_code: 'upload_aborted' } : {};
      const values = { state: 'refused' as const, upload_id: null, last_sequence: event.sequence };
      await updateTitle(tx, title.title, { ...why, ...values });
    });
    wake(known.title);
  }

  /** What is published plays on; what is not cannot be made any more. */
  async function onRemoved(event: EventOf<'removed'>): Promise<void> {
    const known = await findTitle(db, event.bucket, event.key);
    if (!known || !isActive(known) || (await headOrUndefined(objects, event))) return;
    const dropped = await transact(async (tx) => {
      const title = await lockTitle(tx, known.title);
      if (!title || !isActive(title) || title.last_sequence >= event.sequence) return [];
      const reason = 'The file was deleted before all of its renditions were made.';
      return giveUp(tx, clock, title, { code: 'master_removed', reason });
    });
    await forget(dropped);
    wake(known.title);
  }

  return async (payload: JobPayload): Promise<void> => {
    const event = eventSchema.parse(payload);
    if (event.bucket === config.mediaBucket || !mayBeFilm(event.key)) return;
    if (event.kind === 'created') await onCreated(event);
    else if (event.kind === 'removed') await onRemoved(event);
    else if (event.kind === 'upload-aborted') await onAborted(event);
    else await onUpload(event);
  };
}

/** False for folders as S3 tools make them, and for hidden files such as `.DS_Store` and `._film.mov`. */
export function mayBeFilm(key: string): boolean {
  const name = key.split('/').at(-1) ?? '';
  return name !== '' && !name.startsWith('.') && !/^(thumbs\.db|desktop\.ini)$/i.test(name);
}

/** Makes the object the master at hand, with an inspection to come; undefined when it is so already. */
async function takeMaster(
  tx: Tx,
  clock: Clock,
  id: string,
  event: EventOf<'created'>,
  master: ObjectInfo,
): Promise<{ version: number; dropped: string[] } | undefined> {
  await insertTitle(tx, clock, { ...event, title: id }, 'inspecting');
  const title = await lockTitle(tx, id);
  if (!title || title.last_sequence >= event.sequence) return undefined;
  // The catalog knows it, so it was not removed for good unless its master is gone too.
  if (title.state === 'removed' && title.etag === null) return undefined;
  const modified = master.lastModified.getTime();
  const sound = isActive(title) || (title.state === 'ready' && title.reason === null);
  if (title.etag === event.etag && sound) {
    const values = { last_sequence: event.sequence, master_modified_ms: modified };
    await updateTitle(tx, id, values);
    return undefined;
  }
  const dropped = await dropVersion(tx, clock, title);
  const version = title.version + 1;
  await updateTitle(tx, id, {
    state: 'inspecting',
    last_sequence: event.sequence,
    ...{ upload_id: null, received: null, expected: null },
    ...{ etag: event.etag, master_bytes: master.size, master_modified_ms: modified, version },
    ...{ inspection: null, plan: null, pending: null, progress: 0, reason: null, reason_code: null },
  });
  const spec = { kind: 'inspect' as const, master: '', bytes: master.size };
  const name = 'inspect';
  const task = { name, track: name, kind: spec.kind, spec, priority: INSPECT, cost: 0, waits: false };
  await insertTasks(tx, id, version, [task]);
  return { version, dropped };
}

/** Ends the work on a version that another one takes the place of. */
export async function dropVersion(tx: Tx, clock: Clock, title: TitleRow): Promise<string[]> {
  const rows = await tx.deleteFrom('studio.tasks').where('title', '=', title.title).returning('id').execute();
  await addRemovals(tx, unneededPrefixes(title), clock.now() + LATE_WRITERS_MS);
  return rows.map(({ id }) => id);
}

/** True when something changed. A title that has a master keeps showing that one until the upload is complete. */
async function takeUpload(
  tx: Tx,
  clock: Clock,
  id: string,
  event: EventOf<'upload-started' | 'upload-progress'>,
): Promise<boolean> {
  await insertTitle(tx, clock, { ...event, title: id }, 'uploading');
  const title = await lockTitle(tx, id);
  if (!title || title.last_sequence >= event.sequence) return false;
  const begins = title.state === 'refused' && title.published === null;
  if (title.state !== 'uploading' && !begins) return false;
  if (event.kind === 'upload-progress' && title.upload_id !== null && title.upload_id !== event.uploadId) {
    return false;
  }
  await updateTitle(tx, id, {
    state: 'uploading',
    last_sequence: event.sequence,
    upload_id: event.uploadId,
    received: event.kind === 'upload-progress' ? event.receivedBytes : 0,
    expected: event.expectedBytes ?? title.expected,
    ...(begins ? { progress: 0 } : {}),
  });
  return true;
}

async function headOrUndefined(objects: ObjectStore, at: Event): Promise<ObjectInfo | undefined> {
  try {
    return await objects.head(at.bucket, at.key);
  } catch (error) {
    if (isMatineeError(error, 'not_found') || isMatineeError(error, 'bucket_missing')) return undefined;
    throw error;
  }
}

async function isOpen(
  objects: ObjectStore,
  event: EventOf<'upload-started' | 'upload-progress'>,
): Promise<boolean> {
  try {
    const open = await objects.listUploads(event.bucket, { prefix: event.key, limit: UPLOADS_LOOKED_AT });
    return open.some(({ uploadId }) => uploadId === event.uploadId);
  } catch (error) {
    if (isMatineeError(error, 'bucket_missing')) return false;
    throw error;
  }
}
