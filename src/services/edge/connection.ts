/**
 * One viewer's connection: bytes in, requests in their order, one reply at a time. While a reply is under way it
 * neither reads nor parses, so that a slow reader costs one piece of a body and nothing more.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../../platform/log.ts';
import { type BodyPlan, type FileSpan, type Outlet, sendBody, sendStream } from './body-plan.ts';
import { type EdgeLimits, WRITE_BYTES } from './config.ts';
import type { Fields } from './fields.ts';
import { HEAD_BYTES_MAX, HttpParser, type RequestHead } from './http-parser.ts';
import type { Kernel } from './kernel.ts';
import type { CoarseClock, Guest } from './listener.ts';
import type { Reply } from './object-reply.ts';
import type { PinnedBytes } from './pinned-bytes.ts';
import type { ConnectionField } from './reply.ts';
import type { Responder } from './responder.ts';
import type { ClientAddresses } from './security/client-address.ts';
import { Visitor } from './security/visitor.ts';
import type { SiteRequest } from './site/sites.ts';
import type { EdgeStatistics } from './statistics.ts';
import type { Telemetry, ViewerTrace } from './telemetry/telemetry.ts';

export type ConnectionDeps = {
  responder: Responder;
  statistics: EdgeStatistics;
  pinned: PinnedBytes;
  coarse: CoarseClock;
  limits: EdgeLimits;
  log: Log;
  kernel: Kernel | undefined;
  addresses: ClientAddresses;
  telemetry?: Telemetry | undefined;
};

/** A request to a site that waits for its body. */
type WantedBody = {
  readonly head: RequestHead;
  readonly host: string;
  readonly fields: Fields;
  readonly body: Buffer;
  readonly interim: SiteRequest['interim'];
  readonly visitor: Visitor;
  filled: number;
  readonly closes: boolean;
};

const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
const LF = 0x0a;
/** What may wait in an encrypted socket while the next request is served. */
const ENCRYPTED_SLACK_BYTES = 128 * 1024;
/** What is written in the ordinary way when a socket is full, to learn when it has room again. */
const FULL_SOCKET_BYTES = 16 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class Connection implements Guest, Outlet {
  deadlineMs: number;
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  /** False where bytes must pass through this program: on encrypted connections. */
  readonly #canSplice: boolean;
  readonly #visitor: Visitor;
  readonly #trace: ViewerTrace | undefined;
  /** What may wait to be sent while the next request is served already. */
  readonly #slackBytes: number;
  readonly #parser = new HttpParser();
  /** Bytes that wait: of a head that is not complete, or behind a reply that is under way. */
  #carry: Buffer | undefined;
  /** Bytes of a request's body that are still to come. */
  #skip = 0;
  /** A request whose body is wanted, until all of it is here. */
  #wanted: WantedBody | undefined;
  /** When the head or the passed-over body that has begun must be complete; 0 while none has. */
  #completeByMs = 0;
  #isBusy = false;
  #hasEnded = false;
  /** Set when the last reply is on its way: what still comes in is thrown away. */
  #isLeaving = false;
  #isDraining = false;
  #written: ((alive: boolean) => void) | undefined;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    const isEncrypted = 'encrypted' in socket;
    this.#visitor = new Visitor(socket, isEncrypted, deps.addresses);
    this.#canSplice = deps.kernel !== undefined && !isEncrypted && this.#descriptor >= 0;
    // An encrypted write never counts as sent at once, however much room the kernel has.
    this.#slackBytes = isEncrypted ? ENCRYPTED_SLACK_BYTES : 0;
    this.deadlineMs = deps.coarse.nowMs + deps.limits.idleMs;
    deps.statistics.connections++;
    this.#trace = deps.telemetry?.follow(this.#visitor, isEncrypted ? 'https/1.1' : 'http/1.1');
  }

  read(bytes: Buffer, length: number): boolean {
    if (this.#isLeaving) return true;
    if (this.#isBusy) {
      this.#wait(bytes, 0, length);
      return false;
    }
    if (!this.#carry) return this.#consume(bytes, 0, length);
    const whole = Buffer.concat([this.#carry, bytes.subarray(0, length)]);
    this.#carry = undefined;
    // Only a line's end can complete a head, so one that trickles in is not parsed for each of its bytes.
    if (whole.length < HEAD_BYTES_MAX && this.#skip === 0 && !hasLineEnd(bytes, length)) {
      this.#carry = whole;
      return true;
    }
    return this.#consume(whole, 0, whole.length);
  }

  ended(): void {
    this.#hasEnded = true;
    if (!this.#isBusy && !this.#isLeaving) this.#leave(NO_BYTES);
    else if (this.#isLeaving && this.#socket.writableFinished) this.#socket.destroy();
  }

  closed(): void {
    this.#carry = undefined;
    this.#wanted = undefined;
    this.#deps.statistics.connections--;
    this.#trace?.closed(this.#socket.writableLength);
    this.#written?.(false);
  }

  drain(): void {
    this.#isDraining = true;
    if (!this.#isBusy && !this.#isLeaving && !this.#carry && this.#skip === 0) this.#leave(NO_BYTES);
  }

  async write(first: Buffer | undefined, second: Buffer | undefined): Promise<boolean> {
    const { coarse, limits } = this.#deps;
    if (this.#socket.destroyed) return false;
    this.#count((first?.length ?? 0) + (second?.length ?? 0));
    this.deadlineMs = coarse.nowMs + limits.writeStallMs;
    const socket = this.#socket;
    if (first && second) {
      socket.cork();
      socket.write(first);
      socket.write(second);
      socket.uncork();
    } else {
      socket.write(first ?? second ?? NO_BYTES);
    }
    const alive = socket.writableLength === 0 || (await this.#flushed());
    // What follows may wait for the origin, whose own limits hold.
    this.deadlineMs = Number.POSITIVE_INFINITY;
    return alive;
  }

  async #writePieces(head: Buffer | undefined, body: Buffer): Promise<boolean> {
    let waiting = head;
    for (let at = 0; at < body.length; at += WRITE_BYTES) {
      if (!(await this.write(waiting, body.subarray(at, at + WRITE_BYTES)))) return false;
      waiting = undefined;
    }
    return true;
  }

  /** Goes on where the socket had no more room, a piece by an ordinary write telling when it has some again. */
  async #spliceRest(head: Buffer | undefined, span: FileSpan, from: number): Promise<boolean> {
    if (head && !(await this.write(head, undefined))) return false;
    const { file, start, length } = span;
    for (let at = from; at < length; ) {
      const sent = this.#spliceOnce(span, at);
      if (sent < 0) return false;
      at += sent;
      if (at === length) break;
      const piece = Buffer.allocUnsafe(Math.min(FULL_SOCKET_BYTES, length - at));
      const { bytesRead } = await file.read(piece, start + at);
      if (bytesRead < piece.length) throw new Error('a file of the disk tier became shorter');
      if (!(await this.write(piece, undefined))) return false;
      at += piece.length;
    }
    return true;
  }

  /** Bytes that the socket took; -1 when it is gone. */
  #spliceOnce({ file, start, length }: FileSpan, at: number): number {
    const { kernel } = this.#deps;
    if (!kernel || this.#socket.destroyed) return -1;
    const sent = kernel.sendFile(this.#descriptor, file.fd, file.offset + start + at, length - at);
    if (sent < 0) this.#socket.destroy();
    else this.#count(sent);
    return sent;
  }

  /** A body that is here: most often the socket has room for all of it, and nothing needs to wait. */
  #sendNow(head: Buffer, body: Buffer): void {
    this.#trace?.replied(head);
    if (body.length <= WRITE_BYTES) this.#writeBoth(head, body);
    else this.#goOnAfterBody(body, this.#writePieces(head, body));
  }

  #writeBoth(head: Buffer, body: Buffer): void {
    const socket = this.#socket;
    this.#count(head.length + body.length);
    socket.cork();
    socket.write(head);
    socket.write(body);
    socket.uncork();
    if (socket.writableLength > this.#slackBytes) this.#goOnAfterBody(body, this.#flushed());
  }

  #spliceNow(head: Buffer, span: FileSpan): void {
    const { kernel } = this.#deps;
    this.#trace?.replied(head);
    const sent = kernel?.sendMore(this.#descriptor, head) ?? 0;
    if (sent < 0) {
      this.#socket.destroy();
      return;
    }
    this.#count(sent);
    const isHeadSent = sent === head.length;
    const at = isHeadSent ? this.#spliceOnce(span, 0) : 0;
    if (at === span.length || at < 0) return;
    span.file.hold();
    const rest = this.#spliceRest(isHeadSent ? undefined : head.subarray(sent), span, at);
    this.#goOnAfter(rest.finally(() => span.file.release()));
  }

  /** Holds the body until it is sent. */
  #goOnAfterBody(body: Buffer, sending: Promise<boolean>): void {
    const { pinned } = this.#deps;
    pinned.pin(body);
    this.#goOnAfter(sending.finally(() => pinned.unpin(body)));
  }

  /** Only when all is sent it looks at what else was asked for. */
  #goOnAfter(sending: Promise<boolean>): void {
    const { coarse, limits, log } = this.#deps;
    this.#isBusy = true;
    this.deadlineMs = coarse.nowMs + limits.writeStallMs;
    sending.then(
      (alive) => this.#goOn(alive),
      (error: unknown) => {
        log.debug('a reply broke off', { why: (error as Error).message });
        this.#socket.destroy();
      },
    );
  }

  #count(bytes: number): void {
    this.#deps.statistics.bytes += bytes;
    this.#trace?.sent(bytes);
  }

  get #descriptor(): number {
    return (this.#socket as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1;
  }

  /** Reads requests and answers those that need no waiting. False when the reading must stop. */
  #consume(bytes: Buffer, start: number, end: number): boolean {
    let at = start;
    while (at < end) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, end - at);
        this.#skip -= passed;
        this.#wanted?.body.set(bytes.subarray(at, at + passed), this.#wanted.filled);
        if (this.#wanted) this.#wanted.filled += passed;
        at += passed;
        if (this.#skip > 0 || !this.#wanted) continue;
        this.#serveWanted(this.#wanted);
        this.#wait(bytes, at, end);
        return false;
      }
      const used = this.#parser.parse(bytes, at, end);
      if (used === 0) {
        this.#wait(bytes, at, end);
        break;
      }
      if (used < 0) {
        this.#leave(this.#deps.responder.refuse(this.#parser.fault));
        return true;
      }
      at += used;
      this.#completeByMs = 0;
      this.#trace?.begin(this.#parser.head, bytes, at - used, at, this.#fields);
      this.#serve();
      if (!this.#isBusy && !this.#wanted && !this.#socket.destroyed) this.#trace?.done();
      if (this.#isLeaving) return true;
      if (this.#isBusy) {
        this.#wait(bytes, at, end);
        return false;
      }
    }
    const { coarse, limits } = this.#deps;
    const isIdle = !this.#carry && this.#skip === 0;
    // Set once for each request, so that a client which trickles bytes cannot push it out.
    if (isIdle) this.#completeByMs = 0;
    else this.#completeByMs ||= coarse.nowMs + limits.headMs;
    this.deadlineMs = isIdle ? coarse.nowMs + limits.idleMs : this.#completeByMs;
    if (isIdle && (this.#isDraining || this.#hasEnded)) this.#leave(NO_BYTES);
    return true;
  }

  #wait(bytes: Buffer, start: number, end: number): void {
    if (start === end) return;
    const copy = Buffer.from(bytes.subarray(start, end));
    this.#carry = this.#carry ? Buffer.concat([this.#carry, copy]) : copy;
  }

  #serve(): void {
    const { head } = this.#parser;
    const { responder, statistics, limits } = this.#deps;
    statistics.requests++;
    this.#skip = head.bodyBytes;
    // Who waits for a 100 has not sent the body yet and may never: only a new connection is certain.
    const closes =
      !head.keepAlive || this.#isDraining || head.expectsContinue || head.bodyBytes > limits.bodyBytesMax;
    const persistent: ConnectionField = head.minor === 0 ? 'keep-alive' : '';
    if (responder.hasSites && responder.isForSite(this.#parser.host())) {
      this.#serveSite(persistent);
      return;
    }
    const reply = responder.answer(
      head,
      closes ? 'close' : persistent,
      this.#visitor,
      this.#fields,
      this.#trace,
    );
    if (Buffer.isBuffer(reply)) {
      this.#writeNow(reply, closes);
      return;
    }
    const body = closes || reply instanceof Promise ? undefined : planOf(reply);
    if (body?.file && this.#canSplice) this.#spliceNow((reply as Reply).head, body.file);
    else if (body?.ready) this.#sendNow((reply as Reply).head, body.ready);
    else void this.#serveSlowly(reply, closes);
  }

  readonly #fields = () => this.#parser.fields();

  #serveSite(persistent: ConnectionField): void {
    const { head } = this.#parser;
    const { responder, limits } = this.#deps;
    const host = this.#parser.host();
    const closes = !head.keepAlive || this.#isDraining || head.bodyBytes > limits.siteBodyBytesMax;
    const field = closes ? 'close' : persistent;
    const hot = responder.hotOfSite(head, host, field);
    if (hot) {
      this.#writeNow(hot, closes);
      return;
    }
    if (head.bodyBytes > limits.siteBodyBytesMax) {
      this.#leave(responder.refuse({ status: 413, message: 'the body is too large for this edge' }));
      return;
    }
    const interim = head.minor === 1 ? this.#interim : undefined;
    const request = {
      head: { ...head },
      host,
      fields: this.#parser.fields(),
      interim,
      visitor: this.#visitor,
    };
    if (head.bodyBytes === 0) {
      void this.#serveSlowly(responder.answerForSite({ ...request, body: NO_BYTES }, field), closes);
      return;
    }
    if (head.expectsContinue) this.#socket.write(CONTINUE);
    this.#wanted = { ...request, body: Buffer.allocUnsafeSlow(head.bodyBytes), filled: 0, closes };
  }

  /** Before the final reply; what it says cannot wait for that. */
  readonly #interim = (status: number, fields: Fields): void => {
    if (this.#socket.destroyed || this.#isLeaving) return;
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`, 'latin1');
  };

  #serveWanted(wanted: WantedBody): void {
    this.#wanted = undefined;
    const { closes, head } = wanted;
    const field: ConnectionField = closes ? 'close' : head.minor === 0 ? 'keep-alive' : '';
    void this.#serveSlowly(this.#deps.responder.answerForSite(wanted, field), closes);
  }

  /** The whole reply in one write; most often the kernel takes it at once. */
  #writeNow(reply: Buffer, closes: boolean): void {
    if (closes) {
      this.#leave(reply);
      return;
    }
    const { coarse, limits } = this.#deps;
    this.#trace?.replied(reply, true);
    this.#count(reply.length);
    this.#socket.write(reply);
    if (this.#socket.writableLength <= this.#slackBytes) return;
    this.#isBusy = true;
    this.deadlineMs = coarse.nowMs + limits.writeStallMs;
    void this.#flushed().then((alive) => this.#goOn(alive));
  }

  async #serveSlowly(pending: Reply | Promise<Reply>, closes: boolean): Promise<void> {
    this.#isBusy = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    try {
      const reply = await pending;
      const alive = await this.#send(reply);
      if ((closes || reply.closes) && alive) this.#leave(NO_BYTES);
      else this.#goOn(alive);
    } catch (error) {
      // The head is sent: a broken connection is the only way to say that the body is not whole.
      this.#deps.log.debug('a reply broke off', { why: (error as Error).message });
      this.#socket.destroy();
    }
  }

  #send({ head, body }: Reply): Promise<boolean> {
    this.#trace?.replied(head);
    if (!body) return this.write(head, undefined);
    if ('reader' in body) return sendStream(head, body, this);
    const { file } = body;
    if (!file || !this.#canSplice) return sendBody(head, body, this, this.#deps.pinned);
    file.file.hold();
    return this.#spliceRest(head, file, 0).finally(() => file.file.release());
  }

  /** After a reply that took time: what came in meanwhile, then new bytes. */
  #goOn(alive: boolean): void {
    if (!alive || this.#socket.destroyed) return;
    this.#trace?.done();
    this.#isBusy = false;
    const carry = this.#carry ?? NO_BYTES;
    this.#carry = undefined;
    if (this.#consume(carry, 0, carry.length)) this.#socket.resume();
  }

  /** Resolves when everything written is in the kernel's hands; false when the connection is gone. */
  #flushed(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#written = resolve;
      this.#socket.write(NO_BYTES, (error) => resolve(!error));
    });
  }

  /**
   * Sends the last bytes and the end, then reads on for a moment: to close with unread bytes would reset the
   * connection, and the reply with it.
   */
  #leave(last: Buffer): void {
    const { coarse, limits } = this.#deps;
    this.#trace?.replied(last);
    this.#isLeaving = true;
    this.#carry = undefined;
    this.#count(last.length);
    this.#trace?.done();
    this.deadlineMs = coarse.nowMs + limits.writeStallMs;
    this.#socket.end(last, () => {
      if (this.#hasEnded) this.#socket.destroy();
      else this.deadlineMs = coarse.nowMs + limits.lingerMs;
    });
    this.#socket.resume();
  }
}

function planOf({ body }: Reply): BodyPlan | undefined {
  return body && 'parts' in body ? body : undefined;
}

function hasLineEnd(bytes: Buffer, length: number): boolean {
  const at = bytes.indexOf(LF);
  return at >= 0 && at < length;
}
