/**
 * The body of a request as the store shall have it: framing taken off, every byte checked against what the head
 * and the signature promise. Streams; a body that breaks a promise ends in an error instead of its end, so that
 * the store drops the write.
 */
import { createHash } from 'node:crypto';
import { UNSIGNED_PAYLOAD } from '../../platform/sigv4.ts';
import { checksumOf } from '../../ports/objects/checksums.ts';
import type { BodyChecks } from '../../ports/objects/objects.ts';
import type { Caller } from './authenticate.ts';
import { type ChunkedDecoder, createChunkedDecoder } from './aws-chunked.ts';
import { announcedTrailers, statedChecks } from './body-checksums.ts';
import { createChunkSignatures } from './chunk-signatures.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

export type Payload = {
  /** May be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly checks: BodyChecks;
  /** Why the body ended in an error, however the reader wrapped it. */
  failure(): S3Error | undefined;
};

/** The greatest body of one request: 5 GiB, as S3's. */
const BODY_BYTES_MAX = 5 * 1024 ** 3;
const SIGNED_CHUNKS = ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'];
const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** Looks at the head only. Throws S3Error when the head contradicts itself. */
export function openPayload(request: S3Request, caller: Caller): Payload {
  const { headers } = request;
  if (!request.framed) throw new S3Error('MissingContentLength');
  const decoder = openDecoder(request, caller);
  const length = decoder ? decodedLength(headers) : contentLength(headers);
  if (length !== undefined && length > BODY_BYTES_MAX) throw new S3Error('EntityTooLarge');
  const checks = { ...statedChecks(headers, (name) => decoder?.trailer(name)), length };
  let failure: S3Error | undefined;
  async function* guarded(): AsyncGenerator<Uint8Array> {
    try {
      const source = readAll(request.body());
      yield* decoder ? decode(source, decoder) : verified(source, caller.payload, length);
    } catch (error) {
      if (error instanceof S3Error) failure = error;
      throw error;
    }
  }
  return { bytes: guarded(), checks, failure: () => failure };
}

/** A whole small body. Throws S3Error MaxMessageLengthExceeded over the limit. */
export async function readSmallBody(payload: Payload, bytesMax: number): Promise<Buffer> {
  if ((payload.checks.length ?? 0) > bytesMax) throw new S3Error('MaxMessageLengthExceeded');
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of payload.bytes) {
    length += piece.length;
    if (length > bytesMax) throw new S3Error('MaxMessageLengthExceeded');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** A whole small body whose stated digests are checked here, since no store will see it. */
export async function readCheckedBody(payload: Payload, bytesMax: number): Promise<Buffer> {
  const body = await readSmallBody(payload, bytesMax);
  const { md5, checksum } = payload.checks;
  const stated = typeof checksum?.value === 'function' ? checksum.value() : checksum?.value;
  if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64'))
    throw new S3Error('BadDigest');
  if (checksum && stated !== checksumOf(checksum.kind, body)) throw new S3Error('BadDigest');
  return body;
}

function openDecoder(request: S3Request, caller: Caller): ChunkedDecoder | undefined {
  const { headers } = request;
  const mode = caller.payload;
  const signed = SIGNED_CHUNKS.includes(mode);
  if (!signed && mode !== UNSIGNED_CHUNKS) {
    requirePlain(headers, mode);
    return undefined;
  }
  if (signed && request.query.has('X-Amz-Signature')) {
    throw new S3Error('InvalidRequest', 'A presigned request cannot have signed chunks.');
  }
  const trailers = announcedTrailers(headers);
  if (trailers.length > 0 !== mode.endsWith('-TRAILER')) {
    throw new S3Error(
      'MalformedTrailerError',
      'x-amz-trailer and x-amz-content-sha256 contradict each other.',
    );
  }
  return createChunkedDecoder({
    decodedLength: decodedLength(headers),
    trailers,
    ...(signed ? { signatures: createChunkSignatures(caller.seed) } : {}),
  });
}

/** Framing that nobody takes off would be stored as data, so a head that hints at it is refused. */
function requirePlain(headers: Headers, mode: string): void {
  if (mode !== UNSIGNED_PAYLOAD && !/^[0-9a-f]{64}$/.test(mode)) {
    throw new S3Error(
      'InvalidArgument',
      'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING value that S3 knows, or a SHA-256 in hex.',
    );
  }
  if (/(^|,)\s*aws-chunked\s*(,|$)/i.test(headers.get('content-encoding') ?? '')) {
    throw new S3Error(
      'InvalidRequest',
      'Content-Encoding aws-chunked needs a STREAMING x-amz-content-sha256.',
    );
  }
  if (headers.has('x-amz-trailer')) {
    throw new S3Error('InvalidRequest', 'x-amz-trailer needs a STREAMING x-amz-content-sha256.');
  }
}

async function* decode(
  source: AsyncIterable<Uint8Array>,
  decoder: ChunkedDecoder,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) yield* decoder.push(piece);
  decoder.end();
}

async function* verified(
  source: AsyncIterable<Uint8Array>,
  mode: string,
  length: number | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = mode === UNSIGNED_PAYLOAD ? undefined : createHash('sha256');
  let received = 0;
  for await (const piece of source) {
    received += piece.length;
    if (received > (length ?? BODY_BYTES_MAX)) throw new S3Error('EntityTooLarge');
    hash?.update(piece);
    yield piece;
  }
  if (length !== undefined && received !== length) throw new S3Error('IncompleteBody');
  const computed = hash?.digest('hex') ?? mode;
  if (computed === mode) return;
  throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
    ClientComputedContentSHA256: mode,
    S3ComputedContentSHA256: computed,
  });
}

async function* readAll(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await readOnce(reader);
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

/** A connection that breaks is the client's affair, not a fault of the door. */
async function readOnce(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch {
    throw new S3Error('IncompleteBody', 'The connection was lost before the end of the body.');
  }
}

function contentLength(headers: Headers): number | undefined {
  const text = headers.get('content-length');
  return text === null ? undefined : readLength(text);
}

function decodedLength(headers: Headers): number {
  const text = headers.get('x-amz-decoded-content-length');
  if (text === null) throw new S3Error('MissingContentLength', 'x-amz-decoded-content-length is missing.');
  return readLength(text);
}

function readLength(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidArgument', 'A length is not a number of bytes.');
  return Number(text);
}
