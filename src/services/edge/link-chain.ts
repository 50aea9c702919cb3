/**
 * An ordered list of ways to the origin behind one face: a shield or a private line first, the public way behind it.
 * A way that fails is passed over until a look at it tells that it is back; a way that is slow gets help from the next
 * one, as long as such help stays a small share of all requests. It counts what each way carried.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import { asEdgeFailure, EdgeFailure } from './failure.ts';
import type { OriginGet, OriginLink } from './origin-link.ts';
import { ReceivedBytes } from './received-bytes.ts';

export type NamedLink = {
  readonly name: string;
  readonly link: OriginLink;
  /** Whether the way is open again; any reply will do. */
  check(): Promise<boolean>;
};

export type LinkChainOptions = {
  /** A way that has not answered for so long gets help from the next. */
  hedgeMs: number;
  /** Largest share of requests that may get help. */
  hedgeShare: number;
  /** How often ways that failed are looked at. */
  checkMs: number;
};

export type LinkCounts = {
  readonly name: string;
  readonly isAway: boolean;
  readonly requests: number;
  readonly failures: number;
  /** Requests that it was asked for because another was slow. */
  readonly helped: number;
  readonly bytes: number;
};

type Way = NamedLink & { isAway: boolean; requests: number; failures: number; helped: number; bytes: number };

/** Help that may be saved up. */
const HEDGE_CREDIT_MAX = 10;

export class LinkChain implements OriginLink {
  readonly #ways: readonly Way[];
  readonly #options: LinkChainOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #end = new AbortController();
  readonly #received = new ReceivedBytes();
  #checking: Promise<void> | undefined;
  #credit = 1;

  constructor(clock: Clock, log: Log, links: readonly NamedLink[], options: LinkChainOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
    const none = { isAway: false, requests: 0, failures: 0, helped: 0, bytes: 0 };
    this.#ways = links.map((link) => ({ ...link, ...none }));
  }

  counts(): LinkCounts[] {
    return this.#ways.map(({ name, isAway, requests, failures, helped, bytes }) => ({
      ...{ name, isAway, requests, failures, helped, bytes },
    }));
  }

  async get(what: OriginGet): Promise<IncomingMessage> {
    this.#credit = Math.min(HEDGE_CREDIT_MAX, this.#credit + this.#options.hedgeShare);
    let failure: EdgeFailure | undefined;
    const ways = this.#inOrder();
    for (let i = 0; i < ways.length; i++) {
      try {
        return await this.#withHelp(ways[i] as Way, ways[i + 1], what);
      } catch (error) {
        failure = asEdgeFailure(error);
      }
    }
    throw failure ?? new EdgeFailure('unreachable', 'there is no way to the origin');
  }

  close(): void {
    this.#end.abort();
    for (const { link } of this.#ways) link.close();
  }

  /** In their order, those that are away last: with nothing better they are tried all the same. */
  #inOrder(): Way[] {
    return [...this.#ways.filter(({ isAway }) => !isAway), ...this.#ways.filter(({ isAway }) => isAway)];
  }

  async #withHelp(way: Way, next: Way | undefined, what: OriginGet): Promise<IncomingMessage> {
    const asked = this.#ask(way, what);
    const mayHelp = next !== undefined && !next.isAway && this.#ways.length > 1;
    if (!mayHelp) return asked;
    const limit = new AbortController();
    const late = this.#clock.sleep(this.#options.hedgeMs, limit.signal).then(
      () => 'late' as const,
      () => 'settled' as const,
    );
    const first = await Promise.race([asked, late]).finally(() => limit.abort());
    if (typeof first !== 'string') return first;
    if (this.#credit < 1) return asked;
    this.#credit--;
    next.helped++;
    return firstOf(asked, this.#ask(next, what));
  }

  async #ask(way: Way, what: OriginGet): Promise<IncomingMessage> {
    way.requests++;
    try {
      const reply = await way.link.get(what);
      const status = reply.statusCode ?? 500;
      if (status >= 500) {
        reply.resume();
        throw new EdgeFailure('refused', `the origin answered with status ${status}`);
      }
      this.#received.follow(reply, (bytes) => {
        way.bytes += bytes;
      });
      this.#back(way);
      return reply;
    } catch (error) {
      way.failures++;
      this.#failed(way, asEdgeFailure(error));
      throw error;
    }
  }

  #back(way: Way): void {
    if (way.isAway) this.#log.info('a way to the origin is back', { way: way.name });
    way.isAway = false;
  }

  #failed(way: Way, failure: EdgeFailure): void {
    if (this.#ways.length < 2) return;
    if (!way.isAway) this.#log.warn('a way to the origin failed', { way: way.name, why: failure.message });
    way.isAway = true;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
  }

  async #check(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted && this.#ways.some(({ isAway }) => isAway)) {
      await this.#clock.sleep(this.#options.checkMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const away = this.#ways.filter(({ isAway }) => isAway);
      await Promise.all(away.map(async (way) => ((await way.check()) ? this.#back(way) : undefined)));
    }
  }
}

/** The reply that comes first; the other is thrown away when it comes. Rejects when both fail. */
async function firstOf(a: Promise<IncomingMessage>, b: Promise<IncomingMessage>): Promise<IncomingMessage> {
  const winner = await Promise.any([a, b]).catch((error: AggregateError) => {
    throw error.errors[0];
  });
  for (const asked of [a, b]) {
    asked.then(
      (reply) => {
        if (reply !== winner) reply.destroy();
      },
      () => undefined,
    );
  }
  return winner;
}
