/**
 * A program: the origin of a benchmark. It answers as an S3 bucket does, with objects that it makes from their
 * names, and counts what it is asked for: `GET /counts` gives the number of requests by path.
 */
import { randomFillSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUCKET, KINDS, type ObjectName, readObjectName } from './object-names.ts';

const LAST_MODIFIED = 'Tue, 06 Oct 2026 08:00:00 GMT';
const SIZE_MAX = 8 * 1024 * 1024;
const PIECES = 20;

/** Twice the largest size, so that objects of one size can start at different places. */
const bytes = randomFillSync(Buffer.allocUnsafeSlow(2 * SIZE_MAX));
const counts = new Map<string, number>();

const { port } = JSON.parse(process.argv[2] ?? '{}') as { port?: number };
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const path = request.url ?? '/';
  if (path === '/counts') return void response.end(JSON.stringify(Object.fromEntries(counts)));
  counts.set(path, (counts.get(path) ?? 0) + 1);
  const name = path.startsWith(`/${BUCKET}/`) ? readObjectName(path) : undefined;
  if (!name || name.size > SIZE_MAX) return void response.writeHead(404).end('<Error/>');
  // A client that leaves early is its own affair.
  answer(name, request, response).catch(() => response.destroy());
});
server.listen({ port: port ?? 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));

async function answer(name: ObjectName, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const behaviour: { cacheControl: string; headMs?: number; bodyMs?: number } = KINDS[name.kind];
  if (behaviour.headMs) await sleep(behaviour.headMs);
  const etag = `"${name.size.toString(16)}-${name.index.toString(16)}"`;
  const headers = {
    'content-type': 'video/mp4',
    'cache-control': behaviour.cacheControl,
    'last-modified': LAST_MODIFIED,
    'accept-ranges': 'bytes',
    etag,
  };
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304, headers).end();
  const whole = bodyOf(name);
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(Number(range?.[2] ?? whole.length), whole.length - 1);
  const part = whole.subarray(from, to + 1);
  const contentRange = range && { 'content-range': `bytes ${from}-${to}/${whole.length}` };
  response.writeHead(range ? 206 : 200, { ...headers, ...contentRange, 'content-length': part.length });
  if (!behaviour.bodyMs) return void response.end(part);
  await trickle(part, behaviour.bodyMs, response);
}

async function trickle(body: Buffer, bodyMs: number, response: ServerResponse): Promise<void> {
  const pieceBytes = Math.ceil(body.length / PIECES);
  for (let at = 0; at < body.length; at += pieceBytes) {
    response.write(body.subarray(at, at + pieceBytes));
    await sleep(bodyMs / PIECES);
  }
  response.end();
}

function bodyOf({ size, index }: ObjectName): Buffer {
  const start = (index * 4099) % SIZE_MAX;
  return bytes.subarray(start, start + size);
}
