/** Makes the reply to a request for an object that was found: status, fields, and which bytes. It does no I/O. */
import { type BodyPart, type BodyPlan, locator, type StreamBody } from './body-plan.ts';
import { cacheStatus } from './cache-status.ts';
import { isUnchanged } from './conditions.ts';
import { COPIED_BYTES_MAX, SPLICED_BYTES_MIN } from './config.ts';
import { fieldOf } from './fields.ts';
import { ageS } from './freshness.ts';
import type { RequestHead } from './http-parser.ts';
import type { Found, ObjectCache, Source } from './object-cache.ts';
import type { OpenFile } from './open-files.ts';
import { type ByteSpan, ifRangeHolds, readRanges } from './ranges.ts';
import type { ConnectionField, ReplyWriter } from './reply.ts';
import type { ObjectMeta } from './stored-object.ts';

export type Reply = {
  readonly head: Buffer;
  /** The bytes that follow: spans of objects, or a stream of which only the end tells the length. */
  readonly body: BodyPlan | StreamBody | undefined;
  /** True when the connection's end is the end of the body. */
  readonly closes?: boolean;
};

export type ObjectReplyDeps = {
  cache: ObjectCache;
  writer: ReplyWriter;
  cacheName: string;
  /** The field lines that describe a copy, without those of its length. */
  describe: (meta: ObjectMeta, nowMs: number, isWanted: (name: string) => boolean) => string;
  /** Parts of a multipart reply are set apart by this; it must not occur in media. */
  boundary: string;
};

/** What was asked for and found, and how the reply is sent. */
export type ObjectCall = {
  readonly key: string;
  readonly found: Found;
  readonly connection: ConnectionField;
  readonly nowMs: number;
  /** An open file with the whole object, if there is one. */
  readonly fileOf?: (() => OpenFile | undefined) | undefined;
};

export class ObjectReplies {
  readonly #deps: ObjectReplyDeps;

  constructor(deps: ObjectReplyDeps) {
    this.#deps = deps;
  }

  /** Head and body in one buffer, for a small whole object, on a connection that stays. */
  plain(meta: ObjectMeta, source: Source, body: Buffer, nowMs: number, before?: Buffer): Buffer {
    const fields = this.#wholeFields(meta, source, nowMs);
    return this.#deps.writer.joined(meta.status, fields, '', nowMs, body, before);
  }

  /** A buffer when that is the whole reply. */
  any(head: RequestHead, call: ObjectCall): Buffer | Reply {
    const { writer } = this.#deps;
    const { connection, nowMs } = call;
    const { meta, source } = call.found;
    if (this.isUnchanged(head, meta)) return this.unchanged(meta, source, connection, nowMs);
    const spans = readSpans(head, meta);
    if (spans === 'none') return this.#unsatisfiable(call);
    if (spans !== 'whole')
      return spans.length === 1 ? this.#part(spans[0] as ByteSpan, call) : this.#parts(spans, call);
    const fields = this.#wholeFields(meta, source, nowMs);
    if (head.method === 'HEAD' || meta.size === 0) return writer.head(meta.status, fields, connection, nowMs);
    return this.#send(
      meta.status,
      fields,
      [{ lead: undefined, span: { start: 0, end: meta.size - 1 } }],
      undefined,
      call,
    );
  }

  /** Whether the client's own copy is still good; only a 200 can be that (RFC 9110 section 13.2.1). */
  isUnchanged(head: RequestHead, meta: ObjectMeta): boolean {
    if (!head.conditional || meta.status !== 200) return false;
    // Without a date of change the date of the reply stands for it (RFC 9111 section 4.3.2).
    return isUnchanged(head, meta.etag, meta.lastModified || (fieldOf(meta.headers, 'date') ?? ''));
  }

  unchanged(meta: ObjectMeta, source: Source, connection: ConnectionField, nowMs: number): Buffer {
    const fields = this.#fields(meta, source, nowMs, isOfNoContent);
    return this.#deps.writer.head(304, fields, connection, nowMs);
  }

  /** A range that lies within a stored part, whose first byte is `start` of `total`. */
  heldPart(head: RequestHead, { start, total }: { start: number; total: number }, call: ObjectCall): Buffer {
    const { writer } = this.#deps;
    const { found, connection, nowMs } = call;
    const spans = readRanges(head.range, total);
    const span = typeof spans === 'string' ? undefined : spans[0];
    if (!span || !found.body) return this.#unsatisfiable(call);
    const bytes = found.body.bytes.subarray(span.start - start, span.end - start + 1);
    const fields =
      `${this.#fields(found.meta, found.source, nowMs, isAny)}content-length: ${bytes.length}\r\n` +
      `content-range: ${rangeText(span, total)}\r\n`;
    return writer.joined(206, fields, connection, nowMs, bytes);
  }

  #part(span: ByteSpan, call: ObjectCall): Buffer | Reply {
    const { meta, source } = call.found;
    const fields =
      `${this.#fields(meta, source, call.nowMs, isAny)}content-length: ${span.end - span.start + 1}\r\n` +
      `content-range: ${rangeText(span, meta.size)}\r\n`;
    return this.#send(206, fields, [{ lead: undefined, span }], undefined, call);
  }

  #parts(spans: readonly ByteSpan[], call: ObjectCall): Buffer | Reply {
    const { boundary } = this.#deps;
    const { meta, source } = call.found;
    const type = meta.headers.find(([name]) => name === 'content-type')?.[1];
    const typeLine = type === undefined ? '' : `content-type: ${type}\r\n`;
    const parts = spans.map((span, i): BodyPart => {
      const before = i === 0 ? '' : '\r\n';
      const text = `${before}--${boundary}\r\n${typeLine}content-range: ${rangeText(span, meta.size)}\r\n\r\n`;
      return { lead: Buffer.from(text, 'latin1'), span };
    });
    const tail = Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1');
    const length = parts.reduce(
      (sum, { lead, span }) => sum + (lead?.length ?? 0) + span.end - span.start + 1,
      tail.length,
    );
    const fields =
      `${this.#fields(meta, source, call.nowMs, isNoType)}content-length: ${length}\r\n` +
      `content-type: multipart/byteranges; boundary=${boundary}\r\n`;
    return this.#send(206, fields, parts, tail, call);
  }

  #send(
    status: number,
    fields: string,
    parts: readonly BodyPart[],
    tail: Buffer | undefined,
    { key, found, connection, nowMs, fileOf }: ObjectCall,
  ): Buffer | Reply {
    const { writer, cache } = this.#deps;
    const { body, meta } = found;
    const [part] = parts;
    if (part && parts.length === 1 && !meta.sliced && body?.isComplete) {
      const { start, end } = part.span;
      if (end - start < COPIED_BYTES_MAX) {
        return writer.joined(status, fields, connection, nowMs, body.bytes.subarray(start, end + 1));
      }
    }
    const head = writer.head(status, fields, connection, nowMs);
    const single = parts.length === 1 && !tail && !meta.sliced ? part?.span : undefined;
    const ready = single && body?.isComplete ? body.bytes.subarray(single.start, single.end + 1) : undefined;
    const length = single ? single.end - single.start + 1 : 0;
    const file = single && length >= SPLICED_BYTES_MIN ? fileOf?.() : undefined;
    const span = file && single ? { file, start: single.start, length } : undefined;
    return { head, body: { parts, tail, locate: locator(cache, key, found), ready, file: span } };
  }

  #unsatisfiable({ found: { meta, source }, connection, nowMs }: ObjectCall): Buffer {
    const { writer, cacheName } = this.#deps;
    const fields =
      `content-range: bytes */${meta.size}\r\n` +
      `cache-status: ${cacheStatus(cacheName, source, meta, nowMs)}\r\n`;
    const message = 'the range lies outside the object';
    return writer.error(
      { status: 416, code: 'range_not_satisfiable', message, fields },
      connection,
      nowMs,
      true,
    );
  }

  #wholeFields(meta: ObjectMeta, source: Source, nowMs: number): string {
    if (meta.status === 204) return this.#fields(meta, source, nowMs, isAny);
    return `${this.#fields(meta, source, nowMs, isAny)}content-length: ${meta.size}\r\n`;
  }

  #fields(meta: ObjectMeta, source: Source, nowMs: number, isWanted: (name: string) => boolean): string {
    const { describe, cacheName } = this.#deps;
    const status = cacheStatus(cacheName, source, meta, nowMs);
    return `${describe(meta, nowMs, isWanted)}age: ${ageS(meta.freshness, nowMs)}\r\ncache-status: ${status}\r\n`;
  }
}

/** An object of a film: what the edge knows of it, and the origin's fields that are passed on. */
export function describeObject(
  meta: ObjectMeta,
  _nowMs: number,
  isWanted: (name: string) => boolean,
): string {
  let text = 'accept-ranges: bytes\r\n';
  if (meta.etag !== '') text += `etag: ${meta.etag}\r\n`;
  if (meta.lastModified !== '') text += `last-modified: ${meta.lastModified}\r\n`;
  for (const [name, value] of meta.headers) if (isWanted(name)) text += `${name}: ${value}\r\n`;
  return text;
}

function readSpans(head: RequestHead, meta: ObjectMeta): readonly ByteSpan[] | 'whole' | 'none' {
  if (head.range === '' || head.method !== 'GET' || meta.status !== 200) return 'whole';
  return ifRangeHolds(head.ifRange, meta.etag, meta.lastModified)
    ? readRanges(head.range, meta.size)
    : 'whole';
}

const isAny = () => true;
/** A multipart reply has a type of its own. */
const isNoType = (name: string) => name !== 'content-type';
/** A 304 repeats what describes the copy, but nothing of the bytes that it does not bring. */
const isOfNoContent = (name: string) => !name.startsWith('content-') || name === 'content-location';

function rangeText(span: ByteSpan, size: number): string {
  return `bytes ${span.start}-${span.end}/${size}`;
}
