/**
 * Reads a span of an object that lies in pieces: opens one file at a time, a quarter of a megabyte a read, only
 * when its reader asks. Knows nothing of keys or metadata.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { MatineeError } from '../../platform/errors.ts';
import type { Piece } from './disk-rows.ts';
import type { ObjectBody } from './objects.ts';

const READ_BYTES = 256 * 1024;

export type PieceSpan = {
  pieces: readonly Piece[];
  /** Inclusive; an empty span ends before it starts. */
  start: number;
  end: number;
  pathOf(blob: string): string;
  signal?: AbortSignal;
  /** Called once, when the reader is through or gone. */
  onEnd(): void;
};

export function createPieceStream(span: PieceSpan): ObjectBody['stream'] {
  let ended = false;
  let failure: Error | undefined;
  const end = () => {
    if (ended) return;
    ended = true;
    span.signal?.removeEventListener('abort', onAbort);
    span.onEnd();
  };
  const chunks = readPieces(span, () => {
    if (failure) throw failure;
    return ended;
  });
  const destroy = (error?: Error) => {
    failure ??= error;
    end();
    // A generator that is reading closes its file when that read is done, one that never began has none open.
    chunks.return(undefined).catch((fault: Error) => {
      failure ??= fault;
    });
  };
  const onAbort = () => destroy(span.signal?.reason as Error);
  span.signal?.addEventListener('abort', onAbort, { once: true });

  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      try {
        const result = await chunks.next();
        if (failure) throw failure;
        if (result.done) end();
        return result;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: async () => {
      destroy();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator, destroy };
}

async function* readPieces(span: PieceSpan, isOver: () => boolean): AsyncGenerator<Uint8Array, undefined> {
  for (const piece of span.pieces) {
    const from = Math.max(span.start - piece.start, 0);
    const until = Math.min(span.end - piece.start, piece.size - 1) + 1;
    if (piece.blob === undefined) {
      yield (piece.data ?? new Uint8Array(0)).subarray(from, until);
      continue;
    }
    if (isOver()) return undefined;
    const file = await open(span.pathOf(piece.blob), 'r');
    try {
      for (let at = from; at < until && !isOver(); ) {
        const chunk = await readSome(file, at, Math.min(READ_BYTES, until - at));
        at += chunk.length;
        yield chunk;
      }
    } finally {
      await file.close();
    }
  }
  return undefined;
}

/** A fresh buffer each time: the reader may keep a chunk for as long as it likes, a socket does. */
async function readSome(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  if (bytesRead === 0) throw new MatineeError('internal', 'a stored blob is shorter than its metadata says');
  return bytesRead === length ? buffer : buffer.subarray(0, bytesRead);
}
