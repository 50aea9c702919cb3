/**
 * Writes one stream of bytes into one blob file, through two buffers of its own: one fills while the other is
 * written, so memory is bounded and callers may reuse their chunks. Verifies nothing and names nothing.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { requireSpace } from './disk-space.ts';

const BUFFER_BYTES = 512 * 1024;
/**
 * The disk is asked to catch up each time this much was written. Left to the end, a large file would hold up every
 * other fsync of the process for as long as all of it takes, commits among them.
 */
const SYNC_EVERY_BYTES = 16 * 1024 * 1024;

export type BlobWriter = {
  write(chunk: Uint8Array): Promise<void>;
  /** Everything is on disk when it resolves, and the file is closed. */
  finish(): Promise<void>;
  /** Closes the file without care for what is in it. */
  abandon(): Promise<void>;
};

/** Buffers that wait for their next writer; bounded, so that a burst of uploads gives its memory back. */
export type BufferPool = { take(): Buffer; give(buffer: Buffer): void };

export function createBufferPool(keep: number): BufferPool {
  const idle: Buffer[] = [];
  return {
    take: () => idle.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES),
    give: (buffer) => {
      if (idle.length < keep) idle.push(buffer);
    },
  };
}

/** The file must not exist yet. Throws storage_full here, while writing or at the end. */
export async function openBlobWriter(path: string, pool: BufferPool): Promise<BlobWriter> {
  await requireSpace(dirname(path));
  const file = await open(path, 'wx', 0o600);
  let filling = pool.take();
  let other = pool.take();
  let used = 0;
  let unsynced = 0;
  let writing = outcome(Promise.resolve());
  let syncing = outcome(Promise.resolve());

  const written = async () => requireSuccess(await writing);
  const catchUp = async () => {
    requireSuccess(await syncing);
    await requireSpace(dirname(path));
    unsynced = 0;
    syncing = outcome(file.datasync());
  };
  const flush = async () => {
    await written();
    const full = filling.subarray(0, used);
    [filling, other] = [other, filling];
    used = 0;
    unsynced += full.length;
    writing = outcome(writeAll(file, full));
    if (unsynced >= SYNC_EVERY_BYTES) await catchUp();
  };
  const close = async () => {
    await writing;
    await syncing;
    pool.give(filling);
    pool.give(other);
    await file.close();
  };

  return {
    write: async (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const take = Math.min(chunk.length - at, filling.length - used);
        filling.set(chunk.subarray(at, at + take), used);
        used += take;
        at += take;
        if (used === filling.length) await flush();
      }
    },
    finish: async () => {
      try {
        if (used > 0) await flush();
        await written();
        requireSuccess(await syncing);
        await file.sync();
      } finally {
        await close();
      }
    },
    abandon: close,
  };
}

type Outcome = { failure?: unknown };

/** Work that goes on behind the caller: its failure is kept until it is asked for, so that none goes unheard. */
function outcome(work: Promise<void>): Promise<Outcome> {
  return work.then(
    () => ({}),
    (failure: unknown) => ({ failure }),
  );
}

function requireSuccess(result: Outcome): void {
  if ('failure' in result) throw result.failure;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}
