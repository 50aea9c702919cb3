/** Counters of one edge and the rates that it tells steering. */
import type { Source } from './object-cache.ts';

/** What became of files that were fetched before anybody asked for them. */
export type ProactiveCounts = {
  fetched: number;
  /** Those of them that another edge gave. */
  fromPeers: number;
  bytes: number;
  there: number;
  wrong: number;
  missing: number;
  failures: number;
};

export type EdgeCounts = {
  requests: number;
  bytes: number;
  /** Replies that carried an object, by how it was come by. */
  sources: Record<Source, number>;
  fills: number;
  collapsed: number;
  /** Bodies that came whole. */
  originBytes: number;
  originErrors: number;
  /** Replies with status 400 and above. */
  errors: number;
  connections: number;
  proactive: ProactiveCounts;
};

export type EdgeRates = { requestsPerS: number; bytesPerS: number; hitRatio: number };

export class EdgeStatistics implements EdgeCounts {
  requests = 0;
  bytes = 0;
  readonly sources: Record<Source, number> = {
    memory: 0,
    disk: 0,
    stale: 0,
    revalidated: 0,
    miss: 0,
    collapsed: 0,
    pass: 0,
  };
  fills = 0;
  collapsed = 0;
  originBytes = 0;
  originErrors = 0;
  errors = 0;
  connections = 0;
  readonly proactive: ProactiveCounts = {
    fetched: 0,
    fromPeers: 0,
    bytes: 0,
    there: 0,
    wrong: 0,
    missing: 0,
    failures: 0,
  };
  #before = { atMs: 0, requests: 0, bytes: 0, hits: 0, objects: 0 };

  constructor(nowMs: number) {
    this.#before.atMs = nowMs;
  }

  /** Rates since the last call. The hit ratio is of all requests that carried an object, 0 before the first. */
  takeRates(nowMs: number): EdgeRates {
    const { memory, disk, stale, revalidated, miss, collapsed, pass } = this.sources;
    const hits = memory + disk + stale + revalidated + collapsed;
    const now = {
      atMs: nowMs,
      requests: this.requests,
      bytes: this.bytes,
      hits,
      objects: hits + miss + pass,
    };
    const before = this.#before;
    this.#before = now;
    const seconds = Math.max(0.001, (nowMs - before.atMs) / 1000);
    const objects = now.objects - before.objects;
    return {
      requestsPerS: round((now.requests - before.requests) / seconds),
      bytesPerS: round((now.bytes - before.bytes) / seconds),
      hitRatio: objects > 0 ? round((hits - before.hits) / objects) : ratio(hits, now.objects),
    };
  }

  snapshot(): EdgeCounts {
    const { requests, bytes, fills, collapsed, originBytes, originErrors, errors, connections } = this;
    const sources = { ...this.sources };
    const proactive = { ...this.proactive };
    const origin = { originBytes, originErrors };
    return { requests, bytes, sources, fills, collapsed, ...origin, errors, connections, proactive };
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : round(part / whole);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
