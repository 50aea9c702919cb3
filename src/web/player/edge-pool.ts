/**
 * The edges that can serve a film, best first. One that failed rests, at the end of the list, and gets its place
 * back after a while; each failure in a row doubles the rest. It knows nothing of requests.
 */
import type { EdgeRef } from '../../contracts/plays.ts';
import type { Timers } from './timers.ts';

const REST_MS = 10_000;
const REST_MAX_MS = 120_000;

type Failure = { inARow: number; restsUntil: number };

export type EdgePool = {
  /** Takes a new ranking. What is known of failures is kept. */
  rank(edges: readonly EdgeRef[]): void;
  /** Those in service as ranked, then the resting ones, the one that is due first before the others. */
  order(): readonly EdgeRef[];
  failed(name: string): void;
  served(name: string): void;
  /** True when every edge rests: the ranking is no longer worth anything. */
  exhausted(): boolean;
  /** Names for the server, so that it ranks them last. */
  resting(): string[];
  /** The edge of that origin, the present ranking's or an earlier one's. */
  at(origin: string): EdgeRef | undefined;
};

export function createEdgePool(timers: Timers): EdgePool {
  let ranking: readonly EdgeRef[] = [];
  const failures = new Map<string, Failure>();
  const everSeen = new Map<string, EdgeRef>();
  const restsUntil = (edge: EdgeRef) => failures.get(edge.name)?.restsUntil ?? 0;
  const rests = (edge: EdgeRef) => restsUntil(edge) > timers.now();
  return {
    rank: (edges) => {
      ranking = edges;
      for (const edge of edges) everSeen.set(new URL(edge.url).origin, edge);
    },
    order: () => [
      ...ranking.filter((edge) => !rests(edge)),
      ...ranking.filter(rests).sort((a, b) => restsUntil(a) - restsUntil(b)),
    ],
    failed: (name) => {
      const before = failures.get(name);
      // Requests that were under way together fail together; that is one failure, not several in a row.
      if (before && before.restsUntil > timers.now()) return;
      const inARow = (before?.inARow ?? 0) + 1;
      const restMs = Math.min(REST_MAX_MS, REST_MS * 2 ** (inARow - 1));
      failures.set(name, { inARow, restsUntil: timers.now() + restMs });
    },
    served: (name) => failures.delete(name),
    exhausted: () => ranking.every(rests),
    resting: () => ranking.filter(rests).map(({ name }) => name),
    at: (origin) => everSeen.get(origin),
  };
}
