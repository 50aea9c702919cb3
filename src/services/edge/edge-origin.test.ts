/** The edge and its origin: one fetch for all, bytes as they come, and what viewers get when the origin fails. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bytesOf,
  etagOf,
  openTestEdge,
  originKey,
  PREFIX,
  rawClient,
  type TestEdge,
  type TestEdgeOptions,
  until,
} from './edge.testing.ts';

const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());
const how = (response: Response) => response.headers.get('cache-status') ?? '';
const STALE_AT_ONCE = { 'cache-control': 'max-age=0' };

function openWith(options: TestEdgeOptions = {}): Promise<TestEdge> {
  const limits = { staleWaitMs: 100, probeEveryMs: 50, ...options.limits };
  return openTestEdge({ originTimeoutMs: 400, ...options, limits });
}

/** Takes the next requests over: each waits in the list for the test to answer it. */
function hold(kit: TestEdge): ServerResponse[] {
  const held: ServerResponse[] = [];
  kit.origin.act = (_request, response) => {
    held.push(response);
    return true;
  };
  return held;
}

function startBody(response: ServerResponse | undefined, body: Buffer, sent: number): void {
  const headers = { etag: etagOf(body), 'content-range': `bytes 0-${body.length - 1}/${body.length}` };
  response?.writeHead(206, { ...headers, 'content-length': body.length });
  response?.write(body.subarray(0, sent));
}

test('a thousand viewers of one absent object cause one fetch, and all get every byte', {
  timeout: 20_000,
}, async () => {
  await using kit = await openWith();
  const body = bytesOf(70_000);
  const held = hold(kit);
  const request = `GET ${kit.path('a')} HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n`;
  const viewers = Array.from({ length: 1000 }, () => {
    const client = rawClient(kit.port);
    client.socket.write(request);
    return client;
  });
  await until(() => kit.edge.counts().requests === 1000);
  startBody(held[0], body, 10_000);
  await sleep(20);
  held[0]?.end(body.subarray(10_000));
  const texts = await Promise.all(viewers.map(({ ended }) => ended));
  const expected = body.toString('latin1');
  for (const text of texts) assert.ok(text.slice(text.indexOf('\r\n\r\n') + 4) === expected);
  assert.equal(texts.filter((text) => text.includes('; collapsed')).length, 999);
  assert.equal(kit.origin.requests.length, 1);
});

test('bytes go on to viewers as they come, also to one who joins late', async () => {
  await using kit = await openWith();
  const body = bytesOf(200_000);
  const held = hold(kit);
  const viewers = [rawClient(kit.port), rawClient(kit.port)];
  const request = `GET ${kit.path('a')} HTTP/1.1\r\nHost: e\r\nConnection: close\r\n\r\n`;
  viewers[0]?.socket.write(request);
  await until(() => held.length === 1);
  startBody(held[0], body, 50_000);
  await until(() => (viewers[0]?.text().length ?? 0) > 50_000);
  viewers[1]?.socket.write(request);
  await until(() => (viewers[1]?.text().length ?? 0) > 50_000);
  held[0]?.end(body.subarray(50_000));
  for (const { ended } of viewers) assert.ok((await ended).endsWith(body.toString('latin1')));
  assert.equal(kit.origin.requests.length, 1);
});

test('the viewer who was first may leave without harm to the others', async () => {
  await using kit = await openWith();
  const body = bytesOf(200_000);
  const held = hold(kit);
  const first = rawClient(kit.port);
  first.socket.write(`GET ${kit.path('a')} HTTP/1.1\r\nHost: e\r\n\r\n`);
  await until(() => held.length === 1);
  startBody(held[0], body, 50_000);
  await until(() => first.text().length > 50_000);
  const second = kit.get('a');
  first.socket.destroy();
  await sleep(20);
  held[0]?.end(body.subarray(50_000));
  assert.ok((await bytes(await second)).equals(body));
  assert.equal(kit.origin.requests.length, 1);
});

test('a body that breaks off is asked for from where it stopped', async () => {
  await using kit = await openWith();
  const body = bytesOf(200_000);
  kit.origin.objects.set(`${PREFIX}a`, { body });
  kit.origin.act = (_request, response) => {
    if (kit.origin.requests.length > 1) return false;
    startBody(response, body, 120_000);
    setTimeout(() => response.destroy(), 20);
    return true;
  };
  const reply = await kit.get('a');
  assert.equal(reply.status, 200);
  assert.ok((await bytes(reply)).equals(body));
  const again = kit.origin.requests[1]?.headers;
  assert.match(again?.range ?? '', /^bytes=\d+-199999$/);
  assert.equal(again?.['if-match'], etagOf(body));
});

test('a body that never becomes whole breaks the connection and is not kept', async () => {
  await using kit = await openWith();
  const body = bytesOf(200_000);
  kit.origin.objects.set(`${PREFIX}a`, { body });
  kit.origin.act = (request, response) => {
    const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1]);
    const headers = {
      etag: etagOf(body),
      'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
    };
    response.writeHead(206, { ...headers, 'content-length': body.length - start });
    response.write(body.subarray(start, start + 50_000));
    setTimeout(() => response.destroy(), 20);
    return true;
  };
  await assert.rejects(async () => bytes(await kit.get('a')));
  assert.equal(kit.origin.requests.length, 2, 'one more try, not many');
  kit.origin.act = undefined;
  assert.ok((await bytes(await kit.get('a'))).equals(body));
});

test('while the origin is away stale copies are served at once, and new ones when it is back', async () => {
  await using kit = await openWith();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(5000), headers: STALE_AT_ONCE });
  await bytes(await kit.get('a'));
  await kit.origin.stop();
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    const reply = await kit.get('a');
    assert.equal(reply.status, 200);
    assert.ok((await bytes(reply)).equals(bytesOf(5000)));
    assert.match(how(reply), /^edge-test; hit; ttl=-?\d+; detail=stale$/);
    assert.ok(performance.now() - start < 90);
  }
  assert.equal((await kit.get('b')).status, 502, 'of what was never here there is nothing');
  const newer = bytesOf(6000, 5);
  kit.origin.objects.set(`${PREFIX}a`, { body: newer, headers: STALE_AT_ONCE });
  await kit.origin.start();
  await until(async () => (await bytes(await kit.get('a'))).equals(newer));
});

test('an origin that hangs: stale after a moment, then at once; a miss is 504 in time', async () => {
  await using kit = await openWith();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(5000), headers: STALE_AT_ONCE });
  await bytes(await kit.get('a'));
  hold(kit);
  const elapsed = async (name: string, status: number) => {
    const start = performance.now();
    assert.equal((await kit.get(name)).status, status);
    return performance.now() - start;
  };
  const first = await elapsed('a', 200);
  assert.ok(first > 80 && first < 380, `${first} ms`);
  assert.ok((await elapsed('a', 200)) < 80);
  const miss = await elapsed('b', 504);
  assert.ok(miss > 350 && miss < 1500, `${miss} ms`);
});

test('a copy that must be validated is not served when it cannot be', async () => {
  await using kit = await openWith();
  const headers = { 'cache-control': 'max-age=0, must-revalidate' };
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(5000), headers });
  await bytes(await kit.get('a'));
  const again = await kit.get('a');
  assert.match(how(again), /^edge-test; fwd=stale; fwd-status=304/);
  assert.equal(kit.origin.requests[1]?.headers['if-none-match'], etagOf(bytesOf(5000)));
  assert.ok((await bytes(again)).equals(bytesOf(5000)));
  await kit.origin.stop();
  assert.equal((await kit.get('a')).status, 502);
});

test('stale-while-revalidate answers first and asks then', async () => {
  await using kit = await openWith();
  const headers = { 'cache-control': 'max-age=0, stale-while-revalidate=60' };
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(5000), headers });
  await bytes(await kit.get('a'));
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(7000), headers: { 'cache-control': 'max-age=60' } });
  assert.equal((await bytes(await kit.get('a'))).length, 5000);
  await until(async () => (await bytes(await kit.get('a'))).length === 7000);
  assert.equal(kit.origin.requests.length, 2);
});

test('what the origin forbids to store is fetched each time', async () => {
  await using kit = await openWith();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10), headers: { 'cache-control': 'no-store' } });
  for (let i = 0; i < 3; i++) assert.equal(how(await kit.get('a')), 'edge-test; fwd=uri-miss');
  assert.equal(kit.origin.requests.length, 3);
});

test('who joined a fetch that failed gets a fetch of their own, together', async () => {
  await using kit = await openWith();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10) });
  kit.origin.act = () => kit.origin.requests.length === 1;
  const first = kit.get('a');
  await until(() => kit.origin.requests.length === 1);
  const followers = Array.from({ length: 20 }, () => kit.get('a'));
  assert.equal((await first).status, 504);
  for (const reply of await Promise.all(followers)) assert.equal(reply.status, 200);
  assert.equal(kit.origin.requests.length, 2);
});

test('an origin that refuses is 502, never the reply of the origin itself', async () => {
  await using kit = await openWith();
  for (const status of [403, 500, 503]) {
    kit.origin.act = (_request, response) => {
      response.writeHead(status).end('<Error>secrets of the origin</Error>');
      return true;
    };
    const reply = await kit.get(`of-${status}`);
    assert.equal(reply.status, 502);
    assert.equal((await reply.json()).error.code, 'unavailable');
  }
});

test('an absent object that is published is served a moment later', async () => {
  await using kit = await openWith();
  assert.equal((await kit.get('late')).status, 404);
  kit.origin.objects.set(`${PREFIX}late`, { body: bytesOf(10) });
  assert.equal((await kit.get('late')).status, 404);
  await until(async () => (await kit.get('late')).status === 200, 4000);
});

test('slices of two versions are never mixed', async () => {
  await using kit = await openWith();
  const [older, newer] = [bytesOf(5_000_000, 1), bytesOf(5_000_000, 2)];
  kit.origin.objects.set(`${PREFIX}a`, { body: older });
  assert.ok((await bytes(await kit.get('a', { range: 'bytes=0-99' }))).equals(older.subarray(0, 100)));
  kit.origin.objects.set(`${PREFIX}a`, { body: newer });
  const reply = await kit.get('a', { range: 'bytes=4900000-' });
  assert.ok((await bytes(reply)).equals(newer.subarray(4_900_000)), 'the old version cannot be had any more');
  assert.ok((await bytes(await kit.get('a'))).equals(newer));
});

test('more fetches than the gate lets wait are 503 with a time to come back', async () => {
  await using kit = await openWith({ limits: { originFetchesMax: 1, originQueueMax: 0 } });
  const held = hold(kit);
  const first = kit.get('a');
  await until(() => held.length === 1);
  const second = await kit.get('b');
  assert.equal(second.status, 503);
  assert.equal(second.headers.get('retry-after'), '1');
  held[0]?.writeHead(404).end();
  assert.equal((await first).status, 404);
});

test('a restarted edge serves from its disk, with the origin away', async () => {
  await using kit = await openWith();
  const body = bytesOf(300_000);
  kit.origin.objects.set(`${PREFIX}a`, { body });
  kit.origin.objects.set(`${PREFIX}large`, { body: bytesOf(5_000_000) });
  await bytes(await kit.get('a'));
  await bytes(await kit.get('large'));
  await kit.edge.close();
  await kit.origin.stop();
  await using second = await openTestEdge({}, { origin: kit.origin, mint: kit.mint, folder: kit.folder });
  const reply = await second.get('a');
  assert.match(how(reply), /; hit; ttl=\d+; detail=disk$/);
  assert.ok((await bytes(reply)).equals(body));
  assert.match(how(await second.get('a')), /detail=memory$/);
  assert.ok((await bytes(await second.get('large'))).equals(bytesOf(5_000_000)));
  await kit.origin.start();
});

test('an origin that restarts between two requests is no failure', async () => {
  await using kit = await openWith();
  for (let i = 0; i < 5; i++) {
    kit.origin.objects.set(`${PREFIX}${i}`, { body: bytesOf(100) });
    assert.equal((await kit.get(`${i}`)).status, 200);
    await kit.origin.stop();
    await kit.origin.start();
  }
  assert.deepEqual([...new Set(kit.origin.requests.map(originKey))].length, 5);
});

test('an object that is for one viewer alone is fetched for each, side by side', async () => {
  await using kit = await openWith();
  const body = bytesOf(1000);
  let isAsked = 0;
  kit.origin.act = (_request, response) => {
    isAsked++;
    setTimeout(() => {
      const range = { 'content-range': 'bytes 0-999/1000', 'content-length': 1000 };
      response.writeHead(206, { 'cache-control': 'no-store', etag: '"n"', ...range }).end(body);
    }, 50);
    return true;
  };
  const replies = await Promise.all(Array.from({ length: 10 }, () => kit.get('private')));
  for (const reply of replies) assert.ok((await bytes(reply)).equals(body));
  assert.equal(isAsked, 10);
});
