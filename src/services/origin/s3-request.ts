/**
 * A request as S3 sees it: bucket, key and query taken from the raw target, never from a URL that a parser has
 * normalised, since keys may hold `..` and `//`. Path-style only. Decides nothing about who may do what.
 */
import type { RequestContext } from '../../platform/service.ts';
import { canonicalPath, type NameValue, parseQuery, percentDecode } from '../../platform/sigv4.ts';
import { S3Error } from './s3-error.ts';

export type S3Request = {
  readonly method: string;
  /** The path in the spelling that is signed. */
  readonly canonicalPath: string;
  /** All pairs, decoded, in their order. */
  readonly pairs: readonly NameValue[];
  /** The first value of each name. */
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Headers;
  readonly host: string;
  readonly bucket?: string;
  readonly key?: string;
  /** Reads nothing until it is called; the client of `Expect: 100-continue` waits for that. */
  body(): ReadableStream<Uint8Array> | null;
  /** Whether the body's end is known from the head, as HTTP/1.1 asks. */
  readonly framed: boolean;
};

const TARGET_BYTES_MAX = 16 * 1024;
const KEY_BYTES_MAX = 1024;

/** Throws S3Error InvalidURI or KeyTooLongError. */
export function readS3Request(request: Request, context: RequestContext): S3Request {
  const target = targetOf(context.rawTarget);
  const cut = target.indexOf('?');
  const rawPath = cut < 0 ? target : target.slice(0, cut);
  const pairs = cut < 0 ? [] : parseQuery(target.slice(cut + 1));
  const query = new Map([...pairs].reverse());
  const headers = request.headers;
  const framed =
    context.remoteAddress === 'in-process' ||
    headers.has('content-length') ||
    headers.has('transfer-encoding');
  return {
    method: request.method,
    canonicalPath: canonicalPath(rawPath),
    pairs,
    query,
    headers,
    host: headers.get('host') ?? new URL(request.url).host,
    ...bucketAndKey(rawPath),
    body: () => request.body,
    framed,
  };
}

function targetOf(rawTarget: string): string {
  if (rawTarget.length > TARGET_BYTES_MAX) throw new S3Error('InvalidURI');
  const target = rawTarget.replace(/^https?:\/\/[^/?]*/, '');
  if (!target.startsWith('/')) throw new S3Error('InvalidURI');
  return target;
}

function bucketAndKey(rawPath: string): { bucket?: string; key?: string } {
  const path = rawPath.slice(1);
  const slash = path.indexOf('/');
  const bucket = decodeStrictly(slash < 0 ? path : path.slice(0, slash));
  const key = slash < 0 ? '' : decodeStrictly(path.slice(slash + 1));
  if (bucket === '') {
    if (key !== '') throw new S3Error('InvalidBucketName');
    return {};
  }
  return key === '' ? { bucket } : { bucket, key: checkedKey(key) };
}

/** Throws KeyTooLongError over 1,024 bytes, InvalidArgument for none. */
export function checkedKey(key: string): string {
  if (key === '') throw new S3Error('InvalidArgument', 'A key has at least one character.');
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) throw new S3Error('KeyTooLongError');
  return key;
}

/** Percent-decoded text that is UTF-8. Throws InvalidURI for other bytes, and for NUL. */
export function decodeStrictly(raw: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(percentDecode(raw));
    if (!text.includes('\0')) return text;
  } catch {
    throw new S3Error('InvalidURI');
  }
  throw new S3Error('InvalidURI');
}

/** Header values are bytes on the wire; S3 clients mean UTF-8 by them. */
export function headerText(headers: Headers, name: string): string | undefined {
  const value = headers.get(name);
  return value === null ? undefined : Buffer.from(value, 'latin1').toString('utf8');
}

const BUCKET =
  /^(?!xn--|sthree-)(?!.*(?:-s3alias|--ol-s3)$)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** The naming rules of general purpose buckets. */
export function isBucketName(name: string): boolean {
  return BUCKET.test(name);
}
