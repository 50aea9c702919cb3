/**
 * Sends every request of the player to the best edge at that moment. Shaka asks again before each try, so a try
 * that failed goes to another edge at once; when all have failed the ranking is renewed, and an expired token is
 * renewed before the request that needs it. Which edges live is the pool's business, and how often to retry Shaka's.
 */
import type { EdgeRef } from '../../contracts/plays.ts';
import type { EdgePool } from './edge-pool.ts';
import type { MediaAddress } from './media-address.ts';
import type { RequestPatience } from './request-patience.ts';

/** The part of Shaka's request that matters here. */
export type MediaRequest = {
  uris: string[];
  attempt: number;
  timeToFirstByte?: number | null;
  retryParameters: { connectionTimeout: number; stallTimeout: number };
};

export type EdgeRequestDeps = {
  pool: EdgePool;
  address: MediaAddress;
  patience: RequestPatience;
  bandwidth(): number;
  /** Holds back what is not there yet; undefined for what may go at once. */
  gate?(key: string): Promise<void> | undefined;
  /** Fresh edges and a fresh token; rejects when they cannot be had. Bounded and spaced by its owner. */
  renew(): Promise<void>;
};

export type EdgeRequests = {
  /** Before each try of a request; leaves requests to other places alone. */
  prepare(request: MediaRequest): Promise<void> | undefined;
  succeeded(request: MediaRequest, url: string): EdgeRef | undefined;
  /** After a try of a request that may be tried again. `status` is 0 when there was no answer. */
  failed(url: string, status: number): void;
};

export function createEdgeRequests(deps: EdgeRequestDeps): EdgeRequests {
  const { pool, address, patience } = deps;
  /** Edges that each request has been to, so that no try of it is wasted on one of them while there is another. */
  const visited = new WeakMap<MediaRequest, Set<string>>();
  let refusedToken: string | undefined;

  const send = (request: MediaRequest, key: string) => {
    const seen = visited.get(request) ?? new Set<string>();
    visited.set(request, seen);
    const order = pool.order();
    if (order.every(({ name }) => seen.has(name))) seen.clear();
    const edge = order.find(({ name }) => !seen.has(name));
    if (!edge) return;
    seen.add(edge.name);
    const { connectionMs, stallMs } = patience.limits(request.attempt, deps.bandwidth());
    request.retryParameters.connectionTimeout = connectionMs;
    request.retryParameters.stallTimeout = stallMs;
    request.uris = [address.at(edge.url, key)];
  };
  const dispatch = (request: MediaRequest, key: string): Promise<void> | undefined => {
    const stale = refusedToken !== undefined && refusedToken === address.token();
    if (!stale && !pool.exhausted()) {
      send(request, key);
      return undefined;
    }
    return deps.renew().then(() => send(request, key));
  };
  return {
    prepare: (request) => {
      const url = request.uris[0];
      if (!url || !pool.at(originOf(url))) return undefined;
      const key = address.key(url);
      const wait = deps.gate?.(key);
      return wait ? wait.then(() => dispatch(request, key)) : dispatch(request, key);
    },
    succeeded: (request, url) => {
      const edge = pool.at(originOf(url));
      if (!edge) return undefined;
      if (request.timeToFirstByte) patience.observe(request.timeToFirstByte);
      pool.served(edge.name);
      return edge;
    },
    failed: (url, status) => {
      const edge = pool.at(originOf(url));
      if (!edge) return;
      const refused = status === 401 || status === 403;
      if (refused && refusedToken !== address.token()) {
        refusedToken = address.token();
        return;
      }
      // A file that one edge does not have says nothing about the edge; the next try goes elsewhere anyway.
      if (status >= 400 && status < 500 && status !== 429 && !refused) return;
      pool.failed(edge.name);
    },
  };
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}
