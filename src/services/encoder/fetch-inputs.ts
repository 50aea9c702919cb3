/** Downloads a task's inputs into its folder, in their order. Masters are not fetched: ffmpeg reads those itself. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemCode } from '../../platform/errors.ts';
import { retry } from '../../platform/retry.ts';
import { eachBounded } from './each-bounded.ts';
import type { TaskContext } from './task-context.ts';
import { asTaskFailure, TaskFailure } from './task-failure.ts';

const DOWNLOADS_AT_ONCE = 4;
/** About a minute and a half, as with outputs. */
const TRIES_MAX = 24;
/** A download without a byte for this long is given up and tried again. */
const IDLE_MS = 60_000;

/**
 * Paths of the downloaded files, `input-00001.mp4` and so on. Throws TaskFailure `input_unreachable`, or
 * `input_corrupted` with the places of all files that are gone or are not those that were made.
 */
export async function fetchInputs(
  context: TaskContext,
  urls: readonly string[],
  digests: ReadonlyArray<string | null> = [],
): Promise<string[]> {
  const bad: number[] = [];
  const paths = urls.map((_, index) =>
    join(context.folder, `input-${String(index + 1).padStart(5, '0')}.mp4`),
  );
  await eachBounded(urls, DOWNLOADS_AT_ONCE, async (url, index) => {
    const got = await retry(() => fetchFile(url, paths[index] as string, context.signal), {
      triesMax: TRIES_MAX,
      waitMs: 500,
      waitMaxMs: 8000,
      clock: context.clock,
      signal: context.signal,
      retryable: (error) => error instanceof TaskFailure && error.code === 'input_unreachable',
    });
    const expected = digests[index];
    if (got === undefined || (expected && got !== expected)) bad.push(index);
  });
  if (bad.length === 0) return paths;
  throw new TaskFailure(
    'input_corrupted',
    `${bad.length} of ${urls.length} encoded files are damaged or gone`,
    {
      retry: true,
      badInputs: bad.toSorted((a, b) => a - b),
    },
  );
}

/** Resolves to the digest of what came, or undefined when there is no such file any more. */
async function fetchFile(url: string, path: string, signal: AbortSignal): Promise<string | undefined> {
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(), IDLE_MS);
  const hash = createHash('sha256');
  const moved = new Transform({
    transform(chunk, _encoding, done) {
      timer.refresh();
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const both = AbortSignal.any([signal, idle.signal]);
  try {
    const response = await fetch(url, { signal: both });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok || !response.body) throw unreachable(`status ${response.status}`);
    await pipeline(Readable.fromWeb(response.body as never), moved, createWriteStream(path), {
      signal: both,
    });
    return hash.digest('base64url');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TaskFailure) throw error;
    if (systemCode(error) === 'ENOSPC') throw asTaskFailure(error);
    throw unreachable(systemCode((error as Error).cause) ?? systemCode(error) ?? 'broken off', error);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(why: string, cause?: unknown): TaskFailure {
  return new TaskFailure('input_unreachable', `an input could not be read: ${why}`, { retry: true, cause });
}

/** Some bytes of a master. Throws TaskFailure `input_unreachable` unless all that there are come. */
export async function fetchRange(
  context: TaskContext,
  url: string,
  range: { from: number; bytes: number },
): Promise<Buffer> {
  const { from, bytes } = range;
  const limit = AbortSignal.any([context.signal, AbortSignal.timeout(IDLE_MS)]);
  try {
    const response = await fetch(url, {
      headers: { range: `bytes=${from}-${from + bytes - 1}` },
      signal: limit,
    });
    if (!response.ok || !response.body) throw unreachable(`status ${response.status}`);
    const parts: Uint8Array[] = [];
    let size = 0;
    // A server without ranges would send the whole master, so reading stops by itself.
    for await (const part of response.body) {
      parts.push(part);
      size += part.byteLength;
      if (size >= bytes) break;
    }
    return Buffer.concat(parts).subarray(0, bytes);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof TaskFailure) throw error;
    throw unreachable(systemCode((error as Error).cause) ?? 'broken off', error);
  }
}
