/**
 * Answers one request: health, CORS preflights, refusals, and objects to those whose token opens them. It writes
 * to no socket: what it gives is one buffer, or a head with a plan of the bytes that follow.
 */
import type { Clock } from '../../platform/clock.ts';
import type { ErrorCode } from '../../platform/errors.ts';
import type { Health } from '../../platform/service.ts';
import { type Access, type Grant, KEY_ROOT, type Refusal } from './access.ts';
import { cacheStatus, failedStatus } from './cache-status.ts';
import { JOINED_BYTES_MAX, SPLICE_BYTES_MIN } from './config.ts';
import { asEdgeFailure, type EdgeFailure } from './failure.ts';
import { type Fields, fieldOf } from './fields.ts';
import { GrowingBody } from './growing-body.ts';
import type { ParseFault, RequestHead } from './http-parser.ts';
import type { LentReplies } from './lent-replies.ts';
import type { CoarseClock } from './listener.ts';
import type { MemoryEntry, MemoryTier } from './memory-tier.ts';
import type { Found, ObjectCache } from './object-cache.ts';
import type { ObjectReplies, Reply } from './object-reply.ts';
import type { OpenFile } from './open-files.ts';
import { type PlayHints, segmentPlace } from './play-hints.ts';
import type { Stream } from './proactive-fill/title-streams.ts';
import { firstByteHint } from './ranges.ts';
import type { ConnectionField, ErrorReply, ReplyWriter } from './reply.ts';
import type { Admission, Turned } from './security/admission.ts';
import type { Visitor } from './security/visitor.ts';
import { isShieldMark, ORDERS_FIELD, SHIELD_FIELD, SHIELD_PREFIX, TOUCH_PREFIX } from './shield.ts';
import type { SiteRequest, Sites } from './site/sites.ts';
import type { EdgeStatistics } from './statistics.ts';
import { readKey } from './target.ts';

export type ResponderDeps = {
  access: Access;
  admission: Admission;
  /** What other edges show; without it there are none. */
  shieldSecret: string | undefined;
  /** Hears from other shards of this edge which objects are in use there; without it there are none. */
  touched?: (name: string) => void;
  /** Whether another shard has carried out orders that this one has yet to hear; it must not get copies from before. */
  isBehind?: (seq: number) => boolean;
  hints: PlayHints;
  coarse: CoarseClock;
  cache: ObjectCache;
  memory: MemoryTier;
  lent: LentReplies;
  objects: ObjectReplies;
  writer: ReplyWriter;
  cacheName: string;
  statistics: EdgeStatistics;
  health(): Health;
  clock: Clock;
  /** What is fronted now; a new configuration brings others. */
  sites(): Sites;
};

const METHODS = 'GET, HEAD, OPTIONS';
const PREFLIGHT =
  `allow: ${METHODS}\r\naccess-control-allow-methods: ${METHODS}\r\n` +
  'access-control-allow-headers: *, authorization, range, if-range, if-none-match, if-modified-since\r\n' +
  'access-control-max-age: 86400\r\n';
const CODES: Record<Refusal['status'], ErrorCode> = {
  400: 'invalid_request',
  403: 'forbidden',
  503: 'unavailable',
};
/** Where the first digit of the status is in a reply. */
const STATUS_AT = 'HTTP/1.1 '.length;
const DIGIT_2 = 0x32;
const RETRY_SOON = 'retry-after: 1\r\n';

export class Responder {
  readonly #deps: ResponderDeps;

  constructor(deps: ResponderDeps) {
    this.#deps = deps;
  }

  /** The site that a request is for: its whole head is needed, and its body. */
  isForSite(host: string): boolean {
    return this.#deps.sites().has(host);
  }

  get hasSites(): boolean {
    return !this.#deps.sites().isEmpty;
  }

  /** A site's whole reply when it needs no waiting. */
  hotOfSite(head: RequestHead, host: string, connection: ConnectionField): Buffer | undefined {
    return this.#deps.sites().hot(head, host, connection);
  }

  /** Never rejects. */
  answerForSite(request: SiteRequest, connection: ConnectionField): Promise<Reply> {
    return this.#deps.sites().answer(request, connection);
  }

  /** A buffer is a whole reply. A promise never rejects. `head` may be used until this returns. */
  answer(
    head: RequestHead,
    connection: ConnectionField,
    visitor: Visitor,
    fields: () => Fields,
    trace?: { granted(grant: Grant): void },
  ): Buffer | Reply | Promise<Reply> {
    const { access, clock } = this.#deps;
    const nowMs = clock.now();
    const { method, target } = head;
    if (method !== 'GET' && method !== 'HEAD') return this.#other(method, connection, nowMs);
    if (target === '/healthz') return this.#healthz(head, connection, nowMs);
    if (target.startsWith(SHIELD_PREFIX)) return this.#forEdge(head, connection, fields, nowMs);
    if (this.#deps.touched && target.startsWith(TOUCH_PREFIX))
      return this.#touch(this.#deps.touched, head, connection, fields, nowMs);
    const grant = access.open(target, nowMs);
    if ('status' in grant) return this.#refuseAccess(grant, head, connection, nowMs);
    trace?.granted(grant);
    const { admission, coarse } = this.#deps;
    const turned = admission.hasRules
      ? admission.judge(visitor, grant.token.session, fields, coarse.nowMs)
      : undefined;
    if (turned) return this.#turn(turned, head, connection, nowMs);
    const reply = this.#object(grant, head, connection, nowMs, !visitor.isSecure);
    if (!(reply instanceof Promise)) return counted(grant.stream, reply);
    return reply.then((late) => {
      counted(grant.stream, late);
      return late;
    });
  }

  #object(
    grant: Grant,
    head: RequestHead,
    connection: ConnectionField,
    nowMs: number,
    maySplice: boolean,
  ): Buffer | Reply | Promise<Reply> {
    const { cache, hints } = this.#deps;
    const entry = cache.hot(grant.key, nowMs);
    if (entry?.place) hints.note(grant.token.session, entry.place, nowMs);
    if (entry) return this.#fromMemory(entry, head, connection, nowMs, maySplice);
    const file = maySplice ? cache.hotFile(grant.key, nowMs) : undefined;
    if (file && !file.meta.sliced) {
      this.#note(grant, nowMs);
      return this.#fromFile(file, grant.key, head, connection, nowMs);
    }
    return this.#fromAfar({ ...head }, grant.key, connection).then((reply) => {
      // Only of what there is: made-up names must not push out what is known of plays.
      if (reply.head[STATUS_AT] === DIGIT_2) this.#note(grant, nowMs);
      return reply;
    });
  }

  /** Another edge asks: it has no token, but it shows that it belongs to us. */
  #forEdge(
    head: RequestHead,
    connection: ConnectionField,
    fields: () => Fields,
    nowMs: number,
  ): Buffer | Reply | Promise<Reply> {
    const { cache, shieldSecret, isBehind } = this.#deps;
    const key = readKey(head.target.slice(SHIELD_PREFIX.length));
    const mark = fieldOf(fields(), SHIELD_FIELD) ?? '';
    if (!shieldSecret || !key?.startsWith(KEY_ROOT) || !isShieldMark(shieldSecret, key, mark, nowMs)) {
      return this.#refuseAccess({ status: 403, message: 'only for edges' }, head, connection, nowMs);
    }
    if (isBehind?.(Number(fieldOf(fields(), ORDERS_FIELD) ?? -1))) {
      return this.#refuseAccess({ status: 503, message: 'behind with orders' }, head, connection, nowMs);
    }
    const entry = cache.hot(key, nowMs);
    if (entry) return this.#fromMemory(entry, head, connection, nowMs, true);
    return this.#fromAfar({ ...head }, key, connection);
  }

  #touch(
    touched: (name: string) => void,
    head: RequestHead,
    connection: ConnectionField,
    fields: () => Fields,
    nowMs: number,
  ): Buffer {
    const { shieldSecret, writer } = this.#deps;
    const name = Buffer.from(head.target.slice(TOUCH_PREFIX.length), 'base64url').toString();
    const mark = fieldOf(fields(), SHIELD_FIELD) ?? '';
    if (!shieldSecret || !isShieldMark(shieldSecret, name, mark, nowMs)) {
      return this.#refuseAccess({ status: 403, message: 'only for shards' }, head, connection, nowMs);
    }
    touched(name);
    return writer.head(204, '', connection, nowMs);
  }

  #note({ key, token }: Grant, nowMs: number): void {
    const place = segmentPlace(key);
    if (place) this.#deps.hints.note(token.session, place, nowMs);
  }

  /** The last reply to a client that does not speak HTTP as it should. */
  refuse({ status, message }: ParseFault): Buffer {
    const { statistics, clock } = this.#deps;
    statistics.requests++;
    return this.#error({ status, code: 'invalid_request', message }, 'close', clock.now(), true);
  }

  #fromMemory(
    entry: MemoryEntry,
    head: RequestHead,
    connection: ConnectionField,
    nowMs: number,
    maySplice: boolean,
  ): Buffer | Reply | Promise<Reply> {
    const { statistics, cache } = this.#deps;
    const { meta, body } = entry;
    if (connection === '' && head.method === 'GET' && meta.status === 200) {
      const quick = this.#prepared(entry, head, nowMs);
      if (quick) {
        statistics.sources.memory++;
        return quick;
      }
    }
    const whole = meta.sliced ? undefined : GrowingBody.complete(body);
    const found: Found = { meta, source: 'memory', body: whole, slice: 0 };
    if (meta.sliced) return this.#reach({ ...head }, entry.key, found, connection);
    const fileOf = maySplice && body.length >= SPLICE_BYTES_MIN ? () => cache.fileOf(entry) : undefined;
    return this.#found(head, entry.key, found, connection, nowMs, fileOf);
  }

  /** From the disk tier, whose bytes need not come into this program. */
  #fromFile(
    file: OpenFile,
    key: string,
    head: RequestHead,
    connection: ConnectionField,
    nowMs: number,
  ): Buffer | Reply | Promise<Reply> {
    const found: Found = { meta: file.meta, source: 'disk', body: undefined, slice: 0 };
    const reply = this.#found(head, key, found, connection, nowMs, () => file);
    const isWhole =
      Buffer.isBuffer(reply) || !reply.body || ('file' in reply.body && reply.body.file !== undefined);
    // A small part or several parts: those are copied, so they take the usual way.
    if (isWhole) return reply;
    this.#deps.statistics.sources.disk--;
    return this.#fromAfar({ ...head }, key, connection);
  }

  /** The whole reply when it is one that many ask for in the same second. */
  #prepared(entry: MemoryEntry, head: RequestHead, nowMs: number): Buffer | undefined {
    const { objects, lent } = this.#deps;
    const { meta, body } = entry;
    if (!head.conditional) {
      if (meta.sliced || body.length > JOINED_BYTES_MAX) return undefined;
      const prepared = this.#deps.memory.prepared(entry, nowMs);
      prepared.reply ??= objects.plain(meta, 'memory', body, nowMs, lent.free(prepared.before));
      return prepared.reply;
    }
    if (head.ifNoneMatch === '' || head.ifNoneMatch !== meta.etag) return undefined;
    const prepared = this.#deps.memory.prepared(entry, nowMs);
    prepared.unchanged ??= objects.unchanged(meta, 'memory', '', nowMs);
    return prepared.unchanged;
  }

  async #fromAfar(
    head: RequestHead,
    key: string,
    connection: ConnectionField,
    isSecond = false,
  ): Promise<Reply> {
    try {
      const found = await this.#deps.cache.find(key, firstByteHint(head.range));
      return await this.#reach(head, key, found, connection, isSecond);
    } catch (error) {
      return this.#failed(asEdgeFailure(error), head, connection);
    }
  }

  /** Waits for the first bytes, while a failure can still be told by a status. */
  async #reach(
    head: RequestHead,
    key: string,
    found: Found,
    connection: ConnectionField,
    isSecond = false,
  ): Promise<Reply> {
    const reply = this.#found(head, key, found, connection, this.#deps.clock.now());
    if (Buffer.isBuffer(reply)) return { head: reply, body: undefined };
    const body = reply.body && 'parts' in reply.body ? reply.body : undefined;
    const span = body?.parts[0]?.span;
    try {
      if (span && body) await body.locate(span.start, span.end);
      return reply;
    } catch (error) {
      const failure = asEdgeFailure(error);
      // The object is another by now, which the cache has noticed: the new one is looked for, once.
      if (failure.kind === 'changed' && !isSecond) return this.#fromAfar(head, key, connection, true);
      return this.#failed(failure, head, connection);
    }
  }

  #found(
    head: RequestHead,
    key: string,
    found: Found,
    connection: ConnectionField,
    nowMs: number,
    fileOf?: () => OpenFile | undefined,
  ): Buffer | Reply {
    const { statistics, objects, cacheName } = this.#deps;
    statistics.sources[found.source]++;
    if (found.meta.status === 200) return objects.any(head, { key, found, connection, nowMs, fileOf });
    const fields = `cache-status: ${cacheStatus(cacheName, found.source, found.meta, nowMs)}\r\n`;
    const error = { status: 404, code: 'not_found', message: 'no such object', fields } as const;
    return this.#error(error, connection, nowMs, head.method !== 'HEAD');
  }

  #failed(failure: EdgeFailure, head: RequestHead, connection: ConnectionField): Reply {
    const { status, code, message, kind } = failure;
    const retry = status === 503 ? RETRY_SOON : '';
    const fields = `${retry}cache-status: ${failedStatus(this.#deps.cacheName, kind)}\r\n`;
    const error = { status, code, message, fields };
    const bytes = this.#error(error, connection, this.#deps.clock.now(), head.method !== 'HEAD');
    return { head: bytes, body: undefined };
  }

  #other(method: string, connection: ConnectionField, nowMs: number): Buffer {
    if (method === 'OPTIONS') return this.#deps.writer.head(204, PREFLIGHT, connection, nowMs);
    const message = 'only GET, HEAD and OPTIONS are answered here';
    const fields = `allow: ${METHODS}\r\n`;
    return this.#error({ status: 405, code: 'invalid_request', message, fields }, connection, nowMs, true);
  }

  #healthz(head: RequestHead, connection: ConnectionField, nowMs: number): Buffer {
    const health = this.#deps.health();
    const status = health.ready ? 200 : 503;
    return this.#deps.writer.json(status, health, '', connection, nowMs, head.method !== 'HEAD');
  }

  #refuseAccess(refusal: Refusal, head: RequestHead, connection: ConnectionField, nowMs: number): Buffer {
    const { status, message } = refusal;
    const fields = status === 503 ? RETRY_SOON : '';
    const error = { status, code: CODES[status], message, fields };
    return this.#error(error, connection, nowMs, head.method !== 'HEAD');
  }

  #turn(
    { status, message, retryAfterS }: Turned,
    head: RequestHead,
    connection: ConnectionField,
    nowMs: number,
  ) {
    const fields = retryAfterS === undefined ? '' : `retry-after: ${retryAfterS}\r\n`;
    const code = status === 429 ? 'rate_limited' : 'forbidden';
    return this.#error({ status, code, message, fields } as const, connection, nowMs, head.method !== 'HEAD');
  }

  #error(error: ErrorReply, connection: ConnectionField, nowMs: number, withBody: boolean): Buffer {
    this.#deps.statistics.errors++;
    return this.#deps.writer.error(error, connection, nowMs, withBody);
  }
}

/** Adds what the reply promises to the bytes that its title is popular by. */
function counted<R extends Buffer | Reply>(stream: Stream, reply: R): R {
  if (Buffer.isBuffer(reply)) stream.bytes += reply.length;
  else if (reply.body && 'parts' in reply.body)
    for (const { span } of reply.body.parts) stream.bytes += span.end - span.start + 1;
  return reply;
}
