/**
 * AWS Signature Version 4: canonical request, signing key, signed headers and presigned URLs.
 * Pure functions: the time and the credentials come in, nothing is sent and nothing is kept.
 * Source: "AWS Signature Version 4 for API requests" (IAM User Guide) and, for S3's own rules,
 * "Authenticating Requests (AWS Signature Version 4)" (Amazon S3 API Reference).
 */
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { MatineeError } from './errors.ts';

export const SIGV4_ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
/** SHA-256 of no bytes, in hex. */
export const EMPTY_PAYLOAD_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** The longest life of a presigned URL: 7 days. */
export const PRESIGN_EXPIRES_MAX_S = 604_800;

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
/** What a signing key is good for: one day, region and service. `day` is `yyyymmdd`. */
export type SigningScope = { day: string; region: string; service: string };
export type NameValue = readonly [name: string, value: string];

export type CanonicalParts = {
  method: string;
  /** Encoded as `canonicalPath` gives it. */
  path: string;
  /** Decoded pairs, in any order. */
  query: readonly NameValue[];
  /** Lower-case names and their values; the signed ones, sorted by name. */
  headers: readonly NameValue[];
  payloadHash: string;
};

export type SignRequestOptions = {
  method: string;
  /** Absolute; its path and query are sent as they stand, already percent-encoded. */
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the body, `UNSIGNED_PAYLOAD`, or one of the STREAMING values. */
  payloadHash: string;
  credentials: Credentials;
  region: string;
  service: string;
  date: Date;
};

/**
 * The given headers (names in lower case) with `host`, `x-amz-date`, `x-amz-content-sha256` and `authorization`
 * added. Signed are `host`, `content-type`, `content-md5`, `range` and every `x-amz-*`: the rest may be changed
 * by a proxy on the way.
 */
export function signRequest(options: SignRequestOptions): Record<string, string> {
  const { credentials, date, payloadHash } = options;
  const target = splitUrl(options.url);
  const headers: Record<string, string> = { host: target.host };
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
  headers['x-amz-date'] = amzDate(date);
  headers['x-amz-content-sha256'] = payloadHash;
  if (credentials.sessionToken) headers['x-amz-security-token'] = credentials.sessionToken;
  const signed = Object.entries(headers)
    .filter(([name]) => isSigned(name))
    .sort(byName);
  const scope = { day: amzDay(date), region: options.region, service: options.service };
  const canonical = canonicalRequest({
    method: options.method,
    path: canonicalPath(target.path, options.service),
    query: parseQuery(target.query),
    headers: signed,
    payloadHash,
  });
  const names = signed.map(([name]) => name).join(';');
  const signature = signText(
    stringToSign(amzDate(date), scope, canonical),
    signingKey(credentials.secretAccessKey, scope),
  );
  headers.authorization = `${SIGV4_ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scope)}, SignedHeaders=${names}, Signature=${signature}`;
  return headers;
}

export type PresignUrlOptions = {
  method: string;
  /** Scheme, host and port, with no path. */
  baseUrl: string;
  bucket: string;
  key: string;
  query?: Readonly<Record<string, string>>;
  /** 1 s to 7 days. */
  expiresS: number;
  credentials: Credentials;
  region: string;
  date: Date;
};

/**
 * A path-style S3 URL that lets its bearer make one request without credentials. Only `host` is signed, so a
 * browser may add any header but `x-amz-*`, which S3 wants signed. Throws invalid_request for an expiry out of range.
 */
export function presignUrl(options: PresignUrlOptions): string {
  const { baseUrl, bucket, key, credentials, date, expiresS } = options;
  if (!Number.isInteger(expiresS) || expiresS < 1 || expiresS > PRESIGN_EXPIRES_MAX_S) {
    throw new MatineeError('invalid_request', 'a presigned URL lives for 1 s to 7 days');
  }
  const scope = { day: amzDay(date), region: options.region, service: 's3' };
  const path = `/${uriEncode(bucket)}/${uriEncode(key, true)}`;
  const query: NameValue[] = [
    ...Object.entries(options.query ?? {}),
    ['X-Amz-Algorithm', SIGV4_ALGORITHM],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scopeText(scope)}`],
    ['X-Amz-Date', amzDate(date)],
    ['X-Amz-Expires', String(expiresS)],
    ['X-Amz-SignedHeaders', 'host'],
  ];
  if (credentials.sessionToken) query.push(['X-Amz-Security-Token', credentials.sessionToken]);
  const { scheme, host } = splitUrl(baseUrl);
  const canonical = canonicalRequest({
    method: options.method,
    path,
    query,
    headers: [['host', host]],
    payloadHash: UNSIGNED_PAYLOAD,
  });
  const signature = signText(
    stringToSign(amzDate(date), scope, canonical),
    signingKey(credentials.secretAccessKey, scope),
  );
  return `${scheme}://${host}${path}?${canonicalQuery(query)}&X-Amz-Signature=${signature}`;
}

export function canonicalRequest(parts: CanonicalParts): string {
  const names = parts.headers.map(([name]) => name).join(';');
  const lines = parts.headers.map(([name, value]) => `${name}:${canonicalValue(value)}\n`).join('');
  return `${parts.method.toUpperCase()}\n${parts.path}\n${canonicalQuery(parts.query)}\n${lines}\n${names}\n${parts.payloadHash}`;
}

/** `amzDateText` is the request's `x-amz-date`, `yyyymmddThhmmssZ`. */
export function stringToSign(amzDateText: string, scope: SigningScope, canonical: string): string {
  return `${SIGV4_ALGORITHM}\n${amzDateText}\n${scopeText(scope)}\n${sha256Hex(canonical)}`;
}

export function signingKey(secretAccessKey: string, scope: SigningScope): Buffer {
  const day = hmac(`AWS4${secretAccessKey}`, scope.day);
  return hmac(hmac(hmac(day, scope.region), scope.service), 'aws4_request');
}

/** The signature of a string to sign, in lower-case hex. */
export function signText(text: string, key: Uint8Array | KeyObject): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

export function scopeText(scope: SigningScope): string {
  return `${scope.day}/${scope.region}/${scope.service}/aws4_request`;
}

/** Sorted by encoded name, then by encoded value. */
export function canonicalQuery(pairs: readonly NameValue[]): string {
  return pairs
    .map(([name, value]): NameValue => [uriEncode(name), uriEncode(value)])
    .sort((a, b) => byName(a, b) || order(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/**
 * The path in the one spelling that is signed: decoded, then encoded once; twice for services other than S3.
 * Dot segments and double slashes stay, since S3 keys may hold them.
 */
export function canonicalPath(rawPath: string, service = 's3'): string {
  const once = encodeBytes(percentDecode(rawPath || '/'), true);
  return service === 's3' ? once : uriEncode(once, true);
}

/** Decoded pairs of a raw query in their order; a name without `=` has an empty value, `+` is a space. */
export function parseQuery(rawQuery: string): NameValue[] {
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [decodeQueryText(name), decodeQueryText(value)];
    });
}

/** RFC 3986 with the unreserved set kept, upper-case hex; `/` is kept too when asked. */
export function uriEncode(text: string, keepSlash = false): string {
  return encodeBytes(Buffer.from(text, 'utf8'), keepSlash);
}

/**
 * The bytes behind a percent-encoded text as it came on the wire. A `%` without two hex digits stands for itself;
 * characters above ASCII are taken as single bytes, as Node's HTTP parser delivers them.
 */
export function percentDecode(raw: string): Buffer {
  const bytes = Buffer.from(raw, 'latin1');
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    const hex = byte === 0x25 ? raw.slice(i + 1, i + 3) : '';
    const escaped = /^[0-9a-fA-F]{2}$/.test(hex);
    bytes[length++] = escaped ? Number.parseInt(hex, 16) : byte;
    if (escaped) i += 2;
  }
  return bytes.subarray(0, length);
}

/** `yyyymmddThhmmssZ`. */
export function amzDate(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** The time that an `x-amz-date` names, or undefined when it names none. */
export function parseAmzDate(text: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Scheme, authority (the scheme's own port left out, as clients do), path and query as they stand. */
export function splitUrl(url: string): { scheme: string; host: string; path: string; query: string } {
  const match = /^(https?):\/\/([^/?#]+)([^?#]*)(?:\?([^#]*))?/.exec(url);
  if (!match) throw new MatineeError('invalid_request', 'not an absolute http(s) URL');
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  const ownPort = scheme === 'https' ? ':443' : ':80';
  const host = authority.endsWith(ownPort) ? authority.slice(0, -ownPort.length) : authority;
  return { scheme, host, path: path || '/', query };
}

function amzDay(date: Date): string {
  return amzDate(date).slice(0, 8);
}

function isSigned(name: string): boolean {
  return name.startsWith('x-amz-') || ['host', 'content-type', 'content-md5', 'range'].includes(name);
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, ' ');
}

function decodeQueryText(text: string): string {
  return percentDecode(text.replaceAll('+', ' ')).toString('utf8');
}

function encodeBytes(bytes: Uint8Array, keepSlash: boolean): string {
  let encoded = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    const kept = /[A-Za-z0-9\-._~]/.test(char) || (keepSlash && char === '/');
    encoded += kept ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

function byName(a: NameValue, b: NameValue): number {
  return order(a[0], b[0]);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
