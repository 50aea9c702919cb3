/**
 * Sends replies over one socket: whole ones in one write, bodies in pieces that each wait for the reader, and files by
 * the kernel where that is possible. It keeps the order and the bounds; what is sent is decided elsewhere.
 */
import type { Socket } from 'node:net';
import { type BodyPlan, type FileSpan, type Outlet, sendBody, sendStream } from './body-plan.ts';
import { type EdgeLimits, WRITE_BYTES } from './config.ts';
import type { Kernel } from './kernel.ts';
import type { LentReplies } from './lent-replies.ts';
import type { CoarseClock } from './listener.ts';
import type { Reply } from './object-reply.ts';
import type { PinnedBytes } from './pinned-bytes.ts';
import type { EdgeStatistics } from './statistics.ts';
import type { ViewerTrace } from './telemetry/telemetry.ts';

export type SenderDeps = {
  statistics: EdgeStatistics;
  pinned: PinnedBytes;
  coarse: CoarseClock;
  limits: EdgeLimits;
  kernel: Kernel | undefined;
  lent: LentReplies;
};

/** Undefined when all is with the kernel; else a promise of that, false when the reader has gone. */
export type Sending = Promise<boolean> | undefined;

/** What may wait in an encrypted socket while the next request is served. */
const ENCRYPTED_SLACK_BYTES = 128 * 1024;
/** What is written in the ordinary way when a socket is full, to learn when it has room again. */
const FULL_SOCKET_BYTES = 16 * 1024;
const NO_BYTES = Buffer.alloc(0);

export class SocketSender implements Outlet {
  readonly #socket: Socket;
  readonly #deps: SenderDeps;
  /** Whose deadline moves with what is sent. */
  readonly #guest: { deadlineMs: number };
  readonly #trace: ViewerTrace | undefined;
  /** False where bytes must pass through this program: on encrypted connections. */
  readonly #canSplice: boolean;
  /** What may wait to be sent while the next request is served already. */
  readonly #slackBytes: number;
  #written: ((alive: boolean) => void) | undefined;

  constructor(
    socket: Socket,
    guest: { deadlineMs: number },
    deps: SenderDeps,
    trace: ViewerTrace | undefined,
  ) {
    this.#socket = socket;
    this.#guest = guest;
    this.#deps = deps;
    this.#trace = trace;
    const isEncrypted = 'encrypted' in socket;
    this.#canSplice = deps.kernel !== undefined && !isEncrypted && this.#descriptor >= 0;
    // An encrypted write never counts as sent at once, however much room the kernel has.
    this.#slackBytes = isEncrypted ? ENCRYPTED_SLACK_BYTES : 0;
  }

  /** The socket is closed: nobody waits for it any more. */
  closed(): void {
    this.#written?.(false);
  }

  /** A whole reply in one write; most often the kernel takes it at once. */
  whole(reply: Buffer): Sending {
    this.#trace?.replied(reply, true);
    this.#count(reply.length);
    this.#socket.write(reply);
    if (this.#socket.writableLength > 0) this.#deps.lent.lend(reply);
    return this.#isSent() ? undefined : this.#stalled(this.#flushed());
  }

  /** The reply's last bytes, and with them the end of what is sent. */
  last(bytes: Buffer, ended: () => void): void {
    this.#trace?.replied(bytes);
    this.#count(bytes.length);
    this.#socket.end(bytes, ended);
  }

  /** A reply whose body is here: most often the socket has room for all of it, and nothing needs to wait. */
  ready(head: Buffer, { file, ready }: BodyPlan): Sending | 'later' {
    if (file && this.#canSplice) return this.#splice(head, file);
    if (!ready) return 'later';
    this.#trace?.replied(head);
    if (ready.length > WRITE_BYTES) return this.#held(ready, this.#writePieces(head, ready));
    this.#writeBoth(head, ready);
    return this.#isSent() ? undefined : this.#held(ready, this.#flushed());
  }

  /** Any reply. Rejects when its bytes do not come. */
  async send({ head, body }: Reply): Promise<boolean> {
    this.#trace?.replied(head);
    if (!body) return this.write(head, undefined);
    if ('reader' in body) return sendStream(head, body, this);
    const { file } = body;
    if (!file || !this.#canSplice) return sendBody(head, body, this, this.#deps.pinned);
    return this.#spliceRest(head, file, 0);
  }

  async write(first: Buffer | undefined, second: Buffer | undefined): Promise<boolean> {
    const { coarse, limits } = this.#deps;
    const socket = this.#socket;
    if (socket.destroyed) return false;
    this.#guest.deadlineMs = coarse.nowMs + limits.writeStallMs;
    if (first && second) {
      this.#writeBoth(first, second);
    } else {
      const bytes = first ?? second ?? NO_BYTES;
      this.#count(bytes.length);
      socket.write(bytes);
    }
    const alive = socket.writableLength === 0 || (await this.#flushed());
    // What follows may wait for the origin, whose own limits hold.
    this.#guest.deadlineMs = Number.POSITIVE_INFINITY;
    return alive;
  }

  #writeBoth(first: Buffer, second: Buffer): void {
    const socket = this.#socket;
    this.#count(first.length + second.length);
    socket.cork();
    socket.write(first);
    socket.write(second);
    socket.uncork();
  }

  async #writePieces(head: Buffer | undefined, body: Buffer): Promise<boolean> {
    let waiting = head;
    for (let at = 0; at < body.length; at += WRITE_BYTES) {
      if (!(await this.write(waiting, body.subarray(at, at + WRITE_BYTES)))) return false;
      waiting = undefined;
    }
    return true;
  }

  #splice(head: Buffer, span: FileSpan): Sending {
    this.#trace?.replied(head);
    const sent = this.#deps.kernel?.sendMore(this.#descriptor, head) ?? -1;
    if (sent < 0) return this.#broken();
    this.#count(sent);
    const isHeadSent = sent === head.length;
    const at = isHeadSent ? this.#spliceOnce(span, 0) : 0;
    if (at === span.length) return undefined;
    if (at < 0) return this.#broken();
    return this.#stalled(this.#spliceRest(isHeadSent ? undefined : head.subarray(sent), span, at));
  }

  /** Goes on where the socket had no more room, a piece by an ordinary write telling when it has some again. */
  async #spliceRest(head: Buffer | undefined, span: FileSpan, from: number): Promise<boolean> {
    const { file, start, length } = span;
    file.hold();
    try {
      if (head && !(await this.write(head, undefined))) return false;
      for (let at = from; at < length; ) {
        const sent = this.#spliceOnce(span, at);
        if (sent < 0) return this.#broken();
        at += sent;
        if (at === length) break;
        const piece = Buffer.allocUnsafe(Math.min(FULL_SOCKET_BYTES, length - at));
        const { bytesRead } = await file.read(piece, start + at);
        if (bytesRead < piece.length) throw new Error('a file of the disk tier became shorter');
        if (!(await this.write(piece, undefined))) return false;
        at += piece.length;
      }
      return true;
    } finally {
      file.release();
    }
  }

  /** Bytes that the socket took; -1 when it is gone. */
  #spliceOnce({ file, start, length }: FileSpan, at: number): number {
    const { kernel } = this.#deps;
    if (!kernel || this.#socket.destroyed) return -1;
    const sent = kernel.sendFile(this.#descriptor, file.fd, file.offset + start + at, length - at);
    if (sent > 0) this.#count(sent);
    return sent;
  }

  #broken(): Promise<boolean> {
    this.#socket.destroy();
    return Promise.resolve(false);
  }

  /** Holds the body until it is sent. */
  #held(body: Buffer, sending: Promise<boolean>): Promise<boolean> {
    const { pinned } = this.#deps;
    pinned.pin(body);
    return this.#stalled(sending.finally(() => pinned.unpin(body)));
  }

  #stalled(sending: Promise<boolean>): Promise<boolean> {
    const { coarse, limits } = this.#deps;
    this.#guest.deadlineMs = coarse.nowMs + limits.writeStallMs;
    return sending;
  }

  #isSent(): boolean {
    return this.#socket.writableLength <= this.#slackBytes;
  }

  /** Resolves when everything written is in the kernel's hands; false when the connection is gone. */
  #flushed(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#written = resolve;
      this.#socket.write(NO_BYTES, (error) => resolve(!error));
    });
  }

  #count(bytes: number): void {
    this.#deps.statistics.bytes += bytes;
    this.#trace?.sent(bytes);
  }

  get #descriptor(): number {
    return (this.#socket as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1;
  }
}
