/**
 * The sites that an edge fronts: finds the one for a host, answers what is hot from memory, and has the rest
 * answered by the cache. It turns answers into replies; it writes to no socket.
 */

import type { Behavior, Site } from '../../../contracts/sites.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { putLast } from '../bounded-map.ts';
import { cacheStatus, failedStatus } from '../cache-status.ts';
import { JOINED_BYTES_MAX } from '../config.ts';
import { asEdgeFailure } from '../failure.ts';
import { type Fields, fieldOf } from '../fields.ts';
import { GrowingBody } from '../growing-body.ts';
import type { RequestHead } from '../http-parser.ts';
import type { LentReplies } from '../lent-replies.ts';
import type { MemoryTier } from '../memory-tier.ts';
import type { Found } from '../object-cache.ts';
import type { ObjectReplies, Reply } from '../object-reply.ts';
import type { ConnectionField, ReplyWriter } from '../reply.ts';
import type { Visitor } from '../security/visitor.ts';
import type { EdgeStatistics } from '../statistics.ts';
import type { ObjectMeta } from '../stored-object.ts';
import { targetPath } from '../target.ts';
import type { SiteAnswer, SiteCache } from './site-cache.ts';
import { behaviorFor, countedTarget, primaryKey, type SiteCall } from './site-call.ts';
import { madeReply, type SiteFunctions } from './site-functions.ts';
import { type GuardDeps, type GuardVerdict, SiteGuard } from './site-guard.ts';
import type { StoredMeta } from './site-store.ts';

export type SitesDeps = {
  sites: readonly Site[];
  cache: SiteCache;
  memory: MemoryTier;
  lent: LentReplies;
  writer: ReplyWriter;
  objects: ObjectReplies;
  cacheName: string;
  statistics: EdgeStatistics;
  clock: Clock;
  log: Log;
  routesMax: number;
  guards: GuardDeps;
  functions: SiteFunctions;
};

/** A request to a site, with what only the bytes of its head tell. */
export type SiteRequest = {
  readonly head: RequestHead;
  readonly host: string;
  readonly fields: Fields;
  readonly body: Buffer;
  readonly visitor: Visitor;
  /** Passes an interim response on, at once. */
  readonly interim?: ((status: number, fields: Fields) => void) | undefined;
};

type Route = { site: Site; guard: SiteGuard; target: string; key: string };
const METHODS_READ = 'GET, HEAD, OPTIONS';

export class Sites {
  readonly #deps: SitesDeps;
  readonly #byHost = new Map<string, Site>();
  readonly #guards = new Map<Behavior, SiteGuard>();
  /** Remembered, so that a hot target costs one look-up. */
  readonly #routes = new Map<string, Route>();

  constructor(deps: SitesDeps) {
    this.#deps = deps;
    for (const site of deps.sites) {
      for (const host of site.hosts) this.#byHost.set(host, site);
      for (const behavior of site.behaviors) {
        this.#guards.set(behavior, new SiteGuard(site, behavior, deps.guards));
      }
    }
  }

  get isEmpty(): boolean {
    return this.#byHost.size === 0;
  }

  /** True when a host, with or without a port, is one of a site. */
  has(host: string): boolean {
    return this.#siteOf(host) !== undefined;
  }

  /** The whole reply when it is in memory, fresh, and nothing of the request makes it special. */
  hot(head: RequestHead, host: string, connection: ConnectionField): Buffer | undefined {
    if (head.method !== 'GET' || head.conditional || connection !== '' || head.bodyBytes > 0)
      return undefined;
    const route = this.#routes.get(`${host}\n${head.target}`);
    if (!route?.guard.isOpen) return undefined;
    const { memory, clock, objects, statistics, lent } = this.#deps;
    const entry = memory.get(route.key);
    if (!entry) return undefined;
    const nowMs = clock.now();
    const { freshness, sliced, site } = entry.meta as StoredMeta;
    if (nowMs >= freshness.freshUntilMs || sliced || site.vary.length > 0 || site.part) return undefined;
    if (entry.body.length > JOINED_BYTES_MAX) return undefined;
    const prepared = memory.prepared(entry, nowMs);
    prepared.reply ??= objects.plain(entry.meta, 'memory', entry.body, nowMs, lent.free(prepared.before));
    statistics.sources.memory++;
    return prepared.reply;
  }

  /** Never rejects. */
  async answer(request: SiteRequest, connection: ConnectionField): Promise<Reply> {
    const { head, host } = request;
    const route = this.#route(head, host);
    if (!route) return this.#error(request, connection, 400, 'the path is malformed');
    const { site, guard } = route;
    const { behavior } = guard;
    const { clock } = this.#deps;
    if (head.method === 'TRACE' || head.method === 'CONNECT') {
      return this.#error(request, connection, 405, `${head.method} is not answered here`, METHODS_READ);
    }
    const isRead = head.method === 'GET' || head.method === 'HEAD' || head.method === 'OPTIONS';
    if (behavior.methods === 'read' && !isRead) {
      return this.#error(request, connection, 405, `only ${METHODS_READ} are answered here`, METHODS_READ);
    }
    const verdict = guard.judge({
      ...{ host, target: route.target, fields: request.fields, visitor: request.visitor },
      ...{ nowMs: clock.now(), monotonicMs: clock.monotonic() },
    });
    if (verdict.kind === 'turned') return this.#turn(request, connection, verdict);
    const { functions } = this.#deps;
    const changed = functions.onRequest(site, behavior, request, verdict.target);
    if (changed?.kind === 'failed') return this.#fault(request, connection, changed.reason);
    if (changed?.kind === 'response') return madeReply(changed.response, head.method, connection);
    const isAsAsked = !behavior.signed && !changed;
    const target = isAsAsked
      ? route.target
      : countedTarget(changed?.target ?? verdict.target, behavior.query);
    const key = isAsAsked ? route.key : primaryKey(site.name, host, target);
    const fields = changed?.fields ?? request.fields;
    const call: SiteCall = {
      ...{ site, behavior, method: head.method, host, target },
      fields: guard.forwarded(fields, head.method, request.visitor),
      ...{ body: request.body, range: head.method === 'GET' ? head.range : '', asked: head.target },
      interim: request.interim,
    };
    const reply = await this.#reply(request, call, key, connection);
    const final = functions.onReply(site, behavior, request, target, reply, connection);
    return final === 'failed' ? this.#fault(request, connection, 'the function for replies failed') : final;
  }

  async #reply(
    request: SiteRequest,
    call: SiteCall,
    key: string,
    connection: ConnectionField,
  ): Promise<Reply> {
    const { cache, statistics } = this.#deps;
    try {
      const answer = await cache.answer(call);
      statistics.sources[answer.source]++;
      return answer.kind === 'copy'
        ? this.#copy(request.head, key, answer, connection)
        : this.#stream(request.head, answer, connection);
    } catch (error) {
      return this.#failed(request, error, connection);
    }
  }

  /** A function of the operator's failed; its log says how. */
  #fault(request: SiteRequest, connection: ConnectionField, reason: string): Reply {
    this.#deps.log.warn('a function failed', { reason });
    return this.#say(request, connection, 502, 'unavailable', 'a function of this site failed', '');
  }

  #siteOf(host: string): Site | undefined {
    return this.#byHost.get(host) ?? this.#byHost.get(host.replace(/:\d*$/, '').toLowerCase());
  }

  #route(head: RequestHead, host: string): Route | undefined {
    const name = `${host}\n${head.target}`;
    const known = this.#routes.get(name);
    if (known) return known;
    const site = this.#siteOf(host);
    const path = targetPath(head.target);
    const behavior = site && path !== undefined ? behaviorFor(site, path) : undefined;
    if (!site || !behavior || path === undefined) return undefined;
    const query = head.target.indexOf('?');
    const whole = query < 0 ? path : path + head.target.slice(query);
    // Signatures and functions must see what was asked; parameters are taken off after them.
    const isWhole = behavior.signed || behavior.viewerRequest !== undefined;
    const target = isWhole ? whole : countedTarget(whole, behavior.query);
    const guard = this.#guards.get(behavior) as SiteGuard;
    const route = { site, guard, target, key: primaryKey(site.name, host, target) };
    // Signed targets differ from viewer to viewer.
    if (behavior.signed) return route;
    putLast(this.#routes, name, route, this.#deps.routesMax);
    return route;
  }

  #copy(
    head: RequestHead,
    key: string,
    { copy, source }: SiteAnswer & { kind: 'copy' },
    connection: ConnectionField,
  ): Reply {
    const { objects, clock } = this.#deps;
    const nowMs = clock.now();
    const { meta, body } = copy;
    const found: Found = {
      ...{ meta, source, slice: 0 },
      body: meta.sliced ? undefined : GrowingBody.complete(body),
    };
    const call = { key, found, connection, nowMs };
    const { part } = meta.site;
    const reply = part ? objects.heldPart(head, part, call) : objects.any(head, call);
    return Buffer.isBuffer(reply) ? { head: reply, body: undefined } : reply;
  }

  #stream(head: RequestHead, answer: SiteAnswer & { kind: 'stream' }, connection: ConnectionField): Reply {
    const { writer, objects, clock, cacheName } = this.#deps;
    const nowMs = clock.now();
    const { reader, status, meta, length } = answer;
    if (status === 200 && objects.isUnchanged(head, meta)) {
      reader.close();
      return { head: objects.unchanged(meta, answer.source, connection, nowMs), body: undefined };
    }
    const isBodiless = head.method === 'HEAD' || status === 204 || status === 304;
    const isChunked = length === undefined && head.minor === 1;
    let fields = linesOf(answer.fields, writer, nowMs);
    if (head.method !== 'HEAD' && length !== undefined && status !== 204)
      fields += `content-length: ${length}\r\n`;
    if (isChunked && !isBodiless) fields += 'transfer-encoding: chunked\r\n';
    const age = Math.floor((nowMs - meta.freshness.storedMs) / 1000);
    if (age > 0) fields += `age: ${age}\r\n`;
    const told = `${cacheStatus(cacheName, answer.source, meta, nowMs)}${answer.source === 'miss' ? `; fwd-status=${status}` : ''}`;
    fields += `cache-status: ${told}\r\n`;
    const closes = !isBodiless && length === undefined && !isChunked;
    const bytes = writer.head(status, fields, closes ? 'close' : connection, nowMs);
    if (isBodiless) reader.close();
    return { head: bytes, body: isBodiless ? undefined : { reader, isChunked }, closes };
  }

  #failed(request: SiteRequest, error: unknown, connection: ConnectionField): Reply {
    const { cacheName, log } = this.#deps;
    const failure = asEdgeFailure(error);
    if (failure === error) log.debug('a site was not answered', { kind: failure.kind, why: failure.message });
    else log.error('a site could not be answered', { why: String(error) });
    const fields = `cache-status: ${failedStatus(cacheName, failure.kind)}\r\n`;
    return this.#say(request, connection, failure.status, failure.code, failure.message, fields);
  }

  #error(
    request: SiteRequest,
    connection: ConnectionField,
    status: 400 | 405,
    message: string,
    allow?: string,
  ): Reply {
    const fields = allow === undefined ? '' : `allow: ${allow}\r\n`;
    return this.#say(request, connection, status, 'invalid_request', message, fields);
  }

  #turn(
    request: SiteRequest,
    connection: ConnectionField,
    verdict: GuardVerdict & { kind: 'turned' },
  ): Reply {
    const { status, message, retryAfterS } = verdict;
    const fields = retryAfterS === undefined ? '' : `retry-after: ${retryAfterS}\r\n`;
    const code = status === 429 ? 'rate_limited' : 'forbidden';
    return this.#say(request, connection, status, code, message, fields);
  }

  #say(
    { head }: SiteRequest,
    connection: ConnectionField,
    status: number,
    code: Parameters<ReplyWriter['error']>[0]['code'],
    message: string,
    fields: string,
  ): Reply {
    const { writer, clock, statistics } = this.#deps;
    statistics.errors++;
    const error = { status, code, message, fields };
    return {
      head: writer.error(error, connection, clock.now(), head.method !== 'HEAD'),
      body: undefined,
    };
  }
}

/** Field lines of a site's reply as its origin sent them; a date only where there was none. */
function linesOf(fields: Fields, writer: ReplyWriter, nowMs: number): string {
  let text = fieldOf(fields, 'date') === undefined ? writer.dateLine(nowMs) : '';
  for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
  return text;
}

/** For copies of sites in `ObjectReplies`. */
export function siteDescription(writer: ReplyWriter) {
  return (meta: ObjectMeta, nowMs: number, isWanted: (name: string) => boolean): string => {
    const isPart = (meta as StoredMeta).site.part !== undefined;
    const fields = meta.headers.filter(([name]) => isWanted(name) && !(isPart && name === 'content-range'));
    const ranges = meta.status === 200 && fieldOf(fields, 'accept-ranges') === undefined;
    return `${linesOf(fields, writer, nowMs)}${ranges ? 'accept-ranges: bytes\r\n' : ''}`;
  };
}
