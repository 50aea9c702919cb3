import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { createOutputs } from './outputs.ts';
import { TaskFailure } from './task-failure.ts';

/** A clock whose waits end at once. */
const hurried: Clock = { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} };

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-outputs-'));
});
after(() => rm(folder, { recursive: true, force: true }));

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

async function openStore(answer: Answer) {
  const state = { open: 0, openMax: 0 };
  const server = createServer(async (request, response) => {
    state.open += 1;
    state.openMax = Math.max(state.openMax, state.open);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    await new Promise((resolve) => setTimeout(resolve, 5));
    state.open -= 1;
    answer(request, response, Buffer.concat(parts));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, state, [Symbol.asyncDispose]: close };
}

async function files(count: number) {
  const made = Array.from({ length: count }, (_, i) => ({
    name: `${i}.m4s`,
    path: join(folder, `${i}.m4s`),
  }));
  for (const { name, path } of made) await writeFile(path, `content of ${name}`);
  return made;
}

function outputsTo(url: string, asked: string[][], signal = new AbortController().signal) {
  const sign = async (names: string[]) => {
    asked.push(names);
    return names.map((name) => `${url}/${name}?signature=x`);
  };
  return createOutputs({ sign, clock: hurried, signal });
}

test('files go out whole with their length and headers, at most four at a time, URLs in batches of 200', async () => {
  const stored = new Map<string, string>();
  await using store = await openStore((request, response, body) => {
    assert.equal(Number(request.headers['content-length']), body.length);
    assert.equal(request.headers['content-type'], 'video/iso.segment');
    assert.match(request.headers['cache-control'] ?? '', /immutable/);
    stored.set(request.url ?? '', body.toString());
    response.end();
  });
  const asked: string[][] = [];
  let done = 0;
  const told = await outputsTo(store.url, asked).put(await files(230), (count) => {
    done = count;
  });
  assert.deepEqual(
    asked.map((names) => names.length),
    [200, 30],
  );
  assert.equal(stored.size, 230);
  assert.equal(stored.get('/229.m4s?signature=x'), 'content of 229.m4s');
  assert.equal(done, 230);
  const sha256 = createHash('sha256').update('content of 229.m4s').digest('base64url');
  assert.deepEqual([told.length, told[229]], [230, { name: '229.m4s', bytes: 18, sha256 }]);
  assert.ok(store.state.openMax <= 4);
});

test('a store in trouble is tried again with a fresh URL', async () => {
  let tries = 0;
  await using store = await openStore((_request, response) => {
    tries += 1;
    response.writeHead(tries < 3 ? 503 : 200).end();
  });
  const asked: string[][] = [];
  await outputsTo(store.url, asked).put(await files(1));
  assert.equal(tries, 3);
  assert.equal(asked.length, 3);
});

test('a store that keeps refusing is a failure without the URL in it', async () => {
  let tries = 0;
  await using store = await openStore((_request, response) => {
    tries += 1;
    response.writeHead(403).end();
  });
  await assert.rejects(outputsTo(store.url, []).put(await files(1)), (error) => {
    assert.ok(error instanceof TaskFailure && error.code === 'output_refused');
    assert.doesNotMatch(error.message, /signature|http/);
    return true;
  });
  assert.equal(tries, 4);
});

test('a store that is full or away for a while costs no encode', async () => {
  const answers = [507, 503, 507, 502, 0, 507, 507, 0, 503];
  await using store = await openStore((request, response) => {
    const status = answers.shift();
    if (status === 0) request.socket.destroy();
    else response.writeHead(status ?? 200).end();
  });
  assert.equal((await outputsTo(store.url, []).put(await files(1))).length, 1);
  assert.equal(answers.length, 0);
});

test('a lost lease is not asked about twice', async () => {
  let asked = 0;
  const sign = async () => {
    asked += 1;
    throw new MatineeError('stale_attempt', 'taken over');
  };
  const outputs = createOutputs({ sign, clock: hurried, signal: new AbortController().signal });
  await assert.rejects(outputs.put(await files(1)), /taken over/);
  assert.equal(asked, 1);
});

test('an abort ends an upload that hangs', async () => {
  const stop = new AbortController();
  await using store = await openStore(() => stop.abort(new Error('enough')));
  await assert.rejects(outputsTo(store.url, [], stop.signal).put(await files(2)), /enough/);
});
