/**
 * Takes the `aws-chunked` framing off a body, piece by piece as it arrives, with strict limits: nothing of it is
 * held but the line at hand. Knows the framing only; who checks signatures and digests is handed in.
 * Source: "Signature calculations for the Authorization header: transferring payload in multiple chunks" and
 * "... including trailing headers" in the Amazon S3 API Reference.
 */
import { S3Error } from './s3-error.ts';

export type ChunkedOptions = {
  /** The bytes that `x-amz-decoded-content-length` announced. */
  decodedLength: number;
  /** Lower-case names announced by `x-amz-trailer`; the body must end with exactly these. */
  trailers: readonly string[];
  /** Present when every chunk is signed. */
  signatures?: ChunkChecks;
};

/** What checks the signatures; each throws S3Error when one is wrong. */
export type ChunkChecks = {
  begin(signature: string): void;
  data(bytes: Uint8Array): void;
  end(): void;
  /** `text` is every trailer but the signature as `name:value` and a line feed. */
  trailer(text: string, signature: string): void;
};

export type ChunkedDecoder = {
  /** The data in these bytes. Throws S3Error when the framing, a length or a signature is wrong. */
  push(bytes: Uint8Array): Uint8Array[];
  /** To be called after the last byte. Throws S3Error IncompleteBody when the body was cut off. */
  end(): void;
  /** A trailer by its lower-case name; undefined before the end. */
  trailer(name: string): string | undefined;
};

type State = 'chunk-head' | 'data' | 'data-end' | 'trailer' | 'done';

const LINE_BYTES_MAX = 1024;
const TRAILERS_MAX = 8;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

export function createChunkedDecoder(options: ChunkedOptions): ChunkedDecoder {
  const { signatures, decodedLength } = options;
  const trailers = new Map<string, string>();
  let state: State = 'chunk-head';
  let line = '';
  let chunkLeft = 0;
  let decoded = 0;

  /** Reads up to and with the line end; undefined when the line goes on in the next bytes. */
  function takeLine(bytes: Buffer, at: number): { text?: string; next: number } {
    const end = bytes.indexOf(0x0a, at);
    const next = end < 0 ? bytes.length : end + 1;
    if (line.length + next - at > LINE_BYTES_MAX) throw malformed('a line of the framing is too long');
    line += bytes.toString('latin1', at, next);
    if (end < 0) return { next };
    if (!line.endsWith('\r\n')) throw malformed('a line of the framing does not end in CRLF');
    const text = line.slice(0, -2);
    line = '';
    return { text, next };
  }

  function onChunkHead(text: string): State {
    const head = readChunkHead(text, signatures !== undefined);
    chunkLeft = head.size;
    decoded += head.size;
    if (decoded > decodedLength) throw lengthDiffers();
    signatures?.begin(head.signature);
    if (head.size > 0) return 'data';
    signatures?.end();
    if (decoded !== decodedLength) throw lengthDiffers();
    return 'trailer';
  }

  function onTrailer(text: string): State {
    if (text === '') {
      checkTrailers();
      return 'done';
    }
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
    if (name === '' || trailers.has(name) || trailers.size >= TRAILERS_MAX) throw badTrailer();
    trailers.set(name, text.slice(colon + 1).trim());
    return 'trailer';
  }

  function checkTrailers(): void {
    const signature = trailers.get(TRAILER_SIGNATURE);
    trailers.delete(TRAILER_SIGNATURE);
    const known = options.trailers.every((name) => trailers.has(name));
    if (!known || trailers.size !== options.trailers.length) throw badTrailer();
    if (!signatures || options.trailers.length === 0) return;
    if (signature === undefined) throw badTrailer();
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    signatures.trailer(text, signature);
  }

  function takeData(bytes: Buffer, at: number, out: Uint8Array[]): number {
    const next = Math.min(bytes.length, at + chunkLeft);
    const data = bytes.subarray(at, next);
    chunkLeft -= data.length;
    signatures?.data(data);
    out.push(data);
    if (chunkLeft === 0) state = 'data-end';
    return next;
  }

  function onLine(text: string): State {
    if (state === 'chunk-head') return onChunkHead(text);
    if (state === 'trailer') return onTrailer(text);
    if (text !== '') throw malformed('a chunk is longer than it says');
    signatures?.end();
    return 'chunk-head';
  }

  function push(piece: Uint8Array): Uint8Array[] {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const out: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (state === 'done') throw malformed('bytes follow the end of the body');
      if (state === 'data') {
        at = takeData(bytes, at, out);
        continue;
      }
      const { text, next } = takeLine(bytes, at);
      at = next;
      if (text !== undefined) state = onLine(text);
    }
    return out;
  }

  return {
    push,
    end() {
      if (state !== 'done') throw new S3Error('IncompleteBody');
    },
    trailer: (name) => (state === 'done' ? trailers.get(name) : undefined),
  };
}

function readChunkHead(text: string, signed: boolean): { size: number; signature: string } {
  const match = signed
    ? /^([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})$/.exec(text)
    : /^([0-9a-fA-F]{1,12})$/.exec(text);
  if (!match) throw malformed('the head of a chunk is not well formed');
  return { size: Number.parseInt(match[1] as string, 16), signature: match[2] ?? '' };
}

function malformed(why: string): S3Error {
  return new S3Error('InvalidRequest', `The aws-chunked body is malformed: ${why}.`);
}

function badTrailer(): S3Error {
  return new S3Error('MalformedTrailerError');
}

function lengthDiffers(): S3Error {
  return new S3Error('IncompleteBody', 'The body does not have the length of x-amz-decoded-content-length.');
}
