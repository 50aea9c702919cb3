/**
 * One viewer's connection: bytes in, requests in their order, one reply at a time. While a reply is under way it
 * neither reads nor parses, so that a slow reader costs one piece of a body and nothing more.
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../../platform/log.ts';
import type { Fields } from './fields.ts';
import { HEAD_BYTES_MAX, HttpParser, type RequestHead } from './http-parser.ts';
import type { Guest } from './listener.ts';
import type { Reply } from './object-reply.ts';
import type { ConnectionField } from './reply.ts';
import type { Responder } from './responder.ts';
import type { ClientAddresses } from './security/client-address.ts';
import { Visitor } from './security/visitor.ts';
import type { SiteRequest } from './site/sites.ts';
import { type SenderDeps, type Sending, SocketSender } from './socket-sender.ts';
import type { Telemetry, ViewerTrace } from './telemetry/telemetry.ts';

export type ConnectionDeps = SenderDeps & {
  responder: Responder;
  log: Log;
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
const NO_BYTES = Buffer.alloc(0);

export class Connection implements Guest {
  deadlineMs: number;
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #sender: SocketSender;
  readonly #visitor: Visitor;
  readonly #trace: ViewerTrace | undefined;
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

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    const isEncrypted = 'encrypted' in socket;
    this.#visitor = new Visitor(socket, isEncrypted, deps.addresses);
    this.deadlineMs = deps.coarse.nowMs + deps.limits.idleMs;
    deps.statistics.connections++;
    this.#trace = deps.telemetry?.follow(this.#visitor, isEncrypted ? 'https/1.1' : 'http/1.1');
    this.#sender = new SocketSender(socket, this, deps, this.#trace);
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
    if (this.#wanted) this.#deps.pinned.unpin(this.#wanted.body);
    this.#wanted = undefined;
    this.#deps.statistics.connections--;
    this.#trace?.closed(this.#socket.writableLength);
    this.#sender.closed();
  }

  drain(): void {
    this.#isDraining = true;
    if (!this.#isBusy && !this.#isLeaving && !this.#carry && this.#skip === 0) this.#leave(NO_BYTES);
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
    const isQuick =
      !closes && !(reply instanceof Promise) && reply.body !== undefined && 'parts' in reply.body;
    const sending = isQuick ? this.#sender.ready(reply.head, reply.body) : 'later';
    if (sending === 'later') void this.#serveSlowly(reply, closes);
    else this.#goOnAfter(sending);
  }

  readonly #fields = () => this.#parser.fields();

  #serveSite(persistent: ConnectionField): void {
    const { head } = this.#parser;
    const { responder, limits, pinned } = this.#deps;
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
    if (pinned.isSpent) {
      this.#leave(responder.refuse({ status: 503, message: 'too many bodies are on their way' }));
      return;
    }
    if (head.expectsContinue) this.#socket.write(CONTINUE);
    this.#wanted = { ...request, body: Buffer.allocUnsafeSlow(head.bodyBytes), filled: 0, closes };
    pinned.pin(this.#wanted.body);
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
    const { responder, pinned } = this.#deps;
    void this.#serveSlowly(responder.answerForSite(wanted, field), closes).finally(() =>
      pinned.unpin(wanted.body),
    );
  }

  /** A reply that is whole; most often the kernel takes it at once. */
  #writeNow(reply: Buffer, closes: boolean): void {
    if (closes) this.#leave(reply);
    else this.#goOnAfter(this.#sender.whole(reply));
  }

  /** Only when all is sent it looks at what else was asked for. */
  #goOnAfter(sending: Sending): void {
    if (!sending) return;
    this.#isBusy = true;
    sending.then(
      (alive) => this.#goOn(alive),
      (error: unknown) => this.#breakOff(error),
    );
  }

  async #serveSlowly(pending: Reply | Promise<Reply>, closes: boolean): Promise<void> {
    this.#isBusy = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    try {
      const reply = await pending;
      const alive = await this.#sender.send(reply);
      if ((closes || reply.closes) && alive) this.#leave(NO_BYTES);
      else this.#goOn(alive);
    } catch (error) {
      this.#breakOff(error);
    }
  }

  /** The head is sent: a broken connection is the only way to say that the body is not whole. */
  #breakOff(error: unknown): void {
    this.#deps.log.debug('a reply broke off', { why: (error as Error).message });
    this.#socket.destroy();
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

  /**
   * Sends the last bytes and the end, then reads on for a moment: to close with unread bytes would reset the
   * connection, and the reply with it.
   */
  #leave(last: Buffer): void {
    const { coarse, limits } = this.#deps;
    this.#isLeaving = true;
    this.#carry = undefined;
    this.deadlineMs = coarse.nowMs + limits.writeStallMs;
    this.#sender.last(last, () => {
      if (this.#hasEnded) this.#socket.destroy();
      else this.deadlineMs = coarse.nowMs + limits.lingerMs;
    });
    this.#trace?.done();
    this.#socket.resume();
  }
}

function hasLineEnd(bytes: Buffer, length: number): boolean {
  const at = bytes.indexOf(LF);
  return at >= 0 && at < length;
}
