/**
 * Viewers of the chaos tests: connections that ask all the time and compare every byte of every reply with the
 * truth. What each reply came to is counted for the period in which it was asked for.
 */
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../fuzz.testing.ts';
import { type Edition, edition, isTrue, type Thing } from './truth.testing.ts';

/** A status, or: the reply broke off, there was no reply, none came in time. */
export type Outcome = 200 | 206 | 304 | 502 | 503 | 504 | 'broken' | 'refused' | 'late';
export type Period = {
  readonly name: string;
  /** Which failures are no fault of the edge in this period. */
  readonly allowed: readonly Outcome[];
  readonly outcomes: Map<Outcome, number>;
  /** Replies that must never be, in words. */
  readonly wrong: string[];
  /** Of live objects, those that were seen. */
  readonly versions: Set<number>;
  /** Of requests for what the edge certainly has. */
  warm: number;
  warmGood: number;
  /** By `performance.now()`. */
  lastBadMs: number;
};

/** What must never happen, in words. */
export class WrongReply extends Error {}

type Wish = { start: number; end: number } | undefined;
type Ask = { thing: Thing; range: Wish; headers: Record<string, string> };

const LATE_MS = 8000;
const STATUSES: readonly number[] = [200, 206, 304, 502, 503, 504];

export class Loader {
  /** What was compared with the truth. */
  replies = 0;
  bytes = 0;
  /** The newest version of live objects that the origin may have told by now. */
  version = 0;
  period: Period = newPeriod('start', []);
  readonly #port: () => number;
  readonly #token: string;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #workers: Promise<void>[] = [];

  constructor(port: () => number, token: string, random: Random) {
    this.#port = port;
    this.#token = token;
    this.#random = random;
  }

  begin(name: string, allowed: readonly Outcome[]): Period {
    this.period = newPeriod(name, allowed);
    return this.period;
  }

  /** Connections that ask for what `pick` gives, each again after `pauseMs` on average. */
  run(connections: number, pauseMs: number, isWarm: boolean, pick: () => Thing): void {
    for (let i = 0; i < connections; i++) this.#workers.push(this.#work(pauseMs, isWarm, pick));
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#workers);
  }

  /** One plain request on a connection of its own. */
  async probe(thing: Thing): Promise<{ outcome: Outcome; etag: string | undefined }> {
    const agent = new Agent();
    try {
      return await this.#ask(agent, { thing, range: undefined, headers: {} });
    } finally {
      agent.destroy();
    }
  }

  async #work(pauseMs: number, isWarm: boolean, pick: () => Thing): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const etags = new Map<string, string>();
    while (!this.#stop.signal.aborted) {
      await sleep(this.#random(2 * pauseMs));
      const { period } = this;
      const ask = this.#wish(pick(), etags);
      try {
        const { outcome, etag } = await this.#ask(agent, ask);
        if (etag) etags.set(ask.thing.key, etag);
        // What was asked for before a fault may fail by it, and what was asked for in a fault may fail after it.
        const isOfFault = isGood(outcome) || period.allowed.includes(outcome);
        count(isOfFault ? period : this.period, outcome, isWarm);
      } catch (error) {
        if (!(error instanceof WrongReply)) throw error;
        period.wrong.push(`${error.message} (${JSON.stringify(ask)})`);
      }
    }
    agent.destroy();
  }

  /** Plain, a part, a part of a known version, or only if it changed. */
  #wish(thing: Thing, etags: ReadonlyMap<string, string>): Ask {
    const random = this.#random;
    const etag = etags.get(thing.key);
    const dice = random(100);
    const isLarge = thing.size > 4_000_000;
    if (dice < 10 && etag) return { thing, range: undefined, headers: { 'if-none-match': etag } };
    if (dice > (isLarge ? 20 : 65)) {
      const start = random(thing.size);
      const end = Math.min(thing.size - 1, start + random(1_500_000));
      const ifRange: Record<string, string> = dice > 90 && etag ? { 'if-range': etag } : {};
      return { thing, range: { start, end }, headers: { range: `bytes=${start}-${end}`, ...ifRange } };
    }
    return { thing, range: undefined, headers: {} };
  }

  #ask(agent: Agent, ask: Ask): Promise<{ outcome: Outcome; etag: string | undefined }> {
    const path = `/${this.#token}/${ask.thing.key}`;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const tell = (outcome: Outcome, etag?: string) => resolve({ outcome: isLate ? 'late' : outcome, etag });
      const options = { host: '127.0.0.1', port: this.#port(), path, agent, headers: ask.headers };
      const request = get(options, (reply) => {
        this.#check(ask, reply).then(
          (isWhole) => tell(isWhole ? (reply.statusCode as Outcome) : 'broken', reply.headers.etag),
          (error: unknown) => {
            request.destroy();
            reject(error);
          },
        );
      });
      request.setTimeout(LATE_MS, () => {
        isLate = true;
        request.destroy();
      });
      request.on('error', () => tell('refused'));
    });
  }

  /** False when the reply broke off. Rejects with WrongReply. */
  async #check(ask: Ask, reply: IncomingMessage): Promise<boolean> {
    const status = reply.statusCode ?? 0;
    if (!STATUSES.includes(status)) throw new WrongReply(`status ${status}`);
    if (status < 400) this.replies++;
    const told = status < 400 ? this.#editionOf(ask.thing, reply) : undefined;
    let at = told ? firstByte(ask, told, reply) : 0;
    let left = status === 304 ? 0 : Number(reply.headers['content-length'] ?? 0);
    try {
      for await (const chunk of reply as AsyncIterable<Buffer>) {
        if (told && !isTrue(told, at, chunk)) throw new WrongReply(`wrong bytes from ${at} on`);
        if (told) this.bytes += chunk.length;
        at += chunk.length;
        left -= chunk.length;
      }
    } catch (error) {
      if (error instanceof WrongReply) throw error;
      return false;
    }
    return left === 0;
  }

  #editionOf(thing: Thing, { headers, statusCode }: IncomingMessage): Edition {
    for (let version = this.version; version >= 0; version--) {
      const candidate = edition(thing, version);
      if (candidate.etag !== headers.etag) continue;
      if (thing.kind === 'live') this.period.versions.add(version);
      return candidate;
    }
    throw new WrongReply(`status ${statusCode} of a version that never was: ${headers.etag}`);
  }
}

/** Holds status and lengths against the request, and tells which byte of the object comes first. */
function firstByte({ thing, range, headers }: Ask, { etag }: Edition, reply: IncomingMessage): number {
  const length = Number(reply.headers['content-length']);
  if (reply.statusCode === 304) {
    if (headers['if-none-match'] !== etag) throw new WrongReply('304 for another version');
    return 0;
  }
  if (reply.statusCode === 206) {
    const { start, end } = range ?? { start: -1, end: -1 };
    const isOld = headers['if-range'] !== undefined && headers['if-range'] !== etag;
    const isAsked = reply.headers['content-range'] === `bytes ${start}-${end}/${thing.size}`;
    if (isOld || !isAsked || length !== end - start + 1) throw new WrongReply('another part than asked for');
    return start;
  }
  const mayBeWhole = !range || (headers['if-range'] !== undefined && headers['if-range'] !== etag);
  if (!mayBeWhole || length !== thing.size) throw new WrongReply('whole, and not asked for like that');
  return 0;
}

export function isGood(outcome: Outcome): boolean {
  return outcome === 200 || outcome === 206 || outcome === 304;
}

function newPeriod(name: string, allowed: readonly Outcome[]): Period {
  return {
    name,
    allowed,
    outcomes: new Map(),
    wrong: [],
    versions: new Set(),
    warm: 0,
    warmGood: 0,
    lastBadMs: 0,
  };
}

function count(period: Period, outcome: Outcome, isWarm: boolean): void {
  period.outcomes.set(outcome, (period.outcomes.get(outcome) ?? 0) + 1);
  if (!isGood(outcome)) period.lastBadMs = performance.now();
  if (!isWarm) return;
  period.warm++;
  if (isGood(outcome)) period.warmGood++;
}
