/** How objects, parts and pieces look in the metadata file, and their way from and to rows. No SQL, no files. */
import type { ChecksumKind, ObjectAttributes, ObjectInfo, PartInfo } from './objects.ts';

/** Where bytes are: in a blob file, or in the row itself when they are few. */
export type StoredBytes = { size: number; blob?: string; data?: Uint8Array };

/** Bytes of an object from `start` on. */
export type Piece = StoredBytes & { start: number };

export type StoredChecksum = { kind: ChecksumKind; value: string };

export type ObjectRow = {
  id: number;
  key: string;
  etag: string;
  size: number;
  lastModified: Date;
  checksum?: StoredChecksum;
  attributes: ObjectAttributes;
  /** The multipart upload that made it. */
  upload?: string;
};

/** What is about to be stored under a key. */
export type NewObject = Omit<ObjectRow, 'id' | 'key'>;

export type PartRow = PartInfo & { bytes: StoredBytes };

type Row = Record<string, unknown>;

export function objectRow(row: Row): ObjectRow {
  return {
    id: row.id as number,
    key: textOf(row.key),
    etag: row.etag as string,
    size: row.size as number,
    lastModified: new Date(row.modified_at as number),
    checksum: checksumOfRow(row),
    attributes: JSON.parse(row.attributes as string) as ObjectAttributes,
    upload: (row.upload as string | null) ?? undefined,
  };
}

export function partRow(row: Row): PartRow {
  return {
    partNumber: row.number as number,
    etag: row.etag as string,
    size: row.size as number,
    lastModified: new Date(row.modified_at as number),
    checksum: checksumOfRow(row),
    bytes: bytesOfRow(row),
  };
}

export function bytesOfRow(row: Row): StoredBytes {
  const size = row.size as number;
  if (typeof row.blob === 'string') return { size, blob: row.blob };
  return { size, data: (row.data as Uint8Array | null) ?? new Uint8Array(0) };
}

export function objectInfo(row: ObjectRow): ObjectInfo {
  const { key, etag, size, lastModified, checksum, attributes } = row;
  return { key, etag, size, lastModified, ...(checksum ? { checksum } : {}), ...attributes };
}

export function partInfo(row: PartRow): PartInfo {
  const { bytes: _, checksum, ...info } = row;
  return checksum ? { ...info, checksum } : info;
}

export function checksumText(checksum: StoredChecksum | undefined): string | null {
  return checksum ? JSON.stringify(checksum) : null;
}

export function keyBytes(key: string): Buffer {
  return Buffer.from(key, 'utf8');
}

export function textOf(bytes: unknown): string {
  const view = bytes as Uint8Array;
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('utf8');
}

function checksumOfRow(row: Row): StoredChecksum | undefined {
  return typeof row.checksum === 'string' ? (JSON.parse(row.checksum) as StoredChecksum) : undefined;
}
