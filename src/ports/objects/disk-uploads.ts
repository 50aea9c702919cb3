/**
 * Open multipart uploads and their parts in the metadata file. Synchronous; whoever changes something calls from
 * within a commit.
 */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { MatineeError } from '../../platform/errors.ts';
import { createChecksum } from './checksums.ts';
import { bareEtag } from './conditions.ts';
import { checksumText, keyBytes, type PartRow, partRow, type StoredChecksum, textOf } from './disk-rows.ts';
import { firstWith, successor } from './key-order.ts';
import { PART_BYTES_MIN } from './object-rules.ts';
import type { CompletedPart, ObjectAttributes, UploadInfo, UploadRef } from './objects.ts';

export type UploadRow = {
  id: string;
  bucket: number;
  key: string;
  startedAt: Date;
  activeAt: Date;
  expectedBytes?: number;
  attributes: ObjectAttributes;
};

export type Uploads = ReturnType<typeof createUploads>;

export function createUploads(db: DatabaseSync) {
  const insertUpload = db.prepare(
    'INSERT INTO uploads VALUES (:id, :bucket, :key, :now, :now, :expected, :attributes)',
  );
  const selectUpload = db.prepare('SELECT * FROM uploads WHERE id = ? AND bucket = ? AND key = ?');
  const selectUploads = db.prepare(`SELECT * FROM uploads
    WHERE bucket = :bucket AND key >= :from AND (:until IS NULL OR key < :until) ORDER BY key, id LIMIT :limit`);
  const selectStale = db.prepare(`SELECT u.id, u.key, b.name AS bucket_name FROM uploads u
    JOIN buckets b ON b.id = u.bucket WHERE u.active_at < ? LIMIT ?`);
  const touchUpload = db.prepare('UPDATE uploads SET active_at = ? WHERE id = ?');
  const deleteUpload = db.prepare('DELETE FROM uploads WHERE id = ?');
  const selectPart = db.prepare('SELECT * FROM parts WHERE upload = ? AND number = ?');
  const selectParts = db.prepare(
    'SELECT number, etag, size, modified_at, checksum FROM parts WHERE upload = ? AND number > ? ORDER BY number LIMIT ?',
  );
  const replacePart = db.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const deleteParts = db.prepare('DELETE FROM parts WHERE upload = ? RETURNING blob');
  const sumParts = db.prepare('SELECT coalesce(sum(size), 0) AS bytes FROM parts WHERE upload = ?');

  const part = (uploadId: string, number: number): PartRow | undefined => {
    const row = selectPart.get(uploadId, number);
    return row ? partRow(row) : undefined;
  };

  const find = (bucket: number, upload: UploadRef): UploadRow | undefined => {
    const row = selectUpload.get(upload.uploadId, bucket, keyBytes(upload.key));
    return row ? uploadRow(row) : undefined;
  };

  return {
    part,

    create: (upload: Omit<UploadRow, 'activeAt'>): void => {
      insertUpload.run({
        id: upload.id,
        bucket: upload.bucket,
        key: keyBytes(upload.key),
        now: upload.startedAt.getTime(),
        expected: upload.expectedBytes ?? null,
        attributes: JSON.stringify(upload.attributes),
      });
    },

    find,

    /** Throws upload_missing. */
    get: (bucket: number, upload: UploadRef): UploadRow => {
      const row = find(bucket, upload);
      if (!row) throw new MatineeError('upload_missing', 'the upload does not exist or has ended');
      return row;
    },

    list: (bucket: number, prefix: string, limit: number): UploadInfo[] => {
      const from = firstWith(keyBytes(prefix));
      const until = successor(keyBytes(prefix)) ?? null;
      return selectUploads.all({ bucket, from, until, limit }).map((row) => {
        const { key, id, startedAt } = uploadRow(row);
        return { key, uploadId: id, startedAt };
      });
    },

    stale: (before: number, limit: number): UploadRef[] =>
      selectStale.all(before, limit).map((row) => ({
        bucket: row.bucket_name as string,
        key: textOf(row.key),
        uploadId: row.id as string,
      })),

    receivedBytes: (uploadId: string): number => sumParts.get(uploadId)?.bytes as number,

    /** Gives the blob of the part that this one replaces. */
    putPart: (uploadId: string, fresh: PartRow): string | null => {
      const old = part(uploadId, fresh.partNumber);
      const { partNumber, etag, size, lastModified, checksum, bytes } = fresh;
      replacePart.run(
        uploadId,
        partNumber,
        etag,
        size,
        lastModified.getTime(),
        checksumText(checksum),
        bytes.blob ?? null,
        bytes.data ?? null,
      );
      touchUpload.run(lastModified.getTime(), uploadId);
      return old?.bytes.blob ?? null;
    },

    listParts: (uploadId: string, after: number, limit: number): PartRow[] =>
      selectParts.all(uploadId, after, limit).map(partRow),

    /** Ends an upload; gives the blobs of its parts, also of those that went into an object. */
    end: (uploadId: string): Array<string | null> => {
      deleteUpload.run(uploadId);
      return deleteParts.all(uploadId).map((row) => row.blob as string | null);
    },

    /** The stored parts that a completion names. Throws invalid_request, invalid_part(_order), part_too_small. */
    chosen: (uploadId: string, named: readonly CompletedPart[]): PartRow[] => {
      if (named.length === 0)
        throw new MatineeError('invalid_request', 'an upload is made of at least one part');
      const chosen: PartRow[] = [];
      for (const { partNumber, etag } of named) {
        if (partNumber <= (chosen.at(-1)?.partNumber ?? 0)) {
          throw new MatineeError('invalid_part_order', 'the parts are not in ascending order');
        }
        const stored = part(uploadId, partNumber);
        if (!stored || bareEtag(stored.etag) !== bareEtag(etag)) {
          throw new MatineeError('invalid_part', 'a part is missing or has another ETag', {
            details: { partNumber },
          });
        }
        chosen.push(stored);
      }
      const small = chosen.slice(0, -1).find(({ size }) => size < PART_BYTES_MIN);
      if (small) {
        throw new MatineeError('part_too_small', 'a part that is not the last is under 5 MiB', {
          details: { partNumber: small.partNumber, size: small.size },
        });
      }
      return chosen;
    },
  };
}

/** MD5 of the parts' MD5s and their count. Source: Amazon S3 User Guide, "Checking object integrity". */
export function multipartEtag(parts: readonly CompletedPart[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(bareEtag(etag), 'hex'));
  return `"${hash.digest('hex')}-${parts.length}"`;
}

/**
 * S3's composite checksum: the checksum of the parts' checksums and their count, when all parts carry one of the
 * same kind. CRC64NVME has no composite form.
 */
export function compositeChecksum(parts: readonly PartRow[]): StoredChecksum | undefined {
  const kind = parts[0]?.checksum?.kind;
  if (!kind || kind === 'CRC64NVME') return undefined;
  const whole = createChecksum(kind);
  for (const { checksum } of parts) {
    if (checksum?.kind !== kind) return undefined;
    whole.update(Buffer.from(checksum.value, 'base64'));
  }
  return { kind, value: `${whole.digest().toString('base64')}-${parts.length}` };
}

function uploadRow(row: Record<string, unknown>): UploadRow {
  return {
    id: row.id as string,
    bucket: row.bucket as number,
    key: textOf(row.key),
    startedAt: new Date(row.started_at as number),
    activeAt: new Date(row.active_at as number),
    expectedBytes: (row.expected as number | null) ?? undefined,
    attributes: JSON.parse(row.attributes as string) as ObjectAttributes,
  };
}
