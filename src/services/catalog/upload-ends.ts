/**
 * How an upload ends: joined or given up, and never both. The store decides, because joining and aborting are each
 * atomic there; the row only remembers. A process that was killed between the two therefore finds out what became
 * of its upload by asking the store, and a film that is whole is never taken for an upload that nobody finished.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import { ignoreAbsent } from '../../ports/objects/absent.ts';
import type { ObjectStore, UploadRef } from '../../ports/objects/objects.ts';
import type { CatalogTables, UploadRow } from './tables.ts';
import type { Titles } from './titles.ts';

export type UploadEndsDeps = {
  db: Kysely<CatalogTables>;
  titles: Titles;
  objects: ObjectStore;
  bucket: string;
  clock: Clock;
};
export type UploadEnds = ReturnType<typeof createUploadEnds>;

/** After this long an upload that nobody finished is given up. */
const OPEN_DAYS_MAX = 7;
/** The store answers within seconds; a row that still waits for it was left by a process that died. */
const OPENING_HOURS_MAX = 1;
const SWEEP_MAX = 100;
const LOOKED_AT = 100;
const HOUR_MS = 3_600_000;

export function createUploadEnds({ db, titles, objects, bucket, clock }: UploadEndsDeps) {
  const forget = async (row: UploadRow): Promise<void> => {
    await db.deleteFrom('catalog.uploads').where('id', '=', row.id).execute();
  };
  const markJoined = async (row: UploadRow): Promise<void> => {
    await db.updateTable('catalog.uploads').set({ completed: true }).where('id', '=', row.id).execute();
  };
  /** Asks the store where the row does not know, and writes down what it learns. */
  const isJoined = async (row: UploadRow): Promise<boolean> => {
    if (row.completed) return true;
    const object = await objects.head(bucket, row.key).catch(ignoreAbsent);
    if (object?.size !== row.size) return false;
    await markJoined(row);
    return true;
  };
  /** What plays was joined once, also when its master has been deleted since. */
  const isPublished = async (title: string): Promise<boolean> => {
    const row = await titles.find(title).catch(ignoreAbsent);
    return row !== undefined && row.publication !== null;
  };
  const openIn = async (row: UploadRow): Promise<UploadRef[]> => {
    const known = refOf(bucket, row);
    if (known || row.size === 0) return known ? [known] : [];
    const found = await objects
      .listUploads(bucket, { prefix: row.key, limit: LOOKED_AT })
      .catch(ignoreAbsent);
    return (found ?? []).filter(({ key }) => key === row.key).map((open) => ({ ...open, bucket }));
  };

  /** Frees the parts and takes the title away. False, with nothing done, when the upload was joined before. */
  const giveUp = async (row: UploadRow): Promise<boolean> => {
    for (const upload of await openIn(row)) await objects.abortUpload(upload).catch(ignoreAbsent);
    // Only now: from the abort on nobody can join it any more.
    if ((await isJoined(row)) || (await isPublished(row.title))) return false;
    await titles.remove(row.title).catch(ignoreAbsent);
    await forget(row);
    return true;
  };

  return {
    giveUp,
    isJoined,
    markJoined,

    /** Ends all that belongs to a title that is being deleted. */
    ofTitle: async (title: string): Promise<void> => {
      const rows = await db
        .selectFrom('catalog.uploads')
        .selectAll()
        .where('title', '=', title)
        .limit(LOOKED_AT)
        .execute();
      for (const row of rows) {
        if (row.completed || !(await giveUp(row))) await forget(row);
      }
    },

    /**
     * Gives up what nobody finished and forgets what has ended. One that cannot be ended now does not hold up the
     * others; its failure is thrown after them.
     */
    sweep: async (): Promise<void> => {
      const old = new Date(clock.now() - OPEN_DAYS_MAX * 24 * HOUR_MS);
      const leftOpening = new Date(clock.now() - OPENING_HOURS_MAX * HOUR_MS);
      const rows = await db
        .selectFrom('catalog.uploads')
        .selectAll()
        .where((where) =>
          where.or([
            where('created_at', '<', old),
            where.and([
              where('upload_id', 'is', null),
              where('size', '>', 0),
              where('created_at', '<', leftOpening),
            ]),
          ]),
        )
        .orderBy('created_at')
        .limit(SWEEP_MAX)
        .execute();
      const failures: unknown[] = [];
      for (const row of rows) {
        try {
          if (row.completed || !(await giveUp(row))) await forget(row);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Undefined for an empty file, which needs no parts, and before the store has opened the upload. */
export function refOf(bucket: string, row: UploadRow): UploadRef | undefined {
  return row.upload_id === null ? undefined : { bucket, key: row.key, uploadId: row.upload_id };
}
