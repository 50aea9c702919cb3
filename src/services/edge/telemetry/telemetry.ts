/**
 * What the parts of an edge that speak with viewers tell about their replies, on its way to the access log and the
 * metrics. There is none when both are off, and then nothing here costs anything.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { Grant } from '../access.ts';
import type { Fields } from '../fields.ts';
import type { RequestHead } from '../http-parser.ts';
import type { Visitor } from '../security/visitor.ts';
import type { AccessFormat } from './access-formats.ts';
import { accessRecord, NO_NAMES, TokenNaming } from './access-record.ts';
import type { LineFile } from './line-file.ts';
import type { Metrics, ViewerKind } from './metrics.ts';
import { ReplyReader } from './reply-facts.ts';
import { nothingPicked, pickFields, RequestText } from './request-text.ts';
import { type Asked, ReplyTrace, type TraceEnd } from './trace.ts';

export type TelemetryParts = {
  readonly clock: Clock;
  readonly cacheName: string;
  readonly log: { readonly format: AccessFormat; readonly file: Pick<LineFile, 'push'> } | undefined;
  readonly metrics: Metrics | undefined;
};

export class Telemetry {
  readonly isLogging: boolean;
  readonly metrics: Metrics | undefined;
  readonly end: TraceEnd;

  constructor({ clock, cacheName, log, metrics }: TelemetryParts) {
    const reader = new ReplyReader(cacheName);
    const naming = new TokenNaming();
    this.isLogging = log !== undefined;
    this.metrics = metrics;
    const wallTime = wallTimes(clock);
    this.end = {
      monotonic: () => clock.monotonic(),
      read: (head, isPrepared) => reader.read(head, isPrepared),
      take: (trace) => {
        const names = trace.grant ? naming.of(trace.grant.token) : NO_NAMES;
        metrics?.count(trace, names);
        log?.file.push(log.format.line(accessRecord(trace, names, wallTime(trace.endMs))));
      },
    };
  }

  /** For one viewer's connection. */
  follow(visitor: Visitor, kind: ViewerKind): ViewerTrace {
    this.metrics?.opened(kind);
    return new ViewerTrace(this, visitor, kind);
  }
}

const LF = 0x0a;
const NO_FIELDS: Fields = [];
const NO_FIELDS_ASKED = () => NO_FIELDS;
const MALFORMED = { method: '-', target: '-', minor: 1 } as const;

/** Follows one connection: over HTTP/1.1 it has one reply at a time, over HTTP/2 each stream has its own. */
export class ViewerTrace {
  readonly #telemetry: Telemetry;
  readonly #visitor: Visitor;
  readonly #kind: ViewerKind;
  readonly #text = new RequestText();
  #current: ReplyTrace | undefined;

  constructor(telemetry: Telemetry, visitor: Visitor, kind: ViewerKind) {
    this.#telemetry = telemetry;
    this.#visitor = visitor;
    this.#kind = kind;
  }

  /** A request over HTTP/1.1 whose head is `bytes` from `start` to `end`, which are good until this returns. */
  begin(head: RequestHead, bytes: Buffer, start: number, end: number, fields: () => Fields): void {
    const { isLogging } = this.#telemetry;
    const picked = isLogging ? this.#text.pick(bytes, bytes.indexOf(LF, start) + 1, end) : nothingPicked();
    this.#current = this.#open(head, picked, end - start + head.bodyBytes, fields);
  }

  /** A request over HTTP/2; the reply is the caller's to tell. */
  stream(head: RequestHead, host: string, fields: Fields): ReplyTrace {
    const { isLogging } = this.#telemetry;
    const picked = isLogging ? pickFields(fields, host) : nothingPicked();
    const line = head.method.length + head.target.length + ' HTTP/1.1\r\n\r\n'.length + 1;
    const bytes = isLogging
      ? fields.reduce((sum, [name, value]) => sum + name.length + value.length + 4, line)
      : 0;
    return this.#open(head, picked, bytes, () => fields);
  }

  /** A stream whose request was malformed. */
  malformed(): ReplyTrace {
    return this.#open(MALFORMED, nothingPicked(), 0, NO_FIELDS_ASKED);
  }

  granted(grant: Grant): void {
    this.#current?.granted(grant);
  }

  replied(head: Buffer, isPrepared = false): void {
    // What could not be read as a request is answered as well.
    if (head.length === 0) return;
    this.#current ??= this.malformed();
    this.#current.replied(head, isPrepared);
  }

  sent(bytes: number): void {
    this.#current?.sent(bytes);
  }

  /** The reply is in the network's hands. */
  done(): void {
    this.#current?.end();
    this.#current = undefined;
  }

  closed(unsentBytes: number): void {
    this.#current?.end(true, unsentBytes);
    this.#current = undefined;
    this.#telemetry.metrics?.closed(this.#kind);
  }

  #open(
    head: Pick<RequestHead, 'method' | 'target' | 'minor'>,
    picked: Asked['picked'],
    bytes: number,
    fields: () => Fields,
  ): ReplyTrace {
    const { isLogging, end } = this.#telemetry;
    const http1 = head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
    const asked: Asked = {
      method: head.method,
      target: head.target,
      picked,
      bytes,
      protocol: this.#kind === 'h2' ? 'HTTP/2.0' : http1,
      isSecure: this.#visitor.isSecure,
      address: isLogging ? this.#visitor.address(fields) : '',
    };
    return new ReplyTrace(asked, end);
  }
}

/** The time of day at a monotonic moment; the clock is asked once a second, since this is asked at every reply. */
function wallTimes(clock: Clock): (monotonicMs: number) => number {
  let aheadMs = 0;
  let askedMs = Number.NEGATIVE_INFINITY;
  return (monotonicMs) => {
    if (monotonicMs - askedMs > 1000) {
      aheadMs = clock.now() - clock.monotonic();
      askedMs = monotonicMs;
    }
    return monotonicMs + aheadMs;
  };
}
