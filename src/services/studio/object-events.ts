/**
 * What the studio makes of object events. Events come at least once and not always in order, so each is weighed
 * against what is known: its sequence, the object as it is now, and the uploads that are open now.
 *
 * Every object is taken for a film until inspection says otherwise, except those that are evidently none: folders,
 * hidden files, and caption files, which belong to the film beside them. A text file of another kind thus becomes a
 * refused title that tells its uploader why.
 */
import type { CatalogClient } from '../../clients/catalog.ts';
import { captionFormat } from '../../contracts/captions.ts';
import type { Clock } from '../../platform/clock.ts';
import { ignoring } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { ignoreAbsent } from '../../ports/objects/absent.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { JobPayload, Queue } from '../../ports/queue/queue.ts';
import { type Event, type EventOf, eventSchema, takeMaster, takeUpload } from './arrivals.ts';
import { tellExtent } from './grow.ts';
import { playsUnfinished } from './light.ts';
import type { LadderConfig } from './presets.ts';
import { findTitle, isActive, lockTitle, readTitle, updateTitle } from './rows.ts';
import { giveUp } from './setbacks.ts';
import { adoptTexts, noteSidecar, titlesBeside } from './sidecars.ts';
import type { Db, Tx } from './tables.ts';

export type EventDeps = {
  db: Db;
  queue: Queue;
  objects: ObjectStore;
  catalog: CatalogClient;
  clock: Clock;
  log: Log;
  wake(title: string): void;
};
export type EventConfig = { mediaBucket: string; taskQueue: string; encryption: string } & Pick<
  LadderConfig,
  'loudnessLufs' | 'speechLanguages'
>;

const UPLOADS_LOOKED_AT = 1000;

export function createEventHandler(deps: EventDeps, config: EventConfig) {
  const { db, queue, objects, catalog, clock, log, wake } = deps;
  const transact = <T>(work: (tx: Tx) => Promise<T>) => db.transaction().execute(work);
  const forget = async (ids: readonly string[]) => {
    if (ids.length > 0) await queue.cancel(config.taskQueue, ids);
  };
  const titleOf = async ({ bucket, key }: Event) => (await catalog.openTitle({ body: { bucket, key } })).id;

  async function onCreated(event: EventOf<'created'>): Promise<void> {
    const master = await objects.head(event.bucket, event.key).catch(ignoreAbsent);
    // Deleted or overwritten since: another event tells of that.
    if (master?.etag !== event.etag) return;
    const id = await titleOf(event);
    await takeLightBack(id, event.etag);
    const outcome = await transact((tx) => takeMaster(tx, clock, id, event, master, config));
    if (!outcome) return;
    await forget(outcome.dropped);
    log.info('a master arrived', { title: id, version: outcome.version, bytes: master.size });
    wake(id);
  }

  /** The first light of an older master stops in its middle, so nobody shall begin to watch it. */
  async function takeLightBack(id: string, etag: string): Promise<void> {
    const title = await readTitle(db, id);
    if (!title?.light || title.etag === etag || !playsUnfinished(title)) return;
    const number = title.light.number as number;
    await catalog.withdrawPublication({ params: { id, number } });
    await tellExtent({ ...deps, mediaBucket: config.mediaBucket }, title, 'ended');
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
    if (!known || !isActive(known) || (await objects.head(event.bucket, event.key).catch(ignoreAbsent)))
      return;
    const dropped = await transact(async (tx) => {
      const title = await lockTitle(tx, known.title);
      if (!title || !isActive(title) || title.last_sequence >= event.sequence) return [];
      const reason = 'The file was deleted before all of its renditions were made.';
      return giveUp(tx, clock, title, { code: 'master_removed', reason });
    });
    await forget(dropped);
    wake(known.title);
  }

  /** Captions beside a master; of uploads only the end matters, as they are small. */
  async function onSidecar(event: EventOf<'created' | 'removed'>): Promise<void> {
    await noteSidecar(deps, event);
    for (const id of await titlesBeside(db, event.bucket, event.key)) {
      const dropped = await transact((tx) => adoptTexts(tx, id, config));
      if (!dropped) continue;
      await forget(dropped);
      log.info('the captions beside a master changed', { title: id });
      wake(id);
    }
  }

  return async (payload: JobPayload): Promise<void> => {
    const event = eventSchema.parse(payload);
    if (event.bucket === config.mediaBucket || !mayBeFilm(event.key)) return;
    if (captionFormat(event.key) !== undefined) {
      if (event.kind === 'created' || event.kind === 'removed') await onSidecar(event);
      return;
    }
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

async function isOpen(
  objects: ObjectStore,
  event: EventOf<'upload-started' | 'upload-progress'>,
): Promise<boolean> {
  const open = await objects
    .listUploads(event.bucket, { prefix: event.key, limit: UPLOADS_LOOKED_AT })
    .catch(ignoring('bucket_missing'));
  return open?.some(({ uploadId }) => uploadId === event.uploadId) ?? false;
}
