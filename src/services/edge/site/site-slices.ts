/** Fetches slices of large objects from the origins of sites, in the form in which slices of films are fetched. */

import type { Site } from '../../../contracts/sites.ts';
import type { OriginGet, OriginLink } from '../origin-link.ts';
import { behaviorFor, readPrimaryKey } from './site-call.ts';
import type { SiteLinks } from './site-link.ts';

export function createSliceLink(sites: readonly Site[], links: SiteLinks): OriginLink {
  const get = ({ key, span, ifMatch }: OriginGet) => {
    const { site: name, host, target } = readPrimaryKey(key);
    const site = sites.find((one) => one.name === name);
    const path = target.split('?', 1)[0] as string;
    const origins = (site && behaviorFor(site, path)?.origins) ?? [];
    const fields: Array<readonly [string, string]> = [['accept-encoding', 'identity']];
    if (span) fields.push(['range', `bytes=${span.start}-${span.end}`]);
    if (ifMatch) fields.push(['if-match', ifMatch]);
    return links.send(name, origins, { method: 'GET', target, host, fields, body: Buffer.alloc(0) });
  };
  return { get, close: () => links.close() };
}
