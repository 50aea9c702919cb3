/**
 * Puts the parts of a shard together: the sockets by which the shards of an edge ask each other, and what of the
 * tiers is shared. An edge of one process has none of this.
 */
import { type Agent, request } from 'node:http';
import { join } from 'node:path';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import type { Bans } from '../bans.ts';
import type { EdgeLimits, ShardConfig } from '../config.ts';
import type { DiskTier } from '../disk-tier.ts';
import { Gate } from '../gate.ts';
import type { Kernel } from '../kernel.ts';
import type { LinkChain } from '../link-chain.ts';
import { createShieldLink, type OriginLinkLimits, shieldAgent } from '../origin-link.ts';
import { ORDERS_FIELD, SHIELD_FIELD, shieldMark, TOUCH_PREFIX } from '../shield.ts';
import { Guests } from './guests.ts';
import { ownerOf } from './ownership.ts';
import { ShardFiles } from './shard-files.ts';
import { ShardLinks } from './shard-links.ts';
import { SiblingFiles } from './sibling-files.ts';
import { Touches } from './touches.ts';

export type ShardDeps = {
  clock: Clock;
  log: Log;
  kernel: Kernel | undefined;
  bans: Bans;
  disk: DiskTier;
  /** The last order that this shard has carried out. */
  doneSeq(): number;
  /** Takes an object out of memory. */
  drop(key: string): void;
};

export type Shard = {
  readonly files: ShardFiles;
  owns(key: string): boolean;
  /** Whether an object may stay in this shard's memory: its own, and a few small ones of others. */
  mayRemember(key: string, bytes: number): boolean;
  /**
   * Fetches from owners have a gate of their own: an owner never waits for other shards, so that no two shards wait
   * for each other.
   */
  gateOf(key: string, origin: Gate): Gate;
  /** Through owners, and past them to the origin. */
  link(origin: LinkChain): ShardLinks;
  close(): void;
};

const OPEN_FILES_MAX = 2048;
/** Of the memory of a shard, for small objects of others. */
const GUESTS_SHARE = 1 / 16;
/** An owner that is silent for so long is helped out by the origin; usually it is the origin that is slow. */
const HEDGE_MS = 1000;
const TELL_LIMIT_MS = 1000;

export function openShard(
  { clock, log, kernel, bans, disk, doneSeq, drop }: ShardDeps,
  { index, count, folders, sockets, secret }: ShardConfig,
  memoryBytes: number,
  limits: EdgeLimits,
  originTimeoutMs: number,
): Shard {
  const place = { index, count };
  const waits: OriginLinkLimits = {
    connectMs: limits.connectMs,
    // The owner may wait for the origin that long itself.
    firstByteMs: originTimeoutMs + limits.connectMs,
    connectionsMax: limits.originFetchesMax,
    tls: {},
  };
  const agent = shieldAgent(waits);
  const reads = new Gate({
    runningMax: limits.diskReadsMax,
    waitingMax: limits.diskReadsWaitingMax,
    waitMs: limits.diskReadMs,
  });
  const siblings = new SiblingFiles(
    { clock, kernel, reads, isBanned: (key, meta) => bans.covers(key, meta) },
    { openFilesMax: OPEN_FILES_MAX, readMs: limits.diskReadMs },
  );
  const touches = new Touches(
    {
      clock,
      tell: async (owner, names) => {
        for (const name of names) await touch(agent, sockets[owner] as string, secret, name, clock.now());
      },
    },
    count,
  );
  const files = new ShardFiles(
    {
      own: disk,
      siblings,
      folders: folders.map((folder) => join(folder, 'objects')),
      touched: (name, owner) => touches.add(name, owner),
    },
    place,
  );
  const ownersGate = new Gate({
    runningMax: limits.originFetchesMax,
    waitingMax: limits.originQueueMax,
    waitMs: limits.originQueueMs,
  });
  const guests = new Guests(memoryBytes * GUESTS_SHARE, drop);
  const owns = (key: string) => ownerOf(key, count) === index;
  const links = sockets.map((socketPath, at) =>
    at === index
      ? undefined
      : createShieldLink(clock, { baseUrl: `http://shard-${at + 1}`, secret, socketPath }, waits, () => ({
          [ORDERS_FIELD]: String(doneSeq()),
        })),
  );
  return {
    files,
    owns,
    mayRemember: (key, bytes) => owns(key) || guests.admit(key, bytes),
    gateOf: (key, origin) => (owns(key) ? origin : ownersGate),
    link: (origin) =>
      new ShardLinks({ clock, log }, place, origin, links, {
        hedgeMs: HEDGE_MS,
        hedgeShare: limits.hedgeShare,
        checkMs: limits.linkCheckMs,
      }),
    close: () => {
      touches.close();
      siblings.close();
      agent.destroy();
    },
  };
}

/** Rejects when the owner does not answer in time. */
function touch(agent: Agent, socketPath: string, secret: string, name: string, nowMs: number): Promise<void> {
  const path = TOUCH_PREFIX + Buffer.from(name).toString('base64url');
  const headers = { [SHIELD_FIELD]: shieldMark(secret, name, nowMs) };
  return new Promise((resolve, reject) => {
    const asked = request({ agent, socketPath, path, headers, timeout: TELL_LIMIT_MS }, (reply) => {
      reply.resume();
      reply.once('end', () => resolve());
      reply.once('error', reject);
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', reject);
    asked.end();
  });
}
