/** One request to a site as its cache sees it, and how it is routed there. Types and pure functions. */
import type { Behavior, Site } from '../../../contracts/sites.ts';
import type { Fields } from '../fields.ts';
import { matchesPattern } from '../patterns.ts';

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
