/**
 * Ranks edges for one viewer and one title. Pure.
 *
 * In this order: edges that this viewer could not reach go last; the viewer's own region comes first; an edge that
 * carries far more than the others gives way; and then rendezvous hashing (Thaler and Ravishankar, 1998) by title,
 * so that the viewers of a title share an edge's cache, and an edge that leaves moves nobody but its own viewers.
 */
import { createHash } from 'node:crypto';

export type RankedEdge = { name: string; region: string; requestsPerS: number };

export type Viewer = { title: string; region?: string; failed: readonly string[] };

/** An edge is busy when it has this many times the mean load, and more than a trickle. */
const BUSY_FACTOR = 2;
const BUSY_REQUESTS_PER_S_MIN = 200;

export function rankEdges<E extends RankedEdge>(edges: readonly E[], viewer: Viewer): E[] {
  const mean = edges.reduce((sum, { requestsPerS }) => sum + requestsPerS, 0) / Math.max(1, edges.length);
  const busyFrom = Math.max(BUSY_REQUESTS_PER_S_MIN, mean * BUSY_FACTOR);
  const scored = edges.map((edge) => ({
    edge,
    failed: viewer.failed.includes(edge.name) ? 1 : 0,
    far: viewer.region !== undefined && edge.region !== viewer.region ? 1 : 0,
    busy: edge.requestsPerS > busyFrom ? 1 : 0,
    weight: weight(viewer.title, edge.name),
  }));
  scored.sort((a, b) => a.failed - b.failed || a.far - b.far || a.busy - b.busy || b.weight - a.weight);
  return scored.map(({ edge }) => edge);
}

function weight(title: string, edge: string): number {
  return createHash('sha256').update(`${title}\0${edge}`).digest().readUIntBE(0, 6);
}
