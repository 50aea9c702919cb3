/**
 * Asks the origin for an object or a slice and says what its answer means. An object is first asked for by a
 * range, whose answer tells the size: what is small comes whole, of what is large comes one slice.
 */
import type { IncomingMessage } from 'node:http';
import { SLICE_BYTES, WHOLE_BYTES_MAX } from './config.ts';
import { EdgeFailure } from './failure.ts';
import type { OriginGet } from './origin-link.ts';
import type { ByteSpan } from './ranges.ts';
import { missingMeta, type ObjectMeta, readMeta, refreshedMeta } from './stored-object.ts';

export type Ask = (what: OriginGet) => Promise<IncomingMessage>;

export type OriginAnswer =
  | {
      kind: 'bytes';
      meta: ObjectMeta /** Which slice the bytes are; 0 for a whole object. */;
      slice: number;
      span: ByteSpan;
      reply: IncomingMessage;
    }
  | { kind: 'unchanged'; meta: ObjectMeta }
  | { kind: 'missing'; meta: ObjectMeta };

const FIRST_SPAN: ByteSpan = { start: 0, end: WHOLE_BYTES_MAX - 1 };

/** `hint` is the first byte that is wanted; `known` is what a 304 would confirm. */
export async function askForObject(
  ask: Ask,
  key: string,
  hint: number,
  known: ObjectMeta | undefined,
  now: () => number,
): Promise<OriginAnswer> {
  // Bytes beyond the largest whole object exist in large objects only, so their slice can be asked for at once.
  const span = hint < WHOLE_BYTES_MAX ? FIRST_SPAN : alignedSpan(Math.floor(hint / SLICE_BYTES));
  const ifNoneMatch = known?.etag || undefined;
  const reply = await ask({ key, span, ifNoneMatch });
  if (reply.statusCode === 416) {
    discard(reply);
    if (span.start > 0) return askForObject(ask, key, 0, known, now);
    // No byte can be asked for of an empty object.
    return readAnswer(await ask({ key, ifNoneMatch }), FIRST_SPAN, known, now());
  }
  return readAnswer(reply, span, known, now());
}

/** The slice of a version that is known. Rejects with EdgeFailure `changed` when the object is another by now. */
export async function askForSlice(
  ask: Ask,
  key: string,
  meta: ObjectMeta,
  slice: number,
): Promise<OriginAnswer> {
  const aligned = alignedSpan(slice);
  const span = { start: aligned.start, end: Math.min(aligned.end, meta.size - 1) };
  // A weak tag never holds in If-Match; the reply's own tag is compared in any case.
  const ifMatch = meta.etag.startsWith('"') ? meta.etag : undefined;
  const reply = await ask({ key, span, ifMatch });
  const range = contentRange(reply);
  const same = range?.size === meta.size && (reply.headers.etag ?? '') === meta.etag;
  if (reply.statusCode === 206 && same && range.start === span.start && range.end === span.end) {
    return { kind: 'bytes', meta, slice, span, reply };
  }
  discard(reply);
  if ([200, 206, 404, 412, 416].includes(reply.statusCode ?? 0)) {
    throw new EdgeFailure('changed', 'the object has changed at the origin');
  }
  throw refusal(reply);
}

/** The rest of a body that broke off. */
export async function askForRest(
  ask: Ask,
  key: string,
  meta: ObjectMeta,
  span: ByteSpan,
): Promise<IncomingMessage> {
  const reply = await ask({ key, span, ifMatch: meta.etag });
  const range = contentRange(reply);
  if (reply.statusCode === 206 && range?.start === span.start && range.size === meta.size) return reply;
  discard(reply);
  throw new EdgeFailure('broken', 'the origin broke off and did not go on');
}

function readAnswer(
  reply: IncomingMessage,
  asked: ByteSpan,
  known: ObjectMeta | undefined,
  nowMs: number,
): OriginAnswer {
  switch (reply.statusCode) {
    case 200:
      return wholeAnswer(reply, nowMs);
    case 206:
      return partAnswer(reply, asked, nowMs);
    case 304:
      discard(reply);
      if (known) return { kind: 'unchanged', meta: refreshedMeta(known, reply.headers, nowMs) };
      throw refusal(reply);
    case 404:
      discard(reply);
      return { kind: 'missing', meta: missingMeta(nowMs) };
    default:
      discard(reply);
      throw refusal(reply);
  }
}

function wholeAnswer(reply: IncomingMessage, nowMs: number): OriginAnswer {
  const text = reply.headers['content-length'] ?? '';
  if (!/^[0-9]{1,15}$/.test(text)) {
    reply.destroy();
    throw new EdgeFailure('refused', 'the origin did not tell a length');
  }
  const size = Number(text);
  const sliced = size > WHOLE_BYTES_MAX;
  const end = (sliced ? SLICE_BYTES : size) - 1;
  const meta = readMeta(reply.headers, size, sliced, nowMs);
  return { kind: 'bytes', meta, slice: 0, span: { start: 0, end }, reply };
}

function partAnswer(reply: IncomingMessage, asked: ByteSpan, nowMs: number): OriginAnswer {
  const range = contentRange(reply);
  const expected = range && Math.min(asked.end, range.size - 1);
  if (!range || range.start !== asked.start || range.end !== expected) {
    reply.destroy();
    throw new EdgeFailure('refused', 'the origin answered with another range');
  }
  const sliced = range.size > WHOLE_BYTES_MAX;
  const end = sliced ? Math.min(range.start + SLICE_BYTES, range.size) - 1 : range.end;
  const meta = readMeta(reply.headers, range.size, sliced, nowMs);
  return { kind: 'bytes', meta, slice: range.start / SLICE_BYTES, span: { start: range.start, end }, reply };
}

function alignedSpan(slice: number): ByteSpan {
  return { start: slice * SLICE_BYTES, end: (slice + 1) * SLICE_BYTES - 1 };
}

function contentRange(reply: IncomingMessage): { start: number; end: number; size: number } | undefined {
  const match = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/.exec(
    reply.headers['content-range'] ?? '',
  );
  return match ? { start: Number(match[1]), end: Number(match[2]), size: Number(match[3]) } : undefined;
}

const DISCARD_BYTES_MAX = 64 * 1024;

/** Reads a short body to its end, which keeps the connection; gives up a long one. */
function discard(reply: IncomingMessage): void {
  const length = Number(reply.headers['content-length'] ?? 0);
  if (length <= DISCARD_BYTES_MAX) reply.on('error', () => reply.destroy()).resume();
  else reply.destroy();
}

function refusal(reply: IncomingMessage): EdgeFailure {
  return new EdgeFailure('refused', `the origin answered with status ${reply.statusCode}`);
}
