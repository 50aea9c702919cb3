/**
 * Buckets and objects in the metadata file. Synchronous; whoever changes something calls from within a commit.
 * Changes give back the blobs that nothing names any more; their files are somebody else's business.
 */
import type { DatabaseSync } from 'node:sqlite';
import { MatineeError } from '../../platform/errors.ts';
import {
  bytesOfRow,
  checksumText,
  keyBytes,
  type NewObject,
  type ObjectRow,
  objectRow,
  type Piece,
  type StoredBytes,
} from './disk-rows.ts';
import type { BucketInfo } from './objects.ts';

export type Metadata = ReturnType<typeof createMetadata>;

export function createMetadata(db: DatabaseSync) {
  const insertBucket = db.prepare('INSERT OR IGNORE INTO buckets (name, created_at) VALUES (?, ?)');
  const deleteBucket = db.prepare('DELETE FROM buckets WHERE id = ?');
  const selectBucket = db.prepare('SELECT id, name, created_at FROM buckets WHERE name = ?');
  const selectBuckets = db.prepare('SELECT name, created_at FROM buckets ORDER BY name');
  const bucketInUse = db.prepare(`SELECT EXISTS (SELECT 1 FROM objects WHERE bucket = :bucket)
    OR EXISTS (SELECT 1 FROM uploads WHERE bucket = :bucket) AS used`);
  const selectObject = db.prepare('SELECT * FROM objects WHERE bucket = ? AND key = ?');
  const deleteObject = db.prepare('DELETE FROM objects WHERE id = ?');
  const insertObject = db.prepare(`INSERT INTO objects
    (bucket, key, etag, size, modified_at, checksum, attributes, upload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertPiece = db.prepare(
    'INSERT INTO pieces (object, start, size, blob, data) VALUES (?, ?, ?, ?, ?)',
  );
  const deletePieces = db.prepare('DELETE FROM pieces WHERE object = ? RETURNING blob');
  const selectPieces = db.prepare(`SELECT start, size, blob, data FROM pieces
    WHERE object = :object AND start <= :end
      AND start >= coalesce((SELECT max(start) FROM pieces WHERE object = :object AND start <= :start), 0)
    ORDER BY start`);
  const blobNamed = db.prepare(`SELECT EXISTS (SELECT 1 FROM pieces WHERE blob = :blob)
    OR EXISTS (SELECT 1 FROM parts WHERE blob = :blob) AS named`);

  /** Whether any object or part still is made of this blob. */
  const isNamed = (blob: string) => blobNamed.get({ blob })?.named === 1;

  /** Throws bucket_missing. */
  const bucketId = (name: string): number => {
    const row = selectBucket.get(name);
    if (!row) throw new MatineeError('bucket_missing', 'the bucket does not exist', { details: { name } });
    return row.id as number;
  };

  const find = (bucket: number, key: string): ObjectRow | undefined => {
    const row = selectObject.get(bucket, keyBytes(key));
    return row ? objectRow(row) : undefined;
  };

  /** Gives the blobs that the row was made of. */
  const dropRow = (object: ObjectRow): Array<string | null> => {
    deleteObject.run(object.id);
    return deletePieces.all(object.id).map((row) => row.blob as string | null);
  };

  const unnamed = (blobs: Iterable<string | null>): string[] => {
    const unique = new Set<string>();
    for (const blob of blobs) if (blob !== null) unique.add(blob);
    return [...unique].filter((blob) => !isNamed(blob));
  };

  return {
    isNamed,
    unnamed,
    bucketId,
    find,

    /** Throws not_found. */
    get: (bucket: number, key: string): ObjectRow => {
      const row = find(bucket, key);
      if (!row) throw new MatineeError('not_found', 'there is no such object');
      return row;
    },

    /** The pieces that hold the bytes from `start` to `end`, both inclusive. */
    pieces: (object: number, start: number, end: number): Piece[] =>
      selectPieces.all({ object, start, end }).map((row) => ({
        start: row.start as number,
        ...bytesOfRow(row),
      })),

    /** Replaces whatever is under the key; gives the blobs left without a name. */
    replace: (bucket: number, key: string, object: NewObject, content: readonly StoredBytes[]): string[] => {
      const old = find(bucket, key);
      // The old pieces go first, since SQLite may give their object's id to the new one.
      const freed = old ? dropRow(old) : [];
      const { lastInsertRowid } = insertObject.run(
        bucket,
        keyBytes(key),
        object.etag,
        object.size,
        object.lastModified.getTime(),
        checksumText(object.checksum),
        JSON.stringify(object.attributes),
        object.upload ?? null,
      );
      let start = 0;
      for (const { size, blob, data } of content) {
        if (size > 0) insertPiece.run(Number(lastInsertRowid), start, size, blob ?? null, data ?? null);
        start += size;
      }
      return unnamed(freed);
    },

    /** Undefined when there was nothing to remove. */
    remove: (bucket: number, key: string): string[] | undefined => {
      const old = find(bucket, key);
      return old ? unnamed(dropRow(old)) : undefined;
    },

    createBucket: (name: string, now: number): void => {
      const { changes } = insertBucket.run(name, now);
      if (changes === 0) throw new MatineeError('bucket_exists', 'the bucket exists', { details: { name } });
    },

    deleteBucket: (name: string): void => {
      const bucket = bucketId(name);
      if (bucketInUse.get({ bucket })?.used === 1) {
        throw new MatineeError('bucket_not_empty', 'the bucket still holds objects or open uploads');
      }
      deleteBucket.run(bucket);
    },

    findBucket: (name: string): BucketInfo | undefined => {
      const row = selectBucket.get(name);
      return row ? bucketInfo(row) : undefined;
    },

    listBuckets: (): BucketInfo[] => selectBuckets.all().map(bucketInfo),
  };
}

function bucketInfo(row: Record<string, unknown>): BucketInfo {
  return { name: row.name as string, createdAt: new Date(row.created_at as number) };
}
