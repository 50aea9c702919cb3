/**
 * Puts a task's files where the studio wants them: asks for presigned URLs under the attempt's prefix, streams
 * each file to its URL and tells the digest of what it sent. URLs are never logged. It decides nothing about names
 * or contents.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { extname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StoredFile } from '../../contracts/tasks.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, systemCode } from '../../platform/errors.ts';
import { retry } from '../../platform/retry.ts';
import { eachBounded } from './each-bounded.ts';
import { TaskFailure } from './task-failure.ts';

export type OutputFile = { readonly name: string; readonly path: string };

export type Outputs = {
  /**
   * Stores all files; resolves when the store has acknowledged each, with their digests in the same order. Reports
   * how many are done.
   */
  put(
    files: readonly OutputFile[],
    onDone?: (done: number) => void,
    options?: PutOptions,
  ): Promise<StoredFile[]>;
};

/** `onlyNew`: a file that is there already, from an earlier attempt, stays; its digest is not known, so it is not told. */
export type PutOptions = { onlyNew?: boolean };

export type OutputsDeps = {
  /** Presigned PUT URLs for these names, in their order. */
  sign(names: string[]): Promise<string[]>;
  clock: Clock;
  signal: AbortSignal;
  /** Hears why nothing can be stored at the moment, and undefined when it can again. */
  onTrouble?(trouble: string | undefined): void;
};

const NAMES_PER_BATCH = 200;
const UPLOADS_AT_ONCE = 4;
/** About a minute and a half: a store that is away or full for a while costs no encode. */
const TRIES_MAX = 24;
/** Of them those that the store answered with a refusal, which seldom becomes another. */
const REFUSALS_MAX = 4;
const IDLE_MS = 60_000;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4a': 'audio/mp4',
  '.m4s': 'video/iso.segment',
  '.vtt': 'text/vtt; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
};

export function createOutputs(deps: OutputsDeps): Outputs {
  return {
    async put(files, onDone = () => {}, options = {}) {
      let done = 0;
      const stored: Array<StoredFile | undefined> = [];
      for (let at = 0; at < files.length; at += NAMES_PER_BATCH) {
        const batch = files.slice(at, at + NAMES_PER_BATCH);
        const urls = await deps.sign(batch.map((file) => file.name));
        await eachBounded(batch, UPLOADS_AT_ONCE, async (file, index) => {
          stored[at + index] = await putWithRetries(deps, file, urls[index], options);
          done += 1;
          onDone(done);
        });
      }
      return stored.filter((file) => file !== undefined);
    },
  };
}

async function putWithRetries(
  deps: OutputsDeps,
  file: OutputFile,
  firstUrl: string | undefined,
  options: PutOptions,
): Promise<StoredFile | undefined> {
  let refusals = 0;
  const isHopeless = (error: unknown) => {
    if (error instanceof TaskFailure) deps.onTrouble?.(error.message);
    return error instanceof Refusal && ++refusals >= REFUSALS_MAX;
  };
  return retry(
    async (tryNumber) => {
      // A URL may have expired while other files were sent, hence a fresh one for each further try.
      const url = tryNumber === 1 ? firstUrl : (await deps.sign([file.name]))[0];
      if (url === undefined) {
        throw new TaskFailure('output_refused', 'the studio gave no URL for an output', { retry: true });
      }
      const stored = await putFile(url, file, options, deps.signal);
      deps.onTrouble?.(undefined);
      return stored;
    },
    {
      triesMax: TRIES_MAX,
      waitMs: 500,
      waitMaxMs: 8000,
      clock: deps.clock,
      signal: deps.signal,
      retryable: (error) =>
        !deps.signal.aborted &&
        !isHopeless(error) &&
        !isMatineeError(error, 'stale_attempt') &&
        !isMatineeError(error, 'not_found') &&
        systemCode(error) !== 'ENOENT',
    },
  );
}

async function putFile(
  url: string,
  file: OutputFile,
  { onlyNew = false }: PutOptions,
  signal: AbortSignal,
): Promise<StoredFile | undefined> {
  const { size } = await stat(file.path);
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const request = send(url, {
    method: 'PUT',
    signal,
    timeout: IDLE_MS,
    headers: {
      'content-length': size,
      'content-type': CONTENT_TYPES[extname(file.name)] ?? 'application/octet-stream',
      // The attempt is part of the name, so that what stands under it never changes.
      'cache-control': 'public, max-age=31536000, immutable',
      ...(onlyNew ? { 'if-none-match': '*' } : {}),
    },
  });
  request.on('timeout', () => request.destroy(new Error('no byte moved for a minute')));
  const answered = new Promise<number>((resolve, reject) => {
    request.once('response', (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
      response.once('error', reject);
    });
    request.once('error', reject);
  });
  const hash = createHash('sha256');
  const hashed = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const sent = pipeline(createReadStream(file.path), hashed, request);
  // A refusal may come before the body is through; then the answer tells more than the broken pipe does.
  const [answer, body] = await Promise.allSettled([answered, sent]);
  signal.throwIfAborted();
  if (
    answer.status === 'fulfilled' &&
    answer.value >= 200 &&
    answer.value < 300 &&
    body.status === 'fulfilled'
  )
    return { name: file.name, bytes: size, sha256: hash.digest('base64url') };
  if (onlyNew && answer.status === 'fulfilled' && answer.value === 412) return undefined;
  const why =
    answer.status === 'fulfilled' ? `status ${answer.value}` : (systemCode(answer.reason) ?? 'no answer');
  const cause =
    answer.status === 'rejected' ? answer.reason : body.status === 'rejected' ? body.reason : undefined;
  if (answer.status === 'fulfilled' && answer.value === 507) {
    throw new TaskFailure('storage_full', 'the store is full', { retry: true });
  }
  const message = `${file.name} could not be stored: ${why}`;
  if (answer.status === 'fulfilled' && answer.value >= 400 && answer.value < 500) throw new Refusal(message);
  throw new TaskFailure('output_refused', message, { retry: true, cause });
}

/** The store is there and does not want the file. */
class Refusal extends TaskFailure {
  constructor(message: string) {
    super('output_refused', message, { retry: true });
  }
}
