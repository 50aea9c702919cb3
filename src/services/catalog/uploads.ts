/**
 * Browser uploads: a title that is there from the first moment, a multipart upload in the store, and the row that
 * ties the two together across restarts. The bytes themselves go from the browser to the store.
 */
import type { Kysely } from 'kysely';
import { captionFormat } from '../../contracts/captions.ts';
import type { Upload } from '../../contracts/uploads.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { ObjectStore, PartInfo } from '../../ports/objects/objects.ts';
import type { CatalogTables, UploadRow } from './tables.ts';
import { oneLine, storableText, titleName } from './title-name.ts';
import { createTitles, type Titles } from './titles.ts';
import { createUploadEnds, refOf } from './upload-ends.ts';
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

type NewFile = { name: string; size: number; type?: string };
type StoredPart = Upload['parts'][number];

const NO_FILM = 'captions are no film: put them beside their film in the store, film.de.srt beside film.mp4';
const URL_LIFE_S = 3600;

export function createUploads(deps: UploadsDeps) {
  const { db, objects, bucket, clock } = deps;
  const ends = createUploadEnds(deps);

  const find = async (id: string): Promise<UploadRow> => {
    const row = await db.selectFrom('catalog.uploads').selectAll().where('id', '=', id).executeTakeFirst();
    // One that the store has not opened is nobody's yet.
    if (!row || (row.upload_id === null && row.size > 0)) throw gone();
    return row;
  };
  const storedParts = async (row: UploadRow): Promise<StoredPart[]> => {
    const upload = refOf(bucket, row);
    if (!upload) return [];
    const found: PartInfo[] = [];
    for (let after: number | undefined; ; ) {
      const page = await objects.listParts(upload, { after, limit: 1000 });
      found.push(...page.parts);
      if (page.next === undefined) return found;
      after = page.next;
    }
  };
  /** Does something with an open upload; one that the store has ended is either joined or gone. */
  const whileOpen = async <T>(row: UploadRow, work: () => Promise<T>, joined: () => T): Promise<T> => {
    if (row.completed) return joined();
    try {
      return await work();
    } catch (error) {
      if (!isMatineeError(error, 'upload_missing')) throw error;
      if (await ends.isJoined(row)) return joined();
      throw gone();
    }
  };
  /** The title and the row that ties it to its upload are made together, before the store hears of either. */
  const insert = async (file: NewFile): Promise<UploadRow> =>
    db.transaction().execute(async (tx) => {
      const id = newId(clock.now());
      const key = uploadKey(id, file.name);
      const fresh = { bucket, key, name: titleName(file.name), stage: 'Uploading', bytesExpected: file.size };
      const title = await createTitles(tx, clock).open(fresh);
      return tx
        .insertInto('catalog.uploads')
        .values({
          ...{ id, title: title.id, key, upload_id: null, name: storableText(file.name) },
          ...{ size: file.size, type: oneLine(file.type ?? '') || null, part_bytes: partBytesFor(file.size) },
          created_at: new Date(clock.now()),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  const openInStore = async (row: UploadRow): Promise<UploadRow> => {
    const attributes = { contentType: row.type ?? undefined, expectedBytes: row.size };
    const made = await objects.createUpload(bucket, row.key, attributes);
    return db
      .updateTable('catalog.uploads')
      .set({ upload_id: made.uploadId })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  };

  return {
    start: async (file: NewFile): Promise<Upload> => {
      if (captionFormat(file.name) !== undefined) throw new MatineeError('invalid_request', NO_FILM);
      const row = await insert(file);
      if (row.size === 0) return uploadOf(row, []);
      try {
        return uploadOf(await openInStore(row), []);
      } catch (error) {
        // Where this fails too, the sweep does it.
        await ends.giveUp(row).catch(() => false);
        throw error;
      }
    },

    get: async (id: string): Promise<Upload> => {
      const row = await find(id);
      const parts = () => storedParts(row);
      return uploadOf(row, await whileOpen(row, parts, () => plannedParts(row)));
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

    /** Asked again after a lost reply, or after a kill between joining and its record, it says the same. */
    complete: async (id: string): Promise<{ title: string }> => {
      const row = await find(id);
      const answer = { title: row.title };
      const join = async () => {
        const upload = refOf(bucket, row);
        if (upload) await objects.completeUpload(upload, checkParts(row, await storedParts(row)));
        else await objects.put(bucket, row.key, new Uint8Array(0), { contentType: row.type ?? undefined });
        await ends.markJoined(row);
        return answer;
      };
      return whileOpen(row, join, () => answer);
    },

    abort: async (id: string): Promise<void> => {
      const row = await find(id);
      if (row.completed || !(await ends.giveUp(row)))
        throw new MatineeError('not_found', 'the upload has ended; delete its title instead');
    },

    endOfTitle: ends.ofTitle,
    sweep: ends.sweep,
  };
}

function gone(): MatineeError {
  return new MatineeError('not_found', 'there is no such upload, or it was given up');
}

/** All parts of an upload that was joined; the store no longer tells their ETags. */
function plannedParts(row: UploadRow): StoredPart[] {
  return Array.from({ length: partCount(row.size, row.part_bytes) }, (_, index) => ({
    ...{ partNumber: index + 1, etag: '' },
    size: partSize(row.size, row.part_bytes, index + 1),
  }));
}

function uploadOf(row: UploadRow, parts: readonly StoredPart[]): Upload {
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
function checkParts(row: UploadRow, parts: readonly StoredPart[]): readonly StoredPart[] {
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
