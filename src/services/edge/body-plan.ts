/**
 * Which bytes make up the body of a reply and where they come from, and the sending of them: as they come in, never
 * faster than the reader takes them, and with one piece in the writer's hands at a time.
 */
import { SLICE_BYTES, WRITE_BYTES } from './config.ts';
import type { GrowingBody } from './growing-body.ts';
import type { Found, ObjectCache } from './object-cache.ts';
import type { OpenFile } from './open-files.ts';
import type { PinnedBytes } from './pinned-bytes.ts';
import type { ByteSpan } from './ranges.ts';

/** A span of the object, and the bytes that go out before it. */
export type BodyPart = { readonly lead: Buffer | undefined; readonly span: ByteSpan };

export type BodyPlan = {
  readonly parts: readonly BodyPart[];
  /** Goes out last. */
  readonly tail: Buffer | undefined;
  /** The whole body, when it is one piece that is here already. */
  readonly ready?: Buffer | undefined;
  /** The same bytes in an open file, from which the kernel can send them. */
  readonly file?: FileSpan | undefined;
  /** The body that holds byte `at` of the object, and where in it. `last` is the last byte that will be asked for. */
  locate(at: number, last: number): Promise<Place> | Place;
};

/** A body that is sent as it comes; without a known length it is framed in chunks (RFC 9112 section 7.1). */
export type StreamBody = {
  readonly reader: { next(): Promise<Buffer | undefined>; readonly isReady: boolean; close(): void };
  readonly isChunked: boolean;
};

export type FileSpan = { readonly file: OpenFile; readonly start: number; readonly length: number };

export type Place = { readonly body: GrowingBody; readonly offset: number };

export type Outlet = {
  /** Resolves when the pieces are in the kernel's hands; false when the reader has gone. */
  write(first: Buffer | undefined, second: Buffer | undefined): Promise<boolean>;
};

/** Reads a whole body, or slice after slice with the next one asked for ahead. */
export function locator(cache: ObjectCache, key: string, found: Found): BodyPlan['locate'] {
  const { meta, body } = found;
  if (!meta.sliced) return (at) => ({ body: body as GrowingBody, offset: at });
  const ahead = new Map<number, Promise<GrowingBody>>();
  const fetch = async (slice: number) => (await cache.slice(key, meta, slice)).body;
  let held = { slice: body ? found.slice : -1, body: body as GrowingBody };
  const ask = (slice: number): Promise<GrowingBody> => {
    const asked = ahead.get(slice);
    ahead.delete(slice);
    return asked ?? fetch(slice);
  };
  return async (at, last) => {
    const slice = Math.floor(at / SLICE_BYTES);
    if (held.slice !== slice) held = { slice, body: await ask(slice) };
    if (slice < Math.floor(last / SLICE_BYTES) && !ahead.has(slice + 1)) {
      const next = fetch(slice + 1);
      // It may never be waited for, when the reader leaves first.
      next.catch(() => undefined);
      ahead.set(slice + 1, next);
    }
    return { body: held.body, offset: at - slice * SLICE_BYTES };
  };
}

/** False when the reader has gone. Rejects when the bytes do not come. */
export async function sendBody(
  head: Buffer,
  plan: BodyPlan,
  outlet: Outlet,
  pinned: PinnedBytes,
): Promise<boolean> {
  let waiting: Buffer | undefined = head;
  for (const { lead, span } of plan.parts) {
    if (lead) waiting = waiting ? Buffer.concat([waiting, lead]) : lead;
    for (let at = span.start; at <= span.end; ) {
      const { body, offset } = await plan.locate(at, span.end);
      const end = Math.min(body.length, offset + span.end - at + 1);
      pinned.pin(body.bytes);
      try {
        if (!(await sendSpan(body, offset, end, waiting, outlet))) return false;
      } finally {
        pinned.unpin(body.bytes);
      }
      waiting = undefined;
      at += end - offset;
    }
  }
  return plan.tail ? outlet.write(waiting, plan.tail) : true;
}

async function sendSpan(
  body: GrowingBody,
  start: number,
  end: number,
  head: Buffer | undefined,
  outlet: Outlet,
): Promise<boolean> {
  let waiting = head;
  for (let at = start; at < end; ) {
    if (body.filled <= at) {
      if (waiting && !(await outlet.write(waiting, undefined))) return false;
      waiting = undefined;
      await body.past(at);
      if (body.filled <= at) throw body.failure ?? new Error('a body ended before its length');
    }
    const upTo = Math.min(body.filled, end, at + WRITE_BYTES);
    if (!(await outlet.write(waiting, body.bytes.subarray(at, upTo)))) return false;
    waiting = undefined;
    at = upTo;
  }
  return true;
}

const LAST_CHUNK = Buffer.from('0\r\n\r\n', 'latin1');
const CHUNK_END = Buffer.from('\r\n', 'latin1');

/** False when the reader has gone. Rejects when the bytes do not come. */
export async function sendStream(
  head: Buffer,
  { reader, isChunked }: StreamBody,
  outlet: Outlet,
): Promise<boolean> {
  try {
    let waiting = head;
    if (!reader.isReady) {
      if (!(await outlet.write(waiting, undefined))) return false;
      waiting = Buffer.alloc(0);
    }
    for (let chunk = await reader.next(); chunk; chunk = await reader.next()) {
      const lead = isChunked ? Buffer.concat([waiting, chunkHead(chunk.length)]) : waiting;
      if (!(await outlet.write(lead, chunk))) return false;
      waiting = isChunked ? CHUNK_END : Buffer.alloc(0);
    }
    if (isChunked) waiting = Buffer.concat([waiting, LAST_CHUNK]);
    return waiting.length === 0 || (await outlet.write(waiting, undefined));
  } finally {
    reader.close();
  }
}

function chunkHead(length: number): Buffer {
  return Buffer.from(`${length.toString(16)}\r\n`, 'latin1');
}
