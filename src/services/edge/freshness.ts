/** How long a stored object may be used (RFC 9111 section 4.2, RFC 5861, RFC 8246). Pure functions. */
import type { IncomingHttpHeaders } from 'node:http';
import { httpDateMs } from './conditions.ts';

/** Moments in milliseconds since the epoch. */
export type Freshness = {
  readonly storable: boolean;
  /** When it left the origin: its age counts from here. */
  readonly storedMs: number;
  readonly freshUntilMs: number;
  /** Until then it is served stale while it is asked for anew. */
  readonly refreshUntilMs: number;
  /** Until then it is served stale when the origin is away. */
  readonly staleUntilMs: number;
};

/** Names of a publication never change their bytes, so what comes without a life of its own may be kept a while. */
const DEFAULT_LIFE_S = 3600;
export const DEFAULT_CACHE_CONTROL = `public, max-age=${DEFAULT_LIFE_S}`;
const IMMUTABLE_LIFE_S = 365 * 86_400;
const STALE_IF_ERROR_S = 86_400;
const SECONDS_MAX = 2 ** 31;

export type CacheControl = ReadonlyMap<string, string>;

/** Directives by lower-case name; of a repeated one the first counts. */
export function readCacheControl(text: string): CacheControl {
  const directives = new Map<string, string>();
  for (const match of text.matchAll(
    /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g,
  )) {
    const name = (match[1] as string).toLowerCase();
    if (!directives.has(name)) directives.set(name, match[2] ?? match[3] ?? '');
  }
  return directives;
}

export function readFreshness(headers: IncomingHttpHeaders, nowMs: number): Freshness {
  const control = readCacheControl(headers['cache-control'] ?? '');
  const ageS = readSeconds(headers.age?.trim()) ?? 0;
  const storedMs = nowMs - ageS * 1000;
  const freshUntilMs = storedMs + lifeS(control, headers, nowMs) * 1000;
  const strict = ['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage'].some((name) =>
    control.has(name),
  );
  const stale = (s: number) => (strict ? 0 : freshUntilMs + s * 1000);
  return {
    storable: !control.has('no-store') && !control.has('private'),
    storedMs,
    freshUntilMs,
    refreshUntilMs: stale(readSeconds(control.get('stale-while-revalidate')) ?? 0),
    staleUntilMs: stale(Math.max(STALE_IF_ERROR_S, readSeconds(control.get('stale-if-error')) ?? 0)),
  };
}

function lifeS(control: CacheControl, headers: IncomingHttpHeaders, nowMs: number): number {
  if (control.has('no-cache')) return 0;
  for (const name of ['s-maxage', 'max-age']) {
    // A life that cannot be read is no life (RFC 9111 section 4.2.1).
    if (control.has(name)) return readSeconds(control.get(name)) ?? 0;
  }
  if (control.has('immutable')) return IMMUTABLE_LIFE_S;
  if (headers.expires === undefined) return DEFAULT_LIFE_S;
  const expiresMs = httpDateMs(headers.expires);
  const dateMs = httpDateMs(headers.date ?? '') ?? nowMs;
  return expiresMs === undefined ? 0 : Math.max(0, Math.floor((expiresMs - dateMs) / 1000));
}

/** Whole seconds; undefined for any other text. Larger numbers than 2^31 count as that (RFC 9111 section 1.2.2). */
export function readSeconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]+$/.test(text)) return undefined;
  return Math.min(Number(text), SECONDS_MAX);
}

export type Verdict = 'fresh' | 'refresh' | 'stale' | 'expired';

/** `refresh`: use it and ask anew meanwhile; `stale`: use it only when the origin fails; `expired`: never. */
export function judge(freshness: Freshness, nowMs: number): Verdict {
  if (nowMs < freshness.freshUntilMs) return 'fresh';
  if (nowMs < freshness.refreshUntilMs) return 'refresh';
  return nowMs < freshness.staleUntilMs ? 'stale' : 'expired';
}

export function ageS(freshness: Freshness, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - freshness.storedMs) / 1000));
}
