/** Puts the parts together that answer for sites. No behaviour of its own. */
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { EdgeConfig, EdgeLimits } from '../config.ts';
import type { CacheParts } from '../edge-node.ts';
import { ObjectCache } from '../object-cache.ts';
import { ObjectReplies } from '../object-reply.ts';
import { OriginBreaker } from '../origin-breaker.ts';
import { ReplyWriter } from '../reply.ts';
import { SiteCache } from './site-cache.ts';
import { SiteLinks } from './site-link.ts';
import { createSliceLink } from './site-slices.ts';
import { SiteStore } from './site-store.ts';
import { Sites, siteDescription } from './sites.ts';

type Parts = CacheParts & { clock: Clock; log: Log; cacheName: string; boundary: string };

export function openSites(parts: Parts, config: EdgeConfig, limits: EdgeLimits): Sites {
  const { clock, log, memory, disk, pinned, statistics, gate, allocate, cacheName, boundary } = parts;
  const sites = config.sites ?? [];
  const links = new SiteLinks(clock, sites, {
    connectMs: limits.connectMs,
    idleMs: limits.siteIdleMs,
    connectionsMax: limits.originFetchesMax,
    restMs: limits.probeEveryMs,
  });
  const link = createSliceLink(sites, links);
  const breaker = new OriginBreaker(limits.probeEveryMs);
  const slices = new ObjectCache({
    ...{ memory, disk, pinned, statistics, clock, log },
    fill: { link, gate, breaker, clock, allocate, idleMs: limits.originIdleMs },
    staleWaitMs: limits.staleWaitMs,
  });
  const cache = new SiteCache({
    ...{ links, clock, log, allocate },
    store: new SiteStore(memory, disk),
    idleMs: limits.originIdleMs,
    staleWaitMs: limits.staleWaitMs,
    privateMs: limits.privateMs,
    privateMax: limits.privateMax,
  });
  const writer = ReplyWriter.forSites(config.name);
  const objects = new ObjectReplies({
    ...{ cache: slices, writer, cacheName, boundary },
    describe: siteDescription(writer),
  });
  const routesMax = limits.targetsMax;
  return new Sites({ sites, cache, memory, writer, objects, cacheName, statistics, clock, log, routesMax });
}
