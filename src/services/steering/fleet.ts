/**
 * The edges that steering has heard of. Kept in memory only: edges say every two seconds that they are there, so
 * that a steering that starts anew knows them all before it is missed.
 */
import type { EdgeShard, EdgeStatus } from '../../contracts/edges.ts';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import {
  asOne,
  type EdgeShards,
  type Heartbeat,
  hearShard,
  type Known,
  type KnownEdge,
} from './edge-shards.ts';

/** More than this is a fault or an attack. */
const EDGES_MAX = 1000;
/** An edge that is silent for so long is forgotten; until then it is listed as unhealthy. */
const FORGET_AFTER_MS = 10 * 60_000;

export function createEdgeFleet(
  clock: Clock,
  timeoutMs: number,
  isDrained: (name: string) => boolean = () => false,
) {
  const edges = new Map<string, EdgeShards>();
  const silentMs = ({ heardMs }: Known) => clock.monotonic() - heardMs;
  const isHeard = (one: Known) => silentMs(one) <= timeoutMs;
  const find = (name: string): KnownEdge | undefined => {
    const known = edges.get(name);
    return known && asOne(name, known, isHeard);
  };
  const all = (): KnownEdge[] => [...edges].map(([name, known]) => asOne(name, known, isHeard));
  const forgetSilent = () => {
    for (const edge of all()) if (silentMs(edge) > FORGET_AFTER_MS) edges.delete(edge.name);
  };

  return {
    /** Throws invalid_request for an address that is none, conflict where another living edge has the name. */
    hear: (name: string, beat: Heartbeat, shard: EdgeShard): void => {
      const url = originOf(beat.url);
      const known = find(name);
      const isOther = known !== undefined && known.url !== url;
      if (isOther && isHeard(known) && !known.draining)
        throw new MatineeError('conflict', `another edge at ${known.url} is called ${name}`);
      if (!known && edges.size >= EDGES_MAX) {
        forgetSilent();
        if (edges.size >= EDGES_MAX) throw new MatineeError('unavailable', 'there are too many edges');
      }
      const now = { heardMs: clock.monotonic(), seenMs: clock.now() };
      edges.set(name, hearShard(isOther ? undefined : edges.get(name), shard, { ...beat, url }, now));
    },

    /** An edge that asks for news says with that what it has. */
    hasDone: (name: string, shard: number, doneSeq: number, configVersion: number): void => {
      const shards = edges.get(name)?.shards;
      const known = shards?.get(shard);
      if (known) shards?.set(shard, { ...known, doneSeq, configVersion });
    },

    /** How many of the edges that are heard of have carried an order out. */
    doneWith: (seq: number): { edgesDone: number; edges: number } => {
      const heard = all().filter(isHeard);
      return { edgesDone: heard.filter(({ doneSeq }) => doneSeq >= seq).length, edges: heard.length };
    },

    /**
     * Those that viewers may be sent to. Only while no other is heard of, those that are being drained, since they
     * still serve; and at the very last those that are not ready yet, since they may be by the time they are asked.
     */
    usable: (): KnownEdge[] => {
      const heard = all()
        .filter(isHeard)
        .map((edge) => ({ ...edge, draining: edge.draining || isDrained(edge.name) }));
      const ready = heard.filter(({ ready, draining }) => ready && !draining);
      if (ready.length > 0) return ready;
      const draining = heard.filter((edge) => edge.draining);
      return draining.length > 0 ? draining : heard;
    },

    list: (): EdgeStatus[] => {
      forgetSilent();
      return all()
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map((edge) => ({
          name: edge.name,
          url: edge.url,
          healthy: isHeard(edge) && edge.ready && !edge.draining && !isDrained(edge.name),
          draining: edge.draining || isDrained(edge.name),
          configVersion: edge.configVersion,
          lastSeenAt: new Date(edge.seenMs).toISOString(),
          requestsPerS: edge.requestsPerS,
          bytesPerS: edge.bytesPerS,
          hitRatio: edge.hitRatio,
          region: edge.region,
          memoryBytes: edge.memoryBytes,
          diskBytes: edge.diskBytes,
          shards: edge.shards,
          shardsHeard: edge.shardsHeard,
        }));
    },
  };
}

/** Viewers are sent to this address: scheme, host and port, nothing else. */
function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search === '';
  if (!plain || url.username !== '' || url.hash !== '')
    throw new MatineeError(
      'invalid_request',
      'url: an edge is reached at http://host:port or https://host:port',
    );
  return url.origin;
}
