/** Puts the parts together that answer for sites. No behaviour of its own. */
import type { Site } from '../../../contracts/sites.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { OriginTls } from '../certificate.ts';
import type { EdgeLimits } from '../config.ts';
import type { DiskTier } from '../disk-tier.ts';
import type { CacheParts } from '../edge-parts.ts';
import type { FunctionCost } from '../functions/edge-functions.ts';
import type { LentReplies } from '../lent-replies.ts';
import type { LinkCounts } from '../link-chain.ts';
import { ObjectCache } from '../object-cache.ts';
import { ObjectReplies } from '../object-reply.ts';
import { OriginBreaker } from '../origin-breaker.ts';
import { ReplyWriter } from '../reply.ts';
import { SiteCache } from './site-cache.ts';
import { SiteFunctions } from './site-functions.ts';
import type { GuardDeps } from './site-guard.ts';
import { SiteLinks } from './site-link.ts';
import { createSliceLink } from './site-slices.ts';
import { SiteStore } from './site-store.ts';
import { Sites, siteDescription } from './sites.ts';

type Parts = Omit<CacheParts, 'disk' | 'mayRemember'> & {
  disk: DiskTier;
  clock: Clock;
  log: Log;
  cacheName: string;
  boundary: string;
  guards: GuardDeps;
  lent: LentReplies;
  originTls: OriginTls;
};

export type Front = {
  readonly sites: Sites;
  /** Keeps nothing of what is on its way that the test holds for. */
  outdate(holds: (key: string) => boolean): void;
  /** What each way to the origins of sites carried, and what calls of functions cost. */
  links(): LinkCounts[];
  functions(): FunctionCost[];
  /** Lets go of idle connections; those in use end by themselves. */
  retire(): void;
};

/** Rejects with MatineeError when a key, a field or a function of a site is wrong. */
export async function openSites(
  parts: Parts,
  edge: string,
  list: readonly Site[],
  limits: EdgeLimits,
): Promise<Front> {
  const { clock, log, memory, disk, pinned, statistics, gateOf, cacheName, boundary } = parts;
  const functions = await SiteFunctions.open(list, clock, log);
  const links = new SiteLinks(clock, list, {
    connectMs: limits.connectMs,
    idleMs: limits.siteIdleMs,
    connectionsMax: limits.originFetchesMax,
    restMs: limits.probeEveryMs,
    tls: parts.originTls,
  });
  const link = createSliceLink(list, links);
  const breaker = new OriginBreaker(limits.probeEveryMs);
  const slices = new ObjectCache({
    ...{ memory, disk, pinned, statistics, clock, log },
    fill: { link, gateOf, breaker, clock, idleMs: limits.originIdleMs },
    staleWaitMs: limits.staleWaitMs,
  });
  const cache = new SiteCache({
    ...{ links, clock, log },
    store: new SiteStore(memory, disk),
    idleMs: limits.originIdleMs,
    staleWaitMs: limits.staleWaitMs,
    privateMs: limits.privateMs,
    privateMax: limits.privateMax,
  });
  const writer = ReplyWriter.forSites(edge);
  const objects = new ObjectReplies({
    ...{ cache: slices, writer, cacheName, boundary },
    describe: siteDescription(writer),
  });
  const routesMax = limits.targetsMax;
  const deps = {
    cache,
    memory,
    lent: parts.lent,
    writer,
    objects,
    cacheName,
    statistics,
    clock,
    log,
    routesMax,
    guards: parts.guards,
    functions,
  };
  return {
    sites: new Sites({ ...deps, sites: list }),
    outdate: (holds) => {
      cache.outdate(holds);
      slices.outdate(holds);
    },
    links: () => links.counts(),
    functions: () => functions.costs(),
    retire: () => {
      links.close();
      functions.close();
    },
  };
}
