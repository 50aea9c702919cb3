/** Renders how an object was come by as `Cache-Status` (RFC 9211), for players, people and tests. Pure. */
import type { FailureKind } from './failure.ts';
import type { Source } from './object-cache.ts';
import type { ObjectMeta } from './stored-object.ts';

const TOKEN = /^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/;

/** The name of this cache as a token when it is one, else as a string; edge names hold no quotes. */
export function cacheName(edge: string): string {
  return TOKEN.test(edge) ? edge : `"${edge}"`;
}

export function cacheStatus(name: string, source: Source, meta: ObjectMeta, nowMs: number): string {
  const { freshUntilMs, storable } = meta.freshness;
  const ttl = `ttl=${Math.floor((freshUntilMs - nowMs) / 1000)}`;
  switch (source) {
    case 'memory':
    case 'disk':
      return `${name}; hit; ${ttl}; detail=${source}`;
    case 'stale':
      return `${name}; hit; ${ttl}; detail=stale`;
    case 'revalidated':
      return `${name}; fwd=stale; fwd-status=304; ${ttl}`;
    case 'collapsed':
      return `${name}; fwd=uri-miss; collapsed`;
    case 'pass':
      return `${name}; fwd=bypass`;
    case 'miss':
      return `${name}; fwd=uri-miss${storable ? '; stored' : ''}`;
  }
}

export function failedStatus(name: string, kind: FailureKind): string {
  return `${name}; fwd=uri-miss; detail=${kind}`;
}
