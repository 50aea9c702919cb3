/**
 * One reply as it goes out: what was asked, what was answered, how much was sent and when. The connection tells it;
 * at its end it goes to the log and the metrics, once.
 */
import type { Grant } from '../access.ts';
import { NO_FACTS, type ReplyFacts } from './reply-facts.ts';
import type { Picked } from './request-text.ts';

export type Protocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';

export type Asked = {
  readonly method: string;
  /** As it came, so with what opens it. */
  readonly target: string;
  readonly protocol: Protocol;
  readonly isSecure: boolean;
  readonly address: string;
  readonly picked: Picked;
  /** Head and body as HTTP/1.1 would write them. */
  readonly bytes: number;
};

export type TraceEnd = {
  monotonic(): number;
  read(head: Buffer, isPrepared: boolean): ReplyFacts;
  take(trace: ReplyTrace): void;
};

export class ReplyTrace {
  readonly asked: Asked;
  readonly startMs: number;
  /** Moment of the first byte; 0 before it. */
  firstMs = 0;
  endMs = 0;
  /** Handed to the network: head and body. */
  bytes = 0;
  facts: ReplyFacts = NO_FACTS;
  grant: Grant | undefined;
  /** True when the viewer left, or the bytes failed, before the reply was whole. */
  isBroken = false;
  readonly #end: TraceEnd;

  constructor(asked: Asked, end: TraceEnd) {
    this.asked = asked;
    this.#end = end;
    this.startMs = end.monotonic();
  }

  granted(grant: Grant): void {
    this.grant = grant;
  }

  /** The reply's head; `isPrepared` when the same buffer goes to others as well. */
  replied(head: Buffer, isPrepared = false): void {
    if (this.facts === NO_FACTS) this.facts = this.#end.read(head, isPrepared);
  }

  sent(bytes: number): void {
    this.bytes += bytes;
    if (this.firstMs === 0) this.firstMs = this.#end.monotonic();
  }

  /** `unsentBytes` were counted and never left. */
  end(isBroken = false, unsentBytes = 0): void {
    if (this.endMs > 0) return;
    this.isBroken = isBroken;
    this.bytes = Math.max(0, this.bytes - unsentBytes);
    this.endMs = this.#end.monotonic();
    this.#end.take(this);
  }
}
