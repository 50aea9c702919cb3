/**
 * For tests only: a studio of the lease API in this process, and a loopback file server with ranges that plays
 * the object store. It checks nothing that the real studio would; it records what it was told.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StudioClient } from '../../clients/studio.ts';
import type { Lease, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { systemClock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { createLog } from '../../platform/log.ts';
import type { Interruptions } from '../../ports/interruptions/interruptions.ts';
import { findPrograms, type ProgramSearch } from './programs.ts';
import { createEncoderWorker, type EncoderConfig } from './worker.ts';

export type TaskEnd =
  | { end: 'done'; result: TaskResult }
  | { end: 'failed'; code: string; message: string; retry: boolean; log: string };

export type FakeStudio = AsyncDisposable & {
  folder: string;
  /** Everything that workers logged. */
  logged: string[];
  /** Paths that the file server was asked for, in order. */
  requested: string[];
  heartbeats: Array<{ task: string; progress: number }>;
  client: StudioClient;
  /** A URL for a local file, with something in it that must never be logged. */
  url(path: string): string;
  /** Where an output of a task was stored. */
  output(task: string, name: string): string;
  /** Adds a task; resolves when a worker reported its end. */
  run(spec: TaskSpec, options?: { leaseS?: number }): Promise<TaskEnd> & { task: string };
  /** Makes heartbeats of a task answer stale_attempt. */
  revoke(task: string): void;
  /** Bytes that the file server may still send before it breaks every connection off. */
  bytesLeft: number;
  /** Makes every call fail while true. */
  away: boolean;
  /** Starts a worker; the function returned stops it and waits for it. */
  startWorker(
    name?: string,
    interruptions?: Interruptions,
    search?: ProgramSearch,
    bounds?: Pick<EncoderConfig, 'memoryBytesMax' | 'diskBytesMax'>,
  ): Promise<() => Promise<void>>;
  /** What workers said to keep them from working. */
  troubles: string[];
  serverUrl: string;
};

export const SECRET_MARK = 'X-Amz-Signature=topsecret';

export async function openFakeStudio(): Promise<FakeStudio> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-encoder-'));
  const files = new Map<string, string>();
  const requested: string[] = [];
  const logged: string[] = [];
  const heartbeats: FakeStudio['heartbeats'] = [];
  const troubles: string[] = [];
  const queue: Lease[] = [];
  const ends = new Map<string, (end: TaskEnd) => void>();
  const revoked = new Set<string>();
  const server = createServer((request, response) => {
    requested.push(new URL(request.url ?? '/', 'http://x').pathname);
    serve(files, studio, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const serverUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let count = 0;

  const check = (task?: string) => {
    if (studio.away) throw new MatineeError('unavailable', 'no answer from the studio');
    if (task && revoked.has(task)) throw new MatineeError('stale_attempt', 'another attempt has it');
  };
  const finish = (task: string, end: TaskEnd) => {
    ends.get(task)?.(end);
    ends.delete(task);
  };
  const client: StudioClient = {
    async leaseTask({ body }, signal) {
      check();
      if (body.trouble !== undefined) troubles.push(body.trouble);
      if (body.draining || body.trouble !== undefined) return { lease: null };
      for (let i = 0; i < 100 && queue.length === 0 && !signal?.aborted; i++) await systemClock.sleep(20);
      return { lease: signal?.aborted ? null : (queue.shift() ?? null) };
    },
    async heartbeatTask({ params, body }) {
      check(params.task);
      heartbeats.push({ task: params.task, progress: body.progress });
      return {};
    },
    async signOutputs({ params, body }) {
      check(params.task);
      return { urls: body.names.map((name) => `${serverUrl}/out/${params.task}/${name}?${SECRET_MARK}`) };
    },
    async completeTask({ params, body }) {
      check(params.task);
      finish(params.task, { end: 'done', result: body.result });
      return {};
    },
    async failTask({ params, body }) {
      const { code, message, retry, log = '' } = body;
      finish(params.task, { end: 'failed', code, message, retry, log });
      return {};
    },
  };

  const studio: FakeStudio = {
    folder,
    logged,
    requested,
    heartbeats,
    client,
    away: false,
    bytesLeft: Number.POSITIVE_INFINITY,
    serverUrl,
    url(path) {
      const name = `/in/${files.size}/${encodeURIComponent(basename(path))}`;
      files.set(name, path);
      return `${serverUrl}${name}?${SECRET_MARK}`;
    },
    output: (task, name) => join(folder, 'out', task, name),
    run(spec, options = {}) {
      count += 1;
      const task = `task-${count}`;
      const ended = new Promise<TaskEnd>((resolve) => ends.set(task, resolve));
      queue.push({ task, attempt: 1, spec, leaseS: options.leaseS ?? 30 });
      return Object.assign(ended, { task });
    },
    revoke: (task) => void revoked.add(task),
    troubles,
    async startWorker(name = 'worker-1', interruptions, search = {}, bounds = {}) {
      const programs = await findPrograms(search);
      const log = createLog({ level: 'debug', format: 'json', write: (line) => void logged.push(line) });
      const config = { name, scratch: join(folder, 'scratch', name), threads: 1, ...bounds };
      const worker = createEncoderWorker(
        { studio: client, clock: systemClock, log, programs, ...(interruptions ? { interruptions } : {}) },
        config,
      );
      const stop = new AbortController();
      const running = worker.run(stop.signal);
      return async () => {
        stop.abort(new Error('stop'));
        await running;
      };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return studio;
}

async function serve(
  files: Map<string, string>,
  studio: Pick<FakeStudio, 'folder' | 'bytesLeft'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  if (request.method === 'PUT') {
    const [, , task = '', name = ''] = path.split('/');
    await mkdir(join(studio.folder, 'out', task), { recursive: true });
    await pipeline(request, createWriteStream(join(studio.folder, 'out', task, name)));
    response.end();
    return;
  }
  const file = files.get(path);
  if (!file) return void response.writeHead(404).end();
  const { size } = await stat(file);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1;
  if (start >= size) return void response.writeHead(range ? 416 : 200, { 'content-length': 0 }).end();
  response.writeHead(range ? 206 : 200, {
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
  });
  const limit = async function* (source: AsyncIterable<Buffer>) {
    for await (const chunk of source) {
      studio.bytesLeft -= chunk.length;
      if (studio.bytesLeft < 0) throw new Error('broken off');
      yield chunk;
    }
  };
  await pipeline(createReadStream(file, { start, end }), limit, response).catch(() => response.destroy());
}
