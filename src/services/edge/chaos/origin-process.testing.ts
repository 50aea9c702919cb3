/** A program: the origin of the chaos tests, S3-like, which makes every object from its key. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { originKey } from '../edge.testing.ts';
import { type Edition, edition, pieceOf, readThing } from './truth.testing.ts';

export type OriginSetup = { port: number; version: number };

const setup = JSON.parse(process.argv[2] as string) as OriginSetup;
let { version } = setup;
process.on('message', (message: { version: number }) => {
  version = message.version;
});
process.on('disconnect', () => process.exit(0));

const server = createServer(answer).listen(setup.port, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const thing = readThing(originKey(request));
  if (!thing) {
    response.writeHead(404).end();
    return;
  }
  const bytes = edition(thing, version);
  const { etag } = bytes;
  const fields = { etag, 'content-type': 'video/mp4', 'cache-control': `max-age=${thing.maxAgeS}` };
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304, fields).end();
    return;
  }
  if ((request.headers['if-match'] ?? etag) !== etag) {
    response.writeHead(412).end();
    return;
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = Math.min(Number(last ?? thing.size), thing.size - 1);
  if (start > end) {
    response.writeHead(416, { 'content-range': `bytes */${thing.size}` }).end();
    return;
  }
  const length = { 'content-length': end - start + 1 };
  const range = { 'content-range': `bytes ${start}-${end}/${thing.size}` };
  if (first === undefined) response.writeHead(200, { ...fields, ...length });
  else response.writeHead(206, { ...fields, ...length, ...range });
  // Whoever asked may leave at any time, which is no fault of the origin.
  pipeline(Readable.from(pieces(bytes, start, end)), response).catch(() => response.destroy());
}

function* pieces(of: Edition, start: number, end: number): Generator<Buffer> {
  for (let at = start; at <= end; ) {
    const piece = pieceOf(of, at, Math.min(64 * 1024, end - at + 1));
    yield piece;
    at += piece.length;
  }
}
