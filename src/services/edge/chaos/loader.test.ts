/** The loader of the chaos tests must tell lies from the truth: a server that lies in each way is found out. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createRandom } from '../fuzz.testing.ts';
import { Loader, WrongReply } from './loader.testing.ts';
import { type Edition, edition, isTrue, pieceOf, thing } from './truth.testing.ts';

const THING = thing('live', 1, 3_000_000, 1);
const [OLD, NEW] = [edition(THING, 0), edition(THING, 1)];

function bytesOf(of: Edition, start: number, end: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = start; at < end; ) {
    const piece = pieceOf(of, at, end - at);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

async function probe(answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const loader = new Loader(() => (server.address() as AddressInfo).port, 'token', createRandom(1));
  loader.version = 1;
  try {
    return await loader.probe(THING);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const send = (status: number, etag: string, body: Buffer) => (response: ServerResponse) =>
  response.writeHead(status, { etag, 'content-length': body.length }).end(body);

test('either version is the truth, as long as it is whole and says which it is', async () => {
  for (const version of [OLD, NEW]) {
    const { outcome, etag } = await probe(send(200, version.etag, bytesOf(version, 0, THING.size)));
    assert.deepEqual([outcome, etag], [200, version.etag]);
  }
  assert.ok(isTrue(OLD, 1_500_000, bytesOf(OLD, 1_500_000, 2_900_000)));
});

test('one wrong byte, two versions in one, bytes in another place, other lengths and statuses are found out', async () => {
  const whole = bytesOf(NEW, 0, THING.size);
  const flipped = Buffer.from(whole);
  flipped[2_999_999] = (whole[2_999_999] as number) ^ 1;
  const mixed = Buffer.concat([bytesOf(OLD, 0, 1_048_576), whole.subarray(1_048_576)]);
  const shifted = bytesOf(NEW, 1_048_576, THING.size + 1_048_576);
  for (const body of [flipped, mixed, shifted, whole.subarray(1)]) {
    await assert.rejects(probe(send(200, NEW.etag, body)), WrongReply);
  }
  await assert.rejects(probe(send(200, OLD.etag, whole)), WrongReply);
  await assert.rejects(probe(send(206, NEW.etag, whole)), WrongReply);
  await assert.rejects(probe(send(304, NEW.etag, Buffer.alloc(0))), WrongReply);
  await assert.rejects(probe(send(404, '', Buffer.alloc(0))), WrongReply);
});

test('a body that ends too early is broken, and a connection that ends is refused', async () => {
  const { outcome } = await probe((response) => {
    response.writeHead(200, { etag: NEW.etag, 'content-length': THING.size });
    response.write(bytesOf(NEW, 0, 100_000), () => response.destroy());
  });
  assert.equal(outcome, 'broken');
  assert.equal((await probe((response) => response.destroy())).outcome, 'refused');
});
