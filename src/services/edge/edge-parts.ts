/** Opens the tiers of an edge and its ways to the origin as its configuration says. No behaviour of its own. */
import { join } from 'node:path';
import type { Bans } from './bans.ts';
import type { OriginTls } from './certificate.ts';
import type { EdgeConfig, EdgeDeps, EdgeLimits } from './config.ts';
import { DiskTier } from './disk-tier.ts';
import type { Gate } from './gate.ts';
import { LinkChain } from './link-chain.ts';
import type { IsExpected, MemoryTier } from './memory-tier.ts';
import { ObjectCache } from './object-cache.ts';
import { OriginBreaker } from './origin-breaker.ts';
import { createOriginLink, createShieldLink, type OriginLink } from './origin-link.ts';
import type { PinnedBytes } from './pinned-bytes.ts';
import type { FileTier } from './shards/shard-files.ts';
import type { EdgeStatistics } from './statistics.ts';

type DiskDeps = ConstructorParameters<typeof DiskTier>[0];

export function openDisk(
  deps: DiskDeps,
  config: EdgeConfig,
  limits: EdgeLimits,
  bans: Bans,
  isExpected: IsExpected,
): DiskTier {
  const disk = new DiskTier(deps, {
    folder: join(config.folder, 'objects'),
    bytesMax: config.diskBytes,
    readMs: limits.diskReadMs,
    restMs: limits.diskRestMs,
    queueBytesMax: limits.diskQueueBytes,
    readsMax: limits.diskReadsMax,
    readsWaitingMax: limits.diskReadsWaitingMax,
    isBanned: (key, meta) => bans.covers(key, meta),
    isExpected,
  });
  disk.start();
  return disk;
}

/** The shield first, then private ways to the bucket, then the public one. */
export function openLink(
  { clock, log }: Pick<EdgeDeps, 'clock' | 'log'>,
  config: EdgeConfig,
  limits: EdgeLimits,
  tls: OriginTls,
): LinkChain {
  const { origin, shieldUrl, shieldSecret } = config;
  const waits = {
    connectMs: limits.connectMs,
    firstByteMs: config.originTimeoutMs,
    connectionsMax: limits.originFetchesMax,
    tls,
  };
  const shield =
    shieldUrl && shieldSecret
      ? [createShieldLink(clock, { baseUrl: shieldUrl, secret: shieldSecret }, waits)]
      : [];
  const direct = [...(origin.preferred ?? []), origin.baseUrl].map((baseUrl) =>
    createOriginLink(clock, { ...origin, baseUrl }, waits),
  );
  const { hedgeMs, hedgeShare, linkCheckMs: checkMs } = limits;
  return new LinkChain(clock, log, [...shield, ...direct], { hedgeMs, hedgeShare, checkMs });
}

export type CacheParts = {
  memory: MemoryTier;
  disk: FileTier;
  mayRemember?: ((key: string, bytes: number) => boolean) | undefined;
  pinned: PinnedBytes;
  statistics: EdgeStatistics;
  gateOf(key: string): Gate;
};

export function openCache(
  { clock, log }: Pick<EdgeDeps, 'clock' | 'log'>,
  limits: EdgeLimits,
  link: OriginLink,
  { gateOf, ...parts }: CacheParts,
): ObjectCache {
  const breaker = new OriginBreaker(limits.probeEveryMs);
  const fill = { link, gateOf, breaker, clock, idleMs: limits.originIdleMs };
  return new ObjectCache({ ...parts, fill, clock, log, staleWaitMs: limits.staleWaitMs });
}
