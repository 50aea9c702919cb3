/** Reads what request headers say of an object: its attributes, conditions and range. Touches no store. */
import type { ByteRange, Conditions, ObjectAttributes } from '../../ports/objects/objects.ts';
import { S3Error } from './s3-error.ts';
import { headerText } from './s3-request.ts';

const METADATA_BYTES_MAX = 2048;
const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/** Throws S3Error for metadata over 2 KiB and for features that this door does not have. */
export function objectAttributes(headers: Headers, expectedBytes?: number): ObjectAttributes {
  requireKnownFeatures(headers);
  return {
    contentType: headerText(headers, 'content-type') ?? DEFAULT_CONTENT_TYPE,
    cacheControl: headerText(headers, 'cache-control'),
    contentDisposition: headerText(headers, 'content-disposition'),
    contentEncoding: withoutFraming(headerText(headers, 'content-encoding')),
    contentLanguage: headerText(headers, 'content-language'),
    expires: headerText(headers, 'expires'),
    metadata: metadataOf(headers),
    expectedBytes,
  };
}

/** The conditions of If-* headers, or of `x-amz-copy-source-if-*` with that prefix. */
export function readConditions(headers: Headers, prefix = ''): Conditions {
  return {
    ifMatch: etagOf(headers.get(`${prefix}if-match`)),
    ifNoneMatch: etagOf(headers.get(`${prefix}if-none-match`)),
    ifModifiedSince: dateOf(headers.get(`${prefix}if-modified-since`)),
    ifUnmodifiedSince: dateOf(headers.get(`${prefix}if-unmodified-since`)),
  };
}

/** The conditions that S3 knows on writes. */
export function writeConditions(headers: Headers): Pick<Conditions, 'ifMatch' | 'ifNoneMatch'> {
  const { ifMatch, ifNoneMatch } = readConditions(headers);
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', 'On writes If-None-Match can only be *.');
  }
  return { ifMatch, ifNoneMatch };
}

/** One range; S3 ignores a header that is malformed or asks for several. */
export function readRange(text: string | null): ByteRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '') return last === '' ? undefined : { suffix: Number(last) };
  if (last === '') return { start: Number(first) };
  return Number(last) < Number(first) ? undefined : { start: Number(first), end: Number(last) };
}

/** ETags go to the store quoted, as on the wire; some clients leave the quotes out. */
export function quotedEtag(text: string): string {
  const etag = text.trim().replace(/^W\//, '');
  return etag === '*' || etag.includes('"') ? etag : `"${etag}"`;
}

function etagOf(text: string | null): string | undefined {
  return text === null ? undefined : quotedEtag(text);
}

/** A date that cannot be read makes no condition, as HTTP says. */
function dateOf(text: string | null): Date | undefined {
  const date = text === null ? undefined : new Date(text);
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

function withoutFraming(encoding: string | undefined): string | undefined {
  const rest = (encoding ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && one.toLowerCase() !== 'aws-chunked');
  return rest.length > 0 ? rest.join(',') : undefined;
}

function metadataOf(headers: Headers): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const name of headers.keys()) {
    if (!name.startsWith('x-amz-meta-')) continue;
    const value = headerText(headers, name) ?? '';
    const short = name.slice('x-amz-meta-'.length);
    bytes += Buffer.byteLength(short) + Buffer.byteLength(value);
    metadata[short] = value;
  }
  if (bytes > METADATA_BYTES_MAX) throw new S3Error('MetadataTooLarge');
  return metadata;
}

const REFUSED_HEADERS = [
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-tagging',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
];
const GRANTS = ['read', 'write', 'read-acp', 'write-acp', 'full-control'].map((one) => `x-amz-grant-${one}`);
const OWNER_ACLS = ['private', 'bucket-owner-full-control', 'bucket-owner-read'];

/** A promise that would not be kept is refused, never dropped in silence. */
export function requireKnownFeatures(headers: Headers): void {
  const refused = REFUSED_HEADERS.find((name) => headers.has(name));
  if (refused) throw new S3Error('NotImplemented', `A header you provided is not implemented: ${refused}.`);
  const acl = headers.get('x-amz-acl') ?? 'private';
  if (!OWNER_ACLS.includes(acl) || GRANTS.some((name) => headers.has(name))) {
    throw new S3Error('AccessControlListNotSupported');
  }
  if ((headers.get('x-amz-storage-class') ?? 'STANDARD') !== 'STANDARD') {
    throw new S3Error('InvalidStorageClass');
  }
}
