/**
 * Ranks edges for one viewer and one title. Pure.
 *
 * In this order: edges that this viewer could not reach go last; the viewer's own region comes first; an edge that
 * carries clearly more than its neighbours gives way; and then rendezvous hashing (Thaler and Ravishankar, 1998) by
 * title, so that the viewers of a title share an edge's cache, and an edge that leaves moves nobody but its own.
 */
import { createHash } from 'node:crypto';

export type RankedEdge = { name: string; region: string; requestsPerS: number; bytesPerS: number };

export type Viewer = { title: string; region?: string; failed: readonly string[] };

/** How far above the mean of its neighbours an edge may be; below the least load nobody is busy. */
const BUSY_FACTOR = 1.25;
const BUSY_LEAST = { requestsPerS: 200, bytesPerS: 50_000_000 } as const;

export function rankEdges<E extends RankedEdge>(edges: readonly E[], viewer: Viewer): E[] {
  const isFar = ({ region }: E) => viewer.region !== undefined && region !== viewer.region;
  const hasFailed = ({ name }: E) => viewer.failed.includes(name);
  const isBusy = {
    near: busyAmong(edges.filter((edge) => !isFar(edge))),
    far: busyAmong(edges.filter(isFar)),
  };
  const scored = edges.map((edge) => ({
    edge,
    failed: Number(hasFailed(edge)),
    far: Number(isFar(edge)),
    busy: Number(isFar(edge) ? isBusy.far(edge) : isBusy.near(edge)),
    weight: weight(viewer.title, edge.name),
  }));
  scored.sort((a, b) => a.failed - b.failed || a.far - b.far || a.busy - b.busy || b.weight - a.weight);
  return scored.map(({ edge }) => edge);
}

function busyAmong(neighbours: readonly RankedEdge[]): (edge: RankedEdge) => boolean {
  const limit = (rate: 'requestsPerS' | 'bytesPerS') => {
    const mean = neighbours.reduce((sum, edge) => sum + edge[rate], 0) / Math.max(1, neighbours.length);
    return Math.max(BUSY_LEAST[rate], mean * BUSY_FACTOR);
  };
  const [requestsPerS, bytesPerS] = [limit('requestsPerS'), limit('bytesPerS')];
  return (edge) => edge.requestsPerS > requestsPerS || edge.bytesPerS > bytesPerS;
}

function weight(title: string, edge: string): number {
  return createHash('sha256').update(`${title}\0${edge}`).digest().readUIntBE(0, 6);
}
