/**
 * Which edges have what of a publication, as their heartbeats say, and the tokens by which they give it to each
 * other. Without a living edge that has it, or without a token, the answer is that there is none.
 */
import type { PlaybackClient } from '../../clients/playback.ts';
import type { EdgeShard } from '../../contracts/edges.ts';
import type { FilledParts, FillPeers } from '../../contracts/fill.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { KnownEdge } from './edge-shards.ts';

type Wanted = { title: string; number: number; part: 'opening' | 'rest' };
type Filled = { count: number; shards: Map<number, ReadonlySet<string>> };
type Token = { token: string; expiresS: number };

/** An edge that is told of more would not try them all. */
const PEERS_MAX = 3;
const EDGES_MAX = 1000;
const TOKENS_MAX = 500;
/** A token must outlive the fetching of a film. */
const LIFE_LEFT_S = 3600;
const ASK_LIMIT_MS = 1000;
const NOBODY: FillPeers = { peers: [], token: '' };

export function createFillPeers(
  { playback, clock, log }: { playback: PlaybackClient; clock: Clock; log: Log },
  fleet: { usable(): KnownEdge[] },
) {
  /** By edge, in the order in which they were heard, and by shard. */
  const filled = new Map<string, Filled>();
  const tokens = new Map<string, Token>();

  const tokenOf = async (title: string): Promise<string> => {
    const known = tokens.get(title);
    if (known && known.expiresS - clock.now() / 1000 > LIFE_LEFT_S) return known.token;
    const minted = await playback.mintFillToken({ body: { title } }, AbortSignal.timeout(ASK_LIMIT_MS));
    tokens.delete(title);
    tokens.set(title, minted);
    const [oldest] = tokens.keys();
    if (tokens.size > TOKENS_MAX && oldest !== undefined) tokens.delete(oldest);
    return minted.token;
  };

  return {
    hear: (edge: string, parts: FilledParts, { index, count }: EdgeShard): void => {
      const before = filled.get(edge);
      const shards = before?.count === count ? before.shards : new Map<number, ReadonlySet<string>>();
      shards.set(index, new Set(parts.map(({ title, number, whole }) => nameOf(title, number, whole))));
      filled.delete(edge);
      if ([...shards.values()].every(({ size }) => size === 0)) return;
      filled.set(edge, { count, shards });
      const [silent] = filled.keys();
      if (filled.size > EDGES_MAX && silent !== undefined) filled.delete(silent);
    },

    find: async (edge: string, { title, number, part }: Wanted): Promise<FillPeers> => {
      const name = nameOf(title, number, part === 'rest');
      const peers = fleet
        .usable()
        .filter((other) => other.name !== edge && hasAll(filled.get(other.name), name))
        // The idle first, since these have viewers too.
        .toSorted((a, b) => a.bytesPerS - b.bytesPerS)
        .slice(0, PEERS_MAX)
        .map(({ url }) => url);
      if (peers.length === 0) return NOBODY;
      try {
        return { peers, token: await tokenOf(title) };
      } catch (error) {
        log.debug('playback gives no token for edges; they ask the origin', { error });
        return NOBODY;
      }
    },
  };
}

/** Whether every shard has its share. */
function hasAll(edge: Filled | undefined, name: string): boolean {
  return (
    edge !== undefined &&
    edge.shards.size === edge.count &&
    [...edge.shards.values()].every((has) => has.has(name))
  );
}

function nameOf(title: string, number: number, whole: boolean): string {
  return `${title} ${number} ${whole}`;
}
