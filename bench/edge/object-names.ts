/**
 * Names of the objects that the benchmark's origin makes up. The name tells everything: how the object behaves,
 * its size and which one of its kind it is.
 */

export const BUCKET = 'media';
export const PREFIX = 'titles/bench/1/';

/** What the origin does for a kind of object. */
export const KINDS = {
  plain: { cacheControl: 'public, max-age=86400' },
  /** Its body takes a second, in pieces; the head comes at once. */
  trickle: { cacheControl: 'public, max-age=86400', bodyMs: 1000 },
  /** Soon stale, and may be served stale for an hour. */
  stale: { cacheControl: 'public, max-age=1, stale-while-revalidate=3600, stale-if-error=3600' },
  /** Soon stale, and may be served stale only while the origin fails. */
  spare: { cacheControl: 'public, max-age=1, stale-if-error=3600' },
  /** Soon stale, and never to be served stale. */
  strict: { cacheControl: 'public, max-age=1, must-revalidate' },
  /** Nobody may keep it, and its head takes half a second. */
  nostore: { cacheControl: 'no-store', headMs: 500 },
} as const satisfies Record<string, { cacheControl: string; headMs?: number; bodyMs?: number }>;

export type Kind = keyof typeof KINDS;

export type ObjectName = { kind: Kind; size: number; index: number };

export function objectName(size: number, index = 0, kind: Kind = 'plain'): string {
  return `${kind}-${size}-${index}.m4s`;
}

const FORM = /(?:^|\/)([a-z]+)-([0-9]{1,9})-([0-9]{1,9})\.m4s$/;

export function readObjectName(path: string): ObjectName | undefined {
  const [, kind, size, index] = FORM.exec(path) ?? [];
  if (kind === undefined || !Object.hasOwn(KINDS, kind)) return undefined;
  return { kind: kind as Kind, size: Number(size), index: Number(index) };
}
