/**
 * Sends requests of sites to their origins: over the first link that answers, with a limit on each wait. A request
 * that may be repeated goes to the next link, and then to the next origin, when a link is away.
 */
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Site, SiteOrigin } from '../../../contracts/sites.ts';
import type { Clock } from '../../../platform/clock.ts';
import { systemCode } from '../../../platform/errors.ts';
import type { OriginTls } from '../certificate.ts';
import { EdgeFailure } from '../failure.ts';
import { endToEnd, type Fields, fieldsFromRaw } from '../fields.ts';
import type { LinkCounts } from '../link-chain.ts';
import { OriginBreaker } from '../origin-breaker.ts';
import { ReceivedBytes } from '../received-bytes.ts';

export type SiteAsk = {
  readonly method: string;
  readonly target: string;
  /** What the viewer named in Host. */
  readonly host: string;
  /** End-to-end fields, without Host. */
  readonly fields: Fields;
  readonly body: Buffer;
  /** Hears of interim responses (RFC 9110 section 15.2) but 100. */
  readonly interim?: ((status: number, fields: Fields) => void) | undefined;
};

export type SiteLinkLimits = {
  connectMs: number;
  /** How long an idle connection is kept. */
  idleMs: number;
  connectionsMax: number;
  /** A link that failed is asked again after this long; until then the others go first. */
  restMs: number;
  /** For HTTPS. */
  tls: OriginTls;
};

type Link = {
  /** As metrics call it. */
  readonly name: string;
  readonly url: URL;
  readonly agent: Agent;
  readonly breaker: OriginBreaker;
  requests: number;
  failures: number;
  bytes: number;
};

/** What a gateway says when what is behind it fails: another way may do better. */
const FAILING: ReadonlySet<number> = new Set([502, 503, 504]);
const REPEATABLE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

export class SiteLinks {
  readonly #clock: Clock;
  readonly #limits: SiteLinkLimits;
  readonly #received = new ReceivedBytes();
  readonly #origins = new Map<string, { origin: SiteOrigin; links: Link[] }>();

  constructor(clock: Clock, sites: readonly Site[], limits: SiteLinkLimits) {
    this.#clock = clock;
    this.#limits = limits;
    for (const { name, origins } of sites) {
      for (const origin of origins) {
        const links = origin.links.map((text) => this.#open(name, new URL(text)));
        this.#origins.set(`${name}/${origin.name}`, { origin, links });
      }
    }
  }

  close(): void {
    for (const { links } of this.#origins.values()) for (const { agent } of links) agent.destroy();
  }

  counts(): LinkCounts[] {
    return [...this.#origins.values()].flatMap(({ links }) =>
      links.map(({ name, breaker, requests, failures, bytes }) => ({
        ...{ name, isAway: breaker.isOpen, requests, failures, helped: 0, bytes },
      })),
    );
  }

  /** Whether every link of these origins failed a moment ago. */
  areAway(site: string, names: readonly string[]): boolean {
    return names.every(
      (name) => this.#origins.get(`${site}/${name}`)?.links.every(({ breaker }) => breaker.isOpen) ?? true,
    );
  }

  /** Takes these origins for away until one of them answers: somebody waited too long for them. */
  suspect(site: string, names: readonly string[]): void {
    const nowMs = this.#clock.now();
    // Those that rest already were not what was waited for: their next look must not be put off.
    for (const { link } of this.#all(site, names)) if (!link.breaker.isOpen) link.breaker.failed(nowMs);
  }

  /** Resolves with the head of a reply. Rejects with EdgeFailure when no link gave one. */
  async send(site: string, names: readonly string[], ask: SiteAsk): Promise<IncomingMessage> {
    let failure: EdgeFailure | undefined;
    const ways = this.#inOrder(site, names);
    const isRead = ask.method === 'GET' || ask.method === 'HEAD';
    for (const [i, { origin, link }] of ways.entries()) {
      link.requests++;
      try {
        const reply = await this.#once(origin, link, ask);
        this.#received.follow(reply, (bytes) => {
          link.bytes += bytes;
        });
        if (FAILING.has(reply.statusCode ?? 502)) link.failures++;
        const mayGoOn = isRead && i < ways.length - 1 && FAILING.has(reply.statusCode ?? 502);
        if (!mayGoOn) {
          link.breaker.succeeded();
          return reply;
        }
        reply.resume();
        link.breaker.failed(this.#clock.now());
      } catch (error) {
        failure = error as EdgeFailure;
        link.failures++;
        link.breaker.failed(this.#clock.now());
        // One that may have been heard must not be said twice unless that changes nothing.
        if (failure.kind !== 'unreachable' && !REPEATABLE.has(ask.method)) break;
      }
    }
    throw failure ?? new EdgeFailure('unreachable', 'no such origin');
  }

  /** Links in their order, those that failed a moment ago last. At most one is looked at anew, and only if it is asked. */
  #inOrder(site: string, names: readonly string[]): Array<{ origin: SiteOrigin; link: Link }> {
    const all = this.#all(site, names);
    const nowMs = this.#clock.now();
    const resting = new Set<(typeof all)[number]>();
    for (const [i, one] of all.entries()) {
      const { breaker } = one.link;
      const isFirst = resting.size === i;
      if (breaker.isOpen && !(isFirst && breaker.takeProbe(nowMs))) resting.add(one);
    }
    return [...all.filter((one) => !resting.has(one)), ...resting];
  }

  #all(site: string, names: readonly string[]): Array<{ origin: SiteOrigin; link: Link }> {
    return names.flatMap((name) => {
      const known = this.#origins.get(`${site}/${name}`);
      return known ? known.links.map((link) => ({ origin: known.origin, link })) : [];
    });
  }

  #open(site: string, url: URL): Link {
    const { connectionsMax, idleMs, restMs, tls } = this.#limits;
    const Kind = url.protocol === 'https:' ? TlsAgent : Agent;
    const agent = new Kind({
      keepAlive: true,
      maxSockets: connectionsMax,
      maxFreeSockets: connectionsMax,
      timeout: idleMs,
      ...tls,
    });
    const name = `${site} ${url.host}`;
    return { name, url, agent, breaker: new OriginBreaker(restMs), requests: 0, failures: 0, bytes: 0 };
  }

  async #once(origin: SiteOrigin, link: Link, ask: SiteAsk): Promise<IncomingMessage> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#attempt(origin, link, ask);
      } catch (error) {
        // A kept connection may be closed by the other side in the moment in which it is used.
        const failure = error as EdgeFailure & { wasKept?: boolean };
        if (!failure.wasKept || tries > 1 || !REPEATABLE.has(ask.method)) throw failure;
      }
    }
  }

  #attempt(origin: SiteOrigin, { url, agent }: Link, ask: SiteAsk): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
      const host = origin.host === 'viewer' && ask.host !== '' ? ask.host : url.host;
      const headers = ['host', host, ...ask.fields.flat()];
      if (ask.body.length > 0) headers.push('content-length', String(ask.body.length));
      const request = send({
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? undefined : Number(url.port),
        method: ask.method,
        path: ask.target,
        headers,
        agent,
      });
      let connecting: NodeJS.Timeout | undefined;
      const late = () => request.destroy(new EdgeFailure('late', 'the origin does not answer'));
      const answering = setTimeout(late, origin.timeoutMs);
      const settle = () => {
        clearTimeout(connecting);
        clearTimeout(answering);
      };
      request.once('socket', (socket) => {
        if (!socket.connecting) return;
        const away = () => request.destroy(new EdgeFailure('unreachable', 'no connection to the origin'));
        connecting = setTimeout(away, this.#limits.connectMs);
        socket.once('connect', () => clearTimeout(connecting));
      });
      request.on('information', ({ statusCode, rawHeaders }) => {
        ask.interim?.(statusCode, endToEnd(fieldsFromRaw(rawHeaders)));
      });
      request.once('response', (reply) => {
        settle();
        resolve(reply);
      });
      request.on('error', (error) => {
        settle();
        const why = `the origin is away: ${systemCode(error) ?? 'no connection'}`;
        const failure = error instanceof EdgeFailure ? error : new EdgeFailure('unreachable', why, error);
        reject(Object.assign(failure, { wasKept: request.reusedSocket }));
      });
      request.end(ask.body);
    });
  }
}
