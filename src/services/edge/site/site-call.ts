/** One request to a site as its cache sees it, and how it is routed there. Types and pure functions. */
import { createHash } from 'node:crypto';
import type { Fields } from '../fields.ts';
import type { Behavior, Site } from './site-config.ts';

export type SiteCall = {
  readonly site: Site;
  readonly behavior: Behavior;
  readonly method: string;
  /** As the viewer named it. */
  readonly host: string;
  /** Path and the query parameters that count. */
  readonly target: string;
  /** All end-to-end fields of the request but Host. */
  readonly fields: Fields;
  readonly body: Buffer;
  readonly range: string;
  /** Path and query as they were asked for. */
  readonly asked: string;
  /** Takes an interim response of the origin for this viewer. */
  readonly interim?: ((status: number, fields: Fields) => void) | undefined;
};

/** What a response is kept under. */
export function primaryKey(site: string, host: string, target: string): string {
  // A host names nothing but itself, a target holds no line ends.
  return `site\n${site}\n${host.toLowerCase()}\n${target}`;
}

export function readPrimaryKey(key: string): { site: string; host: string; target: string } {
  const [, site = '', host = '', target = ''] = key.split('\n');
  return { site, host, target };
}

/** The behavior for a path; the last one counts when none matches. */
export function behaviorFor(site: Site, path: string): Behavior | undefined {
  return site.behaviors.find(({ path: pattern }) => matchesPattern(pattern, path));
}

/** `*` stands for any characters, `?` for one, as in CloudFront's path patterns. Linear in both lengths. */
export function matchesPattern(pattern: string, path: string): boolean {
  const text = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`;
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let i = 0; i < path.length; ) {
    if (at < text.length && (text[at] === '?' || (text[at] !== '*' && text[at] === path[i]))) {
      at++;
      i++;
    } else if (text[at] === '*') {
      star = at++;
      resume = i;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (text[at] === '*') at++;
  return at === text.length;
}

/** Path and counted query parameters of a request target, the parameters in the order they came in. */
export function countedTarget(target: string, query: Behavior['query']): string {
  const mark = target.indexOf('?');
  if (mark < 0 || query === 'all') return target;
  const path = target.slice(0, mark);
  if (query === 'none') return path;
  const counted = target
    .slice(mark + 1)
    .split('&')
    .filter((pair) => query.includes(pair.split('=', 1)[0] as string));
  return counted.length === 0 ? path : `${path}?${counted.join('&')}`;
}

/** A short name for something long, for keys. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
