/** What the edge knows of an object besides its bytes. Types and the reading of an origin's headers; no I/O. */
import type { IncomingHttpHeaders } from 'node:http';
import { DEFAULT_CACHE_CONTROL, type Freshness, readFreshness } from './freshness.ts';

export type ObjectMeta = {
  readonly status: number;
  /** Size of the whole object, in bytes. */
  readonly size: number;
  /** True when its bytes are kept in slices. */
  readonly sliced: boolean;
  /** Empty when the origin told none. */
  readonly etag: string;
  readonly lastModified: string;
  /** Headers that are passed on as they came. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly freshness: Freshness;
  /** When it was asked for or last confirmed, in milliseconds since the epoch. */
  readonly fetchedMs: number;
};

const PASSED_ON = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

const NEGATIVE_MS = 2000;

export function readMeta(
  headers: IncomingHttpHeaders,
  size: number,
  sliced: boolean,
  nowMs: number,
): ObjectMeta {
  return {
    status: 200,
    size,
    sliced,
    etag: headers.etag ?? '',
    lastModified: headers['last-modified'] ?? '',
    headers: passedOn(headers),
    freshness: readFreshness(headers, nowMs),
    fetchedMs: nowMs,
  };
}

/** Viewers are told the life that the edge itself goes by when the origin named none. */
function passedOn(headers: IncomingHttpHeaders): ObjectMeta['headers'] {
  const lives = headers['cache-control'] !== undefined || headers.expires !== undefined;
  const all = lives ? headers : { ...headers, 'cache-control': DEFAULT_CACHE_CONTROL };
  return PASSED_ON.flatMap((name) => {
    const value = all[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
}

/** What is kept when the origin has no such object: a short memory of that. */
export function missingMeta(nowMs: number): ObjectMeta {
  const freshness: Freshness = {
    storable: true,
    storedMs: nowMs,
    freshUntilMs: nowMs + NEGATIVE_MS,
    refreshUntilMs: 0,
    staleUntilMs: 0,
  };
  return {
    status: 404,
    size: 0,
    sliced: false,
    etag: '',
    lastModified: '',
    headers: [],
    freshness,
    fetchedMs: nowMs,
  };
}

/** The stored object with what a 304 said anew (RFC 9111 section 4.3.4). */
export function refreshedMeta(meta: ObjectMeta, headers: IncomingHttpHeaders, nowMs: number): ObjectMeta {
  const kept = Object.fromEntries(meta.headers);
  const merged = { ...kept, ...headers };
  const renewed = readMeta(merged, meta.size, meta.sliced, nowMs);
  return {
    ...renewed,
    etag: headers.etag ?? meta.etag,
    lastModified: headers['last-modified'] ?? meta.lastModified,
    headers: renewed.headers.map(([name, value]) =>
      // A 304 must not change what the bytes are.
      name.startsWith('content-') ? ([name, kept[name] ?? value] as const) : ([name, value] as const),
    ),
  };
}

/** The cache key of one slice. It names the object's version, so that slices of two versions never mix. */
export function sliceKey(key: string, meta: ObjectMeta, index: number): string {
  return `${key}\n${meta.etag || `${meta.lastModified} ${meta.size}`}\n${index}`;
}
