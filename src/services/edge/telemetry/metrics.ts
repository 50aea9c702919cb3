/**
 * Counters and histograms of one edge. Everything is bounded: kinds are few and fixed, and of titles and sessions
 * only the most frequent are counted. It renders nothing.
 */
import type { FunctionCost } from '../functions/edge-functions.ts';
import type { LinkCounts } from '../link-chain.ts';
import type { EdgeCounts } from '../statistics.ts';
import type { TokenNames } from './access-record.ts';
import { HIT_KINDS, type HitKind } from './reply-facts.ts';
import { type TopEntry, TopList } from './top-list.ts';
import type { ReplyTrace } from './trace.ts';

export const VIEWER_KINDS = ['http/1.1', 'https/1.1', 'h2'] as const;
export type ViewerKind = (typeof VIEWER_KINDS)[number];

/** Upper bounds in seconds: from a reply out of memory to the longest wait for an origin. */
export const FIRST_BYTE_BUCKETS_S: readonly number[] = [
  ...[0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];
const BUCKETS_MS = FIRST_BYTE_BUCKETS_S.map((s) => s * 1000);
const STATUS_CLASSES = 6;
const TOP_SIZE = 200;

export type RequestCount = { readonly statusClass: number; readonly hit: HitKind; readonly requests: number };

export type MetricsSnapshot = {
  /** Status class 0 is a request that its viewer left before any reply. */
  readonly requests: readonly RequestCount[];
  readonly bytes: number;
  readonly broken: number;
  readonly firstByte: { readonly counts: readonly number[]; readonly sumMs: number; readonly count: number };
  readonly connections: ReadonlyArray<{ kind: ViewerKind; opened: number; open: number }>;
  readonly titles: readonly TopEntry[];
  readonly sessions: readonly TopEntry[];
  readonly edge: EdgeCounts;
  readonly healed: number;
  readonly linesDropped: number;
  /** Ways to origins, those of sites among them. */
  readonly links: readonly LinkCounts[];
  readonly functions: readonly FunctionCost[];
};

/** What others count, asked for when somebody looks. */
export type MetricsSources = {
  counts(): EdgeCounts;
  healed(): number;
  linesDropped(): number;
  links(): readonly LinkCounts[];
  functions(): readonly FunctionCost[];
};

export class Metrics {
  readonly #sources: MetricsSources;
  readonly #requests = new Float64Array(STATUS_CLASSES * HIT_KINDS.length);
  readonly #firstByte = new Float64Array(BUCKETS_MS.length + 1);
  readonly #opened: Record<ViewerKind, number> = { 'http/1.1': 0, 'https/1.1': 0, h2: 0 };
  readonly #closed: Record<ViewerKind, number> = { 'http/1.1': 0, 'https/1.1': 0, h2: 0 };
  readonly #titles = new TopList(TOP_SIZE);
  readonly #sessions = new TopList(TOP_SIZE);
  #firstByteMs = 0;
  #bytes = 0;
  #broken = 0;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
  }

  opened(kind: ViewerKind): void {
    this.#opened[kind]++;
  }

  closed(kind: ViewerKind): void {
    this.#closed[kind]++;
  }

  count({ facts, firstMs, startMs, bytes, isBroken }: ReplyTrace, names: TokenNames): void {
    const statusClass = Math.min(STATUS_CLASSES - 1, Math.floor(facts.status / 100));
    const at = statusClass * HIT_KINDS.length + HIT_KINDS.indexOf(facts.hit);
    this.#requests[at] = (this.#requests[at] ?? 0) + 1;
    this.#bytes += bytes;
    if (isBroken) this.#broken++;
    if (firstMs > 0) this.#took(firstMs - startMs);
    if (names.title === '') return;
    this.#titles.count(names.title, bytes);
    this.#sessions.count(names.session, bytes);
  }

  snapshot(): MetricsSnapshot {
    const counts = [...this.#firstByte];
    return {
      requests: this.#requestCounts(),
      bytes: this.#bytes,
      broken: this.#broken,
      firstByte: { counts, sumMs: this.#firstByteMs, count: counts.reduce((sum, n) => sum + n, 0) },
      connections: VIEWER_KINDS.map((kind) => {
        const opened = this.#opened[kind];
        return { kind, opened, open: opened - this.#closed[kind] };
      }),
      titles: this.#titles.entries(),
      sessions: this.#sessions.entries(),
      edge: this.#sources.counts(),
      healed: this.#sources.healed(),
      linesDropped: this.#sources.linesDropped(),
      links: this.#sources.links(),
      functions: this.#sources.functions(),
    };
  }

  #took(ms: number): void {
    this.#firstByteMs += ms;
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && ms > (BUCKETS_MS[bucket] as number)) bucket++;
    this.#firstByte[bucket] = (this.#firstByte[bucket] ?? 0) + 1;
  }

  #requestCounts(): RequestCount[] {
    const found: RequestCount[] = [];
    for (const [at, requests] of this.#requests.entries()) {
      const hit = HIT_KINDS[at % HIT_KINDS.length] as HitKind;
      if (requests > 0) found.push({ statusClass: Math.floor(at / HIT_KINDS.length), hit, requests });
    }
    return found;
  }
}
