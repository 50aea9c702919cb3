/** The port's attributes, conditions and checksums under the names that the S3 SDK gives them, both ways. Pure. */
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { MatineeError } from '../../platform/errors.ts';
import type {
  ByteRange,
  ChecksumKind,
  Conditions,
  ObjectAttributes,
  ObjectInfo,
  ObjectRef,
  PutResult,
} from './objects.ts';

const KINDS: readonly ChecksumKind[] = ['CRC64NVME', 'CRC32C', 'CRC32', 'SHA256', 'SHA1'];

export function attributeFields(attributes: ObjectAttributes) {
  return {
    ContentType: attributes.contentType,
    CacheControl: attributes.cacheControl,
    ContentDisposition: attributes.contentDisposition,
    ContentEncoding: attributes.contentEncoding,
    ContentLanguage: attributes.contentLanguage,
    Expires: attributes.expires === undefined ? undefined : new Date(attributes.expires),
    Metadata: attributes.metadata ? { ...attributes.metadata } : undefined,
  };
}

export function readFields(conditions: Conditions) {
  return {
    IfMatch: conditions.ifMatch,
    IfNoneMatch: conditions.ifNoneMatch,
    IfModifiedSince: conditions.ifModifiedSince,
    IfUnmodifiedSince: conditions.ifUnmodifiedSince,
  };
}

/** S3 knows no dates on writes. Throws invalid_request rather than leave one out. */
export function writeFields(conditions: Conditions) {
  if (conditions.ifModifiedSince || conditions.ifUnmodifiedSince) {
    throw new MatineeError('invalid_request', 'S3 takes no dates as conditions of a write');
  }
  return { IfMatch: conditions.ifMatch, IfNoneMatch: conditions.ifNoneMatch };
}

export function sourceFields(conditions: Conditions) {
  return {
    CopySourceIfMatch: conditions.ifMatch,
    CopySourceIfNoneMatch: conditions.ifNoneMatch,
    CopySourceIfModifiedSince: conditions.ifModifiedSince,
    CopySourceIfUnmodifiedSince: conditions.ifUnmodifiedSince,
  };
}

/** `bucket/key` as the copy headers want it. */
export function copySource({ bucket, key }: ObjectRef): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

export function rangeHeader(range: ByteRange): string {
  if ('suffix' in range) return `bytes=-${range.suffix}`;
  return `bytes=${range.start}-${range.end ?? ''}`;
}

/** What a Content-Range says, or undefined for a reply that is whole. */
export function parseContentRange(
  header: string | undefined,
): { start: number; end: number; size: number } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(header ?? '');
  return match ? { start: Number(match[1]), end: Number(match[2]), size: Number(match[3]) } : undefined;
}

export function checksumFields(checksum: PutResult['checksum']) {
  if (!checksum) return {};
  return { ChecksumAlgorithm: checksum.kind, [`Checksum${checksum.kind}`]: checksum.value };
}

type Checksums = Partial<Record<`Checksum${ChecksumKind}`, string>>;

export function checksumOfReply(reply: Checksums): Pick<PutResult, 'checksum'> {
  for (const kind of KINDS) {
    const value = reply[`Checksum${kind}`];
    if (value !== undefined) return { checksum: { kind, value } };
  }
  return {};
}

/** What HeadObject and GetObject say of an object. */
export function infoOfReply(key: string, reply: Omit<HeadObjectCommandOutput, '$metadata'>): ObjectInfo {
  const attributes: Record<string, string | undefined> = {
    contentType: reply.ContentType,
    cacheControl: reply.CacheControl,
    contentDisposition: reply.ContentDisposition,
    contentEncoding: reply.ContentEncoding,
    contentLanguage: reply.ContentLanguage,
    expires: reply.ExpiresString,
  };
  const present = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const metadata = reply.Metadata ?? {};
  return {
    key,
    etag: reply.ETag ?? '',
    size: parseContentRange(reply.ContentRange)?.size ?? reply.ContentLength ?? 0,
    lastModified: reply.LastModified ?? new Date(0),
    ...checksumOfReply(reply),
    ...Object.fromEntries(present),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** Undoes `encoding-type=url`, in which a space is a plus. */
export function decodeListed(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
