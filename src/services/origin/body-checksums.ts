/** Reads which digests a request states of its body, in headers or as trailers to come. Computes none. */
import type { BodyChecks, ChecksumKind } from '../../ports/objects/objects.ts';
import { S3Error } from './s3-error.ts';

export const CHECKSUM_HEADERS: Readonly<Record<string, ChecksumKind>> = {
  'x-amz-checksum-crc32': 'CRC32',
  'x-amz-checksum-crc32c': 'CRC32C',
  'x-amz-checksum-crc64nvme': 'CRC64NVME',
  'x-amz-checksum-sha1': 'SHA1',
  'x-amz-checksum-sha256': 'SHA256',
};

const DIGEST_BYTES: Record<ChecksumKind, number> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** The trailers that `x-amz-trailer` announces: at most one checksum and nothing else. */
export function announcedTrailers(headers: Headers): string[] {
  const names = (headers.get('x-amz-trailer') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  if (names.length > 1 || names.some((name) => !(name in CHECKSUM_HEADERS))) {
    throw new S3Error('InvalidRequest', 'x-amz-trailer may announce one x-amz-checksum header.');
  }
  return names;
}

/** The checksum of the headers or, when announced, of the trailer. Throws S3Error InvalidRequest or InvalidDigest. */
export function statedChecks(
  headers: Headers,
  trailer: (name: string) => string | undefined,
): Pick<BodyChecks, 'md5' | 'checksum'> {
  const md5 = headers.get('content-md5') ?? undefined;
  if (md5 !== undefined && !isBase64Of(md5, 16)) throw new S3Error('InvalidDigest');
  const inHeaders = Object.keys(CHECKSUM_HEADERS).filter((name) => headers.has(name));
  const late = announcedTrailers(headers);
  const [name] = [...inHeaders, ...late];
  if (inHeaders.length + late.length > 1) {
    throw new S3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.',
    );
  }
  if (name === undefined) return { md5 };
  const kind = CHECKSUM_HEADERS[name] as ChecksumKind;
  const [header] = inHeaders;
  if (header === undefined)
    return { md5, checksum: { kind, value: () => checkedDigest(name, kind, trailer(name)) } };
  return { md5, checksum: { kind, value: checkedDigest(name, kind, headers.get(name) ?? undefined) } };
}

/** The header that carries a checksum of this kind. */
export function checksumHeader(kind: ChecksumKind): string {
  return `x-amz-checksum-${kind.toLowerCase()}`;
}

function checkedDigest(name: string, kind: ChecksumKind, value: string | undefined): string {
  if (value !== undefined && isBase64Of(value, DIGEST_BYTES[kind])) return value;
  throw new S3Error('InvalidRequest', `Value for ${name} header is invalid.`);
}

function isBase64Of(text: string, bytes: number): boolean {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
}
