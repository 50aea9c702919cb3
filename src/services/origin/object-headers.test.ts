import assert from 'node:assert/strict';
import test from 'node:test';
import { createLog, silentLog } from '../../platform/log.ts';
import type { ObjectBody } from '../../ports/objects/objects.ts';
import { bodyStream } from './object-headers.ts';

/** A body of endless pieces that tells what was asked of it. */
function endless(failAt = Number.POSITIVE_INFINITY) {
  const seen = { reads: 0, destroyed: false };
  async function* pieces() {
    for (;;) {
      seen.reads++;
      if (seen.reads >= failAt) throw new Error('the disk does not read');
      yield new Uint8Array(1024);
    }
  }
  const stream = Object.assign(pieces(), {
    destroy: () => {
      seen.destroyed = true;
    },
  });
  const body: ObjectBody = { key: 'k', etag: '"e"', size: 1e9, lastModified: new Date(0), stream };
  return { body, seen };
}

const turns = () => new Promise((resolve) => setTimeout(resolve, 10));

test('the store is read only as far as the client reads', async () => {
  const { body, seen } = endless();
  const reader = bodyStream(body, silentLog).getReader();
  await turns();
  assert.equal(seen.reads, 0);
  await reader.read();
  await reader.read();
  await turns();
  assert.equal(seen.reads, 2);
});

test('a client that leaves, even in the middle of a read, lets go of the object and is no fault', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', format: 'json', write: (line) => lines.push(line) });
  const { body, seen } = endless();
  const reader = bodyStream(body, log).getReader();
  await reader.read();
  const pending = reader.read();
  await reader.cancel();
  await pending;
  await turns();
  assert.ok(seen.destroyed);
  assert.deepEqual(lines, []);
});

test('a read that fails breaks the reply and is logged', async () => {
  const lines: string[] = [];
  const log = createLog({ level: 'error', format: 'json', write: (line) => lines.push(line) });
  const reader = bodyStream(endless(2).body, log).getReader();
  await reader.read();
  await assert.rejects(reader.read(), /does not read/);
  assert.equal(lines.length, 1);
});
