/**
 * Bodies on their way to S3: verified here before the last byte leaves, so that a body that is not what was stated
 * never becomes an object, whatever the server checks; and streams cut into parts that fit into memory.
 */
import { Readable } from 'node:stream';
import { MatineeError } from '../../platform/errors.ts';
import { awsFault } from './aws-errors.ts';
import { type BodyFacts, bodyChunks, createBodyCheck } from './checksums.ts';
import type { Body, BodyChecks } from './objects.ts';

/** Set once the last chunk has been let go. */
export type VerifiedBody = { chunks: AsyncGenerator<Uint8Array>; facts(): BodyFacts };

/** Holds each chunk back until the next has come, and the last until the whole has been verified. */
export function verifiedBody(body: Body, checks: BodyChecks): VerifiedBody {
  let facts: BodyFacts | undefined;
  async function* chunks() {
    const digest = createBodyCheck(checks);
    let held: Uint8Array | undefined;
    for await (const chunk of bodyChunks(body)) {
      if (chunk.length === 0) continue;
      digest.update(chunk);
      if (held) yield held;
      // A copy: the source may reuse its buffer, and the socket may still be sending it.
      held = body instanceof Uint8Array ? chunk : Buffer.from(chunk);
    }
    facts = digest.finish();
    if (held) yield held;
  }
  return {
    chunks: chunks(),
    facts: () => {
      if (!facts) throw new MatineeError('internal', 'the body was not read to its end');
      return facts;
    },
  };
}

/**
 * Sends a stream. When the stream fails, the request is torn down before it is whole, and the stream's own error
 * is what the caller gets.
 */
export async function sendStream<T>(
  chunks: AsyncIterable<Uint8Array>,
  send: (stream: Readable, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stream = Readable.from(chunks, { objectMode: false, highWaterMark: 256 * 1024 });
  const broken = new AbortController();
  let failure: { error: unknown } | undefined;
  stream.on('error', (error) => {
    failure ??= { error };
    broken.abort();
  });
  try {
    return await send(stream, broken.signal);
  } catch (error) {
    if (failure) throw failure.error;
    throw awsFault(error);
  } finally {
    stream.destroy();
  }
}

/** Gathers chunks into buffers of a part's size; `partBytes` may grow with the part's number, from 0. */
export async function* cutParts(
  chunks: AsyncIterable<Uint8Array>,
  partBytes: (index: number) => number,
): AsyncGenerator<Buffer> {
  let index = 0;
  let gathered: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const take = Math.min(chunk.length - at, partBytes(index) - size);
      gathered.push(chunk.subarray(at, at + take));
      size += take;
      at += take;
      if (size < partBytes(index)) continue;
      yield Buffer.concat(gathered);
      gathered = [];
      size = 0;
      index++;
    }
  }
  if (size > 0 || index === 0) yield Buffer.concat(gathered);
}

/** A whole body in memory, for requests that need their length before their first byte. Throws too_large. */
export async function gather(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > bytesMax) {
      throw new MatineeError('too_large', `a part of unstated length has at most ${bytesMax} bytes`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
