/**
 * Browser uploads: a title that is there from the first moment, a multipart upload in the store, and the row that
 * ties the two together across restarts. The bytes themselves go from the browser to the store.
 */
import type { Kysely } from 'kysely';
import type { Upload } from '../../contracts/uploads.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { ObjectStore, PartInfo, UploadRef } from '../../ports/objects/objects.ts';
import type { CatalogTables, UploadRow } from './tables.ts';
import { titleName } from './title-name.ts';
import type { Titles } from './titles.ts';
import { partBytesFor, partCount, partSize, uploadKey } from './upload-plan.ts';

export type UploadsDeps = {
  db: Kysely<CatalogTables>;
  titles: Titles;
  objects: ObjectStore;
  bucket: string;
  /** Scheme, host and port of the door as browsers reach it. */
  doorBaseUrl(): string;
  clock: Clock;
};
export type Uploads = ReturnType<typeof createUploads>;

const URL_LIFE_S = 3600;
/** After this long an upload that nobody finished is given up. */
const OPEN_DAYS_MAX = 7;
const SWEEP_MAX = 100;

export function createUploads(deps: UploadsDeps) {
  const { db, titles, objects, bucket, clock } = deps;

  const find = async (id: string): Promise<UploadRow> => {
    const row = await db.selectFrom('catalog.uploads').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw new MatineeError('not_found', 'there is no such upload, or it was given up');
    return row;
  };
  const parts = async (row: UploadRow): Promise<PartInfo[]> => {
    const upload = refOf(bucket, row);
    if (!upload || row.completed) return [];
    const found: PartInfo[] = [];
    for (let after: number | undefined; ; ) {
      const page = await objects.listParts(upload, { after, limit: 1000 });
      found.push(...page.parts);
      if (page.next === undefined) return found;
      after = page.next;
    }
  };
  const drop = async (row: UploadRow): Promise<void> => {
    const upload = refOf(bucket, row);
    if (upload) {
      await objects.abortUpload(upload).catch((error) => {
        if (!isMatineeError(error, 'upload_missing')) throw error;
      });
    }
    await titles.remove(row.title).catch((error) => {
      if (!isMatineeError(error, 'not_found')) throw error;
    });
    await db.deleteFrom('catalog.uploads').where('id', '=', row.id).execute();
  };

  return {
    start: async (file: { name: string; size: number; type?: string }): Promise<Upload> => {
      const id = newId(clock.now());
      const key = uploadKey(id, file.name);
      const name = titleName(file.name);
      const title = await titles.open({ bucket, key, name });
      await titles.report(title.id, { stage: 'Uploading', bytes: 0, bytesExpected: file.size });
      const attributes = { contentType: file.type || undefined, expectedBytes: file.size };
      const made = file.size === 0 ? undefined : await objects.createUpload(bucket, key, attributes);
      const row = await db
        .insertInto('catalog.uploads')
        .values({
          ...{ id, title: title.id, key, upload_id: made?.uploadId ?? null, name: file.name },
          ...{ size: file.size, type: file.type || null, part_bytes: partBytesFor(file.size) },
          created_at: new Date(clock.now()),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return uploadOf(row, []);
    },

    get: async (id: string): Promise<Upload> => {
      const row = await find(id);
      return uploadOf(row, await parts(row));
    },

    sign: async (id: string, partNumbers: readonly number[]) => {
      const row = await find(id);
      const upload = refOf(bucket, row);
      const last = partCount(row.size, row.part_bytes);
      if (!upload || row.completed || partNumbers.some((number) => number > last)) {
        throw new MatineeError('invalid_request', `this upload has the parts 1 to ${last}`);
      }
      const baseUrl = deps.doorBaseUrl();
      const sign = async (partNumber: number) => ({
        partNumber,
        url: await objects.presign('PUT', bucket, row.key, {
          ...{ expiresS: URL_LIFE_S, uploadId: upload.uploadId, partNumber, baseUrl },
        }),
      });
      return { parts: await Promise.all(partNumbers.map(sign)) };
    },

    /** Asked again after a lost reply it says the same. */
    complete: async (id: string): Promise<{ title: string }> => {
      const row = await find(id);
      if (row.completed) return { title: row.title };
      const upload = refOf(bucket, row);
      if (upload) await objects.completeUpload(upload, checkParts(row, await parts(row)));
      else await objects.put(bucket, row.key, new Uint8Array(0), { contentType: row.type ?? undefined });
      await db.updateTable('catalog.uploads').set({ completed: true }).where('id', '=', id).execute();
      return { title: row.title };
    },

    abort: async (id: string): Promise<void> => {
      const row = await find(id);
      if (row.completed)
        throw new MatineeError('not_found', 'the upload has ended; delete its title instead');
      await drop(row);
    },

    /** Gives up the open upload of a title that is being deleted. */
    abortOf: async (title: string): Promise<void> => {
      const rows = await db
        .selectFrom('catalog.uploads')
        .selectAll()
        .where('title', '=', title)
        .where('completed', '=', false)
        .execute();
      for (const row of rows) await drop(row);
    },

    /** Gives up what nobody finished and forgets what has ended. Tells how many rows it dealt with. */
    sweep: async (): Promise<number> => {
      const before = new Date(clock.now() - OPEN_DAYS_MAX * 86_400_000);
      const rows = await db
        .selectFrom('catalog.uploads')
        .selectAll()
        .where('created_at', '<', before)
        .limit(SWEEP_MAX)
        .execute();
      for (const row of rows) {
        if (row.completed) await db.deleteFrom('catalog.uploads').where('id', '=', row.id).execute();
        else await drop(row);
      }
      return rows.length;
    },
  };
}

function refOf(bucket: string, row: UploadRow): UploadRef | undefined {
  return row.upload_id === null ? undefined : { bucket, key: row.key, uploadId: row.upload_id };
}

function uploadOf(row: UploadRow, parts: readonly PartInfo[]): Upload {
  return {
    id: row.id,
    title: row.title,
    name: row.name,
    size: row.size,
    partBytes: row.part_bytes,
    parts: parts.map(({ partNumber, etag, size }) => ({ partNumber, etag, size })),
  };
}

/** Every part must be there, and of the size that the plan says. */
function checkParts(row: UploadRow, parts: readonly PartInfo[]): readonly PartInfo[] {
  const count = partCount(row.size, row.part_bytes);
  for (let number = 1; number <= count; number++) {
    const part = parts[number - 1];
    const size = partSize(row.size, row.part_bytes, number);
    if (part?.partNumber !== number || part.size !== size)
      throw new MatineeError('invalid_part', `part ${number} of ${count} is missing or has another size`);
  }
  if (parts.length > count) throw new MatineeError('invalid_part', `there are more than ${count} parts`);
  return parts;
}
