/** What names, attributes and limits an object store accepts. Pure checks; each throws invalid_request. */
import { MatineeError } from '../../platform/errors.ts';
import type { ObjectAttributes } from './objects.ts';

export const KEY_BYTES_MAX = 1024;
export const METADATA_BYTES_MAX = 2048;
export const PART_NUMBER_MAX = 10_000;
/** Every part but the last. */
export const PART_BYTES_MIN = 5 * 1024 * 1024;
export const PAGE_MAX = 1000;

/** Source: Amazon S3 User Guide, "General purpose bucket naming rules". */
export function checkBucketName(bucket: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) || bucket.includes('..')) {
    throw new MatineeError(
      'invalid_request',
      'a bucket name has 3 to 63 lower-case letters, digits, dots and dashes',
    );
  }
}

export function checkKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes < 1 || bytes > KEY_BYTES_MAX || !key.isWellFormed()) {
    throw new MatineeError('invalid_request', 'a key has 1 to 1024 bytes of UTF-8');
  }
}

export function checkAttributes(attributes: ObjectAttributes): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(attributes.metadata ?? {})) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (bytes > METADATA_BYTES_MAX) {
    throw new MatineeError('invalid_request', `user metadata has at most ${METADATA_BYTES_MAX} bytes`);
  }
}

export function checkPartNumber(partNumber: number): void {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    throw new MatineeError('invalid_request', `part numbers go from 1 to ${PART_NUMBER_MAX}`);
  }
}

/** A page size within bounds; absent means the largest. */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return PAGE_MAX;
  if (!Number.isInteger(limit) || limit < 0) {
    throw new MatineeError('invalid_request', 'a limit is a whole number from 0');
  }
  return Math.min(limit, PAGE_MAX);
}

/** The attributes that are stored, in the order of their names, without those that are absent. */
export function storedAttributes(attributes: ObjectAttributes): ObjectAttributes {
  const { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, expires } =
    attributes;
  const stored = { contentType, cacheControl, contentDisposition, contentEncoding, contentLanguage, expires };
  const present = Object.entries(stored).filter(([, value]) => value !== undefined);
  const metadata = attributes.metadata;
  return {
    ...Object.fromEntries(present),
    ...(metadata && Object.keys(metadata).length > 0 ? { metadata: { ...metadata } } : {}),
  };
}
