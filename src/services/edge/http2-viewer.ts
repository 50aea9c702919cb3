/**
 * One viewer's HTTP/2 session. Node speaks the protocol; each stream is answered as a request over HTTP/1.1 would
 * be, and the reply's head is translated. It reads no more of a request than a connection does.
 */
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { type Outlet, sendBody, sendStream } from './body-plan.ts';
import type { ConnectionDeps } from './connection.ts';
import type { Fields } from './fields.ts';
import { HOST_BYTE, TARGET_BYTE } from './http-bytes.ts';
import { HEADERS_MAX, type ParseFault, type RequestHead, TARGET_BYTES_MAX } from './http-parser.ts';
import type { Guest } from './listener.ts';
import type { Reply } from './object-reply.ts';
import { Visitor } from './security/visitor.ts';
import type { ViewerTrace } from './telemetry/telemetry.ts';
import type { ReplyTrace } from './telemetry/trace.ts';

const STREAMS_MAX = 128;
/** What went wrong with a stream shows in its end. */
const ignore = () => undefined;
const NO_BYTES = Buffer.alloc(0);
/** Of a connection of HTTP/1.1; malformed in HTTP/2 (RFC 9113 section 8.2.2). */
const NOT_IN_HTTP2: ReadonlySet<string> = new Set([
  'connection',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
]);

type Translated = { readonly head: string[]; readonly body: Buffer };
export type Translations = WeakMap<Buffer, Translated>;

export class Http2Viewer implements Guest {
  deadlineMs: number;
  readonly #session: ServerHttp2Session;
  readonly #deps: ConnectionDeps;
  /** Prepared replies come back many times in the second that they are good for. */
  readonly #translated: Translations;
  readonly #visitor: Visitor;
  readonly #trace: ViewerTrace | undefined;
  readonly #traces = new Map<ServerHttp2Stream, ReplyTrace>();
  #streams = 0;

  constructor(socket: TLSSocket, deps: ConnectionDeps, translated: Translations) {
    this.#deps = deps;
    this.#translated = translated;
    this.#visitor = new Visitor(socket, true, deps.addresses);
    this.deadlineMs = deps.coarse.nowMs + deps.limits.idleMs;
    deps.statistics.connections++;
    this.#trace = deps.telemetry?.follow(this.#visitor, 'h2');
    this.#session = performServerHandshake(socket, {
      maxHeaderListPairs: HEADERS_MAX,
      settings: { maxConcurrentStreams: STREAMS_MAX, enablePush: false, maxHeaderListSize: 16 * 1024 },
    });
    // What went wrong does not matter; the socket's end always follows.
    this.#session.on('error', () => undefined);
    this.#session.on('stream', (stream, _headers, _flags, raw) => this.#serve(stream, raw ?? []));
  }

  read(): boolean {
    return true;
  }

  ended(): void {
    this.#session.close();
  }

  closed(): void {
    this.#deps.statistics.connections--;
    this.#trace?.closed(0);
    this.#session.destroy();
  }

  drain(): void {
    this.#session.close();
  }

  #serve(stream: ServerHttp2Stream, raw: readonly string[]): void {
    const { statistics, responder, limits, coarse } = this.#deps;
    statistics.requests++;
    stream.on('error', ignore);
    const request = readRequest(raw);
    if (this.#trace) this.#begin(stream, request);
    if (this.#streams === 0) this.deadlineMs = coarse.nowMs + limits.idleMs;
    if ('status' in request) {
      this.#sendWhole(stream, responder.refuse(request));
      return;
    }
    const { head, host, fields } = request;
    if (responder.hasSites && responder.isForSite(host)) {
      const hot = stream.endAfterHeaders ? responder.hotOfSite(head, host, '') : undefined;
      if (hot) this.#sendWhole(stream, hot);
      else void this.#serveSite(stream, request);
      return;
    }
    // Nothing that is asked of films needs a body.
    if (fields.some(([name, value]) => name === 'content-length' && Number(value) > limits.bodyBytesMax)) {
      this.#sendWhole(stream, responder.refuse({ status: 413, message: 'the body is too large' }));
      return;
    }
    if (!stream.endAfterHeaders) stream.resume();
    const reply = responder.answer(head, '', this.#visitor, () => fields, this.#traces.get(stream));
    if (Buffer.isBuffer(reply)) this.#sendWhole(stream, reply);
    else void this.#send(stream, reply);
  }

  async #serveSite(
    stream: ServerHttp2Stream,
    request: { head: RequestHead; host: string; fields: Fields },
  ): Promise<void> {
    const { responder, limits } = this.#deps;
    const interim = (status: number, fields: Fields) => {
      if (!stream.headersSent && !stream.closed) stream.additionalHeaders(interimFields(status, fields));
    };
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      if (!stream.endAfterHeaders) {
        // The stream must outlive this loop: its reply goes out on it.
        for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
          length += (chunk as Buffer).length;
          if (length > limits.siteBodyBytesMax) break;
          chunks.push(chunk as Buffer);
        }
      }
    } catch {
      // The viewer broke off its own request.
      return;
    }
    if (length > limits.siteBodyBytesMax) {
      this.#sendWhole(
        stream,
        responder.refuse({ status: 413, message: 'the body is too large for this edge' }),
      );
      return;
    }
    await this.#send(
      stream,
      responder.answerForSite(
        { ...request, interim, visitor: this.#visitor, body: Buffer.concat(chunks) },
        '',
      ),
    );
  }

  /** While a reply waits for its bytes, limits of their own hold. */
  #wait(stream: ServerHttp2Stream): void {
    this.#streams++;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    stream.once('close', () => {
      this.#streams--;
      this.#rest();
    });
  }

  /** A session without streams waits for the next request as long as a connection does. */
  #rest(): void {
    const { coarse, limits } = this.#deps;
    if (this.#streams === 0) this.deadlineMs = coarse.nowMs + limits.idleMs;
  }

  #begin(stream: ServerHttp2Stream, request: ReturnType<typeof readRequest>): void {
    const viewer = this.#trace;
    if (!viewer) return;
    const trace =
      'status' in request ? viewer.malformed() : viewer.stream(request.head, request.host, request.fields);
    this.#traces.set(stream, trace);
    stream.once('close', () => this.#ended(stream));
  }

  #ended(stream: ServerHttp2Stream): void {
    const isBroken = stream.rstCode !== constants.NGHTTP2_NO_ERROR || !stream.writableEnded;
    // What a stream that ended well still counts as waiting is with the viewer already.
    this.#traces.get(stream)?.end(isBroken, isBroken ? stream.writableLength : 0);
    this.#traces.delete(stream);
  }

  #sendWhole(stream: ServerHttp2Stream, reply: Buffer): void {
    if (stream.destroyed || stream.closed) return;
    // Node sends it when the viewer's windows allow that.
    this.#deps.lent.lend(reply);
    let translated = this.#translated.get(reply);
    if (!translated) {
      translated = translate(reply);
      this.#translated.set(reply, translated);
    }
    const { head, body } = translated;
    this.#deps.statistics.bytes += reply.length;
    const trace = this.#traces.get(stream);
    trace?.replied(reply, true);
    trace?.sent(reply.length);
    stream.respond(head, { endStream: body.length === 0 });
    if (body.length > 0) stream.end(body);
  }

  async #send(stream: ServerHttp2Stream, pending: Reply | Promise<Reply>): Promise<void> {
    this.#wait(stream);
    try {
      const { head, body } = await pending;
      if (stream.destroyed || stream.closed) {
        if (body && 'reader' in body) body.reader.close();
        return;
      }
      if (!body) {
        this.#sendWhole(stream, head);
        return;
      }
      stream.respond(translate(head).head, { endStream: false });
      const trace = this.#traces.get(stream);
      trace?.replied(head);
      trace?.sent(head.length);
      const outlet = new StreamOutlet(stream, this.#deps, trace);
      const alive =
        'reader' in body
          ? await sendStream(NO_BYTES, { ...body, isChunked: false }, outlet)
          : await sendBody(NO_BYTES, body, outlet, this.#deps.pinned);
      if (alive) stream.end();
    } catch (error) {
      // The head is sent: a reset is the only way to say that the body is not whole.
      this.#deps.log.debug('a reply broke off', { why: (error as Error).message });
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    }
  }
}

/** A stream takes what its window allows; a viewer who takes nothing for too long is sent away. */
class StreamOutlet implements Outlet {
  readonly #stream: ServerHttp2Stream;
  readonly #deps: ConnectionDeps;
  readonly #trace: ReplyTrace | undefined;

  constructor(stream: ServerHttp2Stream, deps: ConnectionDeps, trace: ReplyTrace | undefined) {
    this.#stream = stream;
    this.#trace = trace;
    this.#deps = deps;
  }

  async write(first: Buffer | undefined, second: Buffer | undefined): Promise<boolean> {
    for (const bytes of [first, second]) {
      if (!bytes || bytes.length === 0) continue;
      if (this.#stream.destroyed || this.#stream.closed) return false;
      this.#deps.statistics.bytes += bytes.length;
      this.#trace?.sent(bytes.length);
      if (!this.#stream.write(bytes) && !(await this.#drained())) return false;
    }
    return !this.#stream.destroyed;
  }

  #drained(): Promise<boolean> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const settle = (alive: boolean) => {
        clearTimeout(limit);
        stream.off('drain', onDrain);
        stream.off('close', onClose);
        resolve(alive);
      };
      const onDrain = () => settle(true);
      const onClose = () => settle(false);
      const limit = setTimeout(() => {
        stream.close(constants.NGHTTP2_CANCEL);
        settle(false);
      }, this.#deps.limits.writeStallMs);
      stream.once('drain', onDrain);
      stream.once('close', onClose);
    });
  }
}

function interimFields(status: number, fields: Fields): Record<string, string | number> {
  return Object.fromEntries([[':status', status], ...fields]);
}

/** The head of a reply over HTTP/1.1 as fields of HTTP/2, and what follows it. */
function translate(reply: Buffer): Translated {
  const end = reply.indexOf('\r\n\r\n');
  const [line = '', ...lines] = reply.toString('latin1', 0, end).split('\r\n');
  const head = [':status', line.slice(9, 12)];
  for (const text of lines) {
    const colon = text.indexOf(':');
    const name = text.slice(0, colon);
    if (!NOT_IN_HTTP2.has(name)) head.push(name, text.slice(colon + 2));
  }
  return { head, body: reply.subarray(end + 4) };
}

function readRequest(
  raw: readonly string[],
): { head: RequestHead; host: string; fields: Fields } | ParseFault {
  const fields: Array<readonly [string, string]> = [];
  const head: RequestHead = {
    ...{ method: '', target: '', minor: 1, keepAlive: true, bodyBytes: 0, expectsContinue: false },
    ...{ range: '', ifRange: '', ifNoneMatch: '', ifModifiedSince: '', conditional: false },
  };
  let host = '';
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name === ':method') head.method = value;
    else if (name === ':path') head.target = value;
    else if (name === ':authority') host = value;
    else if (!name.startsWith(':')) {
      fields.push([name, value]);
      takeCondition(head, name, value);
    }
  }
  if (host === '') host = fields.find(([name]) => name === 'host')?.[1] ?? '';
  if (head.target.length > TARGET_BYTES_MAX)
    return { status: 414, message: 'the request target is too long' };
  if (!consistsOf(head.target, TARGET_BYTE) || head.target === '') {
    return { status: 400, message: 'bad request target' };
  }
  if (!consistsOf(host, HOST_BYTE)) return { status: 400, message: 'bad Host' };
  return { head, host, fields };
}

function takeCondition(head: RequestHead, name: string, value: string): void {
  const join = (before: string) => (before === '' ? value : `${before}, ${value}`);
  if (name === 'range') head.range = join(head.range);
  else if (name === 'if-range') head.ifRange = join(head.ifRange);
  else if (name === 'if-none-match') head.ifNoneMatch = join(head.ifNoneMatch);
  else if (name === 'if-modified-since') head.ifModifiedSince = join(head.ifModifiedSince);
  else return;
  head.conditional = true;
}

function consistsOf(text: string, table: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (!table[text.charCodeAt(i)]) return false;
  return true;
}
