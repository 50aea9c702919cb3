/**
 * Finds the fields of a CloudFront signature in a URL or in cookies, and takes them off the URL. It does not judge
 * whether they are right. A URL with any of the parameters is a signed URL: cookies are not looked at then
 * ("Decide to use signed URLs or signed cookies", Amazon CloudFront Developer Guide).
 */
import {
  CLOUDFRONT_COOKIE_PREFIX,
  CLOUDFRONT_FIELDS,
  type CloudFrontField,
  type CloudFrontHash,
} from '../../../platform/cloudfront-signing.ts';

export type SignatureFields = {
  /** Without the parameters of the signature. */
  readonly url: string;
  readonly keyId: string;
  readonly hash: CloudFrontHash;
  /** As it came, encoded. */
  readonly signature: string;
  /** Exactly one of both: the encoded policy, or seconds since the epoch as text. */
  readonly policy: string | undefined;
  readonly expires: string | undefined;
};

export type FieldsRefusal =
  | 'malformed url'
  | 'the path climbs'
  | 'no signature'
  | 'a field twice'
  | 'incomplete signature'
  | 'malformed field'
  | 'unknown hash algorithm';

export const URL_CHARS_MAX = 8 * 1024 + 256;
export const COOKIE_CHARS_MAX = 16 * 1024;
const VALUE_CHARS_MAX = 6 * 1024;

/** The bytes that the edge's parser lets into a target (http-bytes.ts), behind a scheme and a host. */
const URL_FORM =
  /^https?:\/\/[A-Za-z0-9._~%:[\]-]+(?:\/[\x21\x24-\x3b\x3d\x40-\x5b\x5d-\x7e]*)?(?:\?[\x21\x24-\x3b\x3d\x3f-\x5b\x5d-\x7e]*)?$/;
/** A segment of dots, spelled in any way that an origin may undo: it would climb out of a wildcard. */
const CLIMBS = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?=\/|%2f|%5c|$)/i;
const KEY_ID = /^[A-Za-z0-9_.-]{1,128}$/;
const EXPIRES = /^(?:0|[1-9][0-9]{0,11})$/;
const NAMES: ReadonlySet<string> = new Set(CLOUDFRONT_FIELDS);

type Found = Map<CloudFrontField, string>;

export function readFields(url: string, cookie: string): SignatureFields | FieldsRefusal {
  if (url.length > URL_CHARS_MAX || !URL_FORM.test(url)) return 'malformed url';
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (CLIMBS.test(path)) return 'the path climbs';
  const found: Found = new Map();
  const rest: string[] = [];
  for (const part of mark < 0 ? [] : url.slice(mark + 1).split('&')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!isField(name)) rest.push(part);
    else if (found.has(name)) return 'a field twice';
    else found.set(name, unescaped(equals < 0 ? '' : part.slice(equals + 1)));
  }
  if (found.size > 0) return complete(rest.length === 0 ? path : `${path}?${rest.join('&')}`, found);
  if (cookie.length > COOKIE_CHARS_MAX) return 'malformed field';
  return complete(url, readCookies(cookie));
}

/**
 * A browser sends cookies of one name once for each path that they were set for, the longest path first
 * (RFC 6265 section 5.4): the first is the one that was meant.
 */
function readCookies(cookie: string): Found {
  const found: Found = new Map();
  if (!cookie.includes(CLOUDFRONT_COOKIE_PREFIX)) return found;
  for (const part of cookie.split(';')) {
    const text = part.trim();
    const equals = text.indexOf('=');
    if (equals < 0 || !text.startsWith(CLOUDFRONT_COOKIE_PREFIX)) continue;
    const name = text.slice(CLOUDFRONT_COOKIE_PREFIX.length, equals);
    if (isField(name) && !found.has(name)) found.set(name, text.slice(equals + 1));
  }
  return found;
}

function complete(url: string, found: Found): SignatureFields | FieldsRefusal {
  if (found.size === 0) return 'no signature';
  const signature = found.get('Signature');
  const keyId = found.get('Key-Pair-Id');
  const policy = found.get('Policy');
  const expires = found.get('Expires');
  if (signature === undefined || keyId === undefined) return 'incomplete signature';
  if ((policy === undefined) === (expires === undefined)) return 'incomplete signature';
  const hash = found.get('Hash-Algorithm') ?? 'SHA1';
  if (hash !== 'SHA1' && hash !== 'SHA256') return 'unknown hash algorithm';
  if (signature.length > VALUE_CHARS_MAX || (policy ?? '').length > VALUE_CHARS_MAX) return 'malformed field';
  if (!KEY_ID.test(keyId) || (expires !== undefined && !EXPIRES.test(expires))) return 'malformed field';
  return { url, keyId, hash, signature, policy, expires };
}

/** Some clients escape the tilde, as URLs of RFC 2396's time asked; nothing else of the alphabet needs it. */
function unescaped(value: string): string {
  return value.includes('%') ? value.replaceAll(/%7e/gi, '~') : value;
}

function isField(name: string): name is CloudFrontField {
  return NAMES.has(name);
}
