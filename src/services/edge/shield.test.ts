/** Edges behind a shield, and several ways to one origin: order, failure, help for slow ones, and who may ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, openFakeOrigin, openTestEdge, PREFIX, until } from './edge.testing.ts';
import { isShieldMark, SHIELD_FIELD, SHIELD_PREFIX, shieldMark } from './shield.ts';

const secret = 's'.repeat(40);
const bytes = async (reply: Response) => Buffer.from(await reply.arrayBuffer());

test('a mark is for one key, one secret and a while', () => {
  const nowMs = 1_700_000_000_000;
  const mark = shieldMark(secret, 'titles/a', nowMs);
  assert.ok(isShieldMark(secret, 'titles/a', mark, nowMs + 59_000));
  assert.ok(!isShieldMark(secret, 'titles/a', mark, nowMs + 62_000));
  assert.ok(!isShieldMark(secret, 'titles/b', mark, nowMs));
  assert.ok(!isShieldMark('t'.repeat(40), 'titles/a', mark, nowMs));
  for (const wrong of ['', '1', `${mark}x`, mark.replace('.', ','), `0${mark}`]) {
    assert.ok(!isShieldMark(secret, 'titles/a', wrong, nowMs), wrong);
  }
});

test('two edges behind a shield cause one fetch, and go on without it when it dies', async () => {
  await using stack = new AsyncDisposableStack();
  const origin = await openFakeOrigin();
  stack.defer(() => origin.stop());
  const shield = stack.use(await openTestEdge({ shieldSecret: secret }, { origin }));
  const behind = { shieldUrl: shield.edge.url, shieldSecret: secret, limits: { linkCheckMs: 300 } };
  const open = async () => stack.use(await openTestEdge(behind, { origin }));
  const edges = [await open(), await open()];
  for (const [name, size] of [
    ['small', 5000],
    ['large', 9_000_000],
    ['empty', 0],
  ] as const) {
    origin.objects.set(`${PREFIX}${name}`, {
      body: bytesOf(size),
      headers: { 'cache-control': 'max-age=60' },
    });
  }
  const asked = origin.requests.length;
  for (const edge of edges) {
    assert.ok((await bytes(await edge.get('small'))).equals(bytesOf(5000)));
    const part = await bytes(await edge.get('large', { range: 'bytes=5000000-5000099' }));
    assert.ok(part.equals(bytesOf(9_000_000).subarray(5_000_000, 5_000_100)));
    assert.equal((await edge.get('none')).status, 404);
  }
  assert.equal(origin.requests.length - asked, 3);
  assert.ok((await bytes(await (edges[0] as typeof shield).get('large'))).equals(bytesOf(9_000_000)));
  assert.equal((await bytes(await (edges[0] as typeof shield).get('empty'))).length, 0);
  await shield.edge.close();
  origin.objects.set(`${PREFIX}later`, { body: bytesOf(100, 3) });
  for (const edge of edges) assert.ok((await bytes(await edge.get('later'))).equals(bytesOf(100, 3)));
  const [first, second] = edges[0]?.edge.links() ?? [];
  assert.ok(first?.isAway && (first.bytes ?? 0) > 1_000_000, JSON.stringify(first));
  assert.ok(!second?.isAway && (second?.requests ?? 0) > 0);
});

test('nobody but an edge with the secret asks a shield', async () => {
  await using kit = await openTestEdge({ shieldSecret: secret });
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10) });
  const key = `${PREFIX}a`;
  const ask = async (mark: string, path = key) =>
    (await fetch(`${kit.edge.url}${SHIELD_PREFIX}${path}`, { headers: { [SHIELD_FIELD]: mark } })).status;
  assert.equal(await ask(shieldMark(secret, key, Date.now())), 200);
  assert.equal(await ask(''), 403);
  assert.equal(await ask(shieldMark('x'.repeat(40), key, Date.now())), 403);
  assert.equal(await ask(shieldMark(secret, 'other/a', Date.now()), 'other/a'), 403, 'nothing but films');
  await using open = await openTestEdge();
  const status = (await fetch(`${open.edge.url}${SHIELD_PREFIX}${key}`)).status;
  assert.equal(status, 403, 'an edge without a secret is no shield');
});

test('the private way is taken while it is there, and again when it is back', async () => {
  const direct = await openFakeOrigin();
  const open = await openFakeOrigin();
  for (const origin of [direct, open]) {
    for (let i = 0; i < 9; i++) origin.objects.set(`${PREFIX}${i}`, { body: bytesOf(100, i + 1) });
  }
  await using kit = await openTestEdge(
    { preferred: [direct.url], limits: { linkCheckMs: 30 } },
    { origin: open },
  );
  assert.equal((await kit.get('0')).status, 200);
  assert.deepEqual([direct.requests.length, open.requests.length], [1, 0]);
  await direct.stop();
  assert.equal((await kit.get('1')).status, 200);
  assert.equal((await kit.get('2')).status, 200);
  assert.equal(open.requests.length, 2);
  await direct.start();
  await until(() => kit.edge.links()[0]?.isAway === false);
  assert.equal((await kit.get('3')).status, 200);
  assert.equal(open.requests.length, 2);
  await direct.stop();
  await open.stop();
});

test('a slow way gets help from the next, for a small share of requests', async () => {
  const slow = await openFakeOrigin();
  const quick = await openFakeOrigin();
  for (let i = 0; i < 6; i++) quick.objects.set(`${PREFIX}${i}`, { body: bytesOf(100, i + 1) });
  slow.act = (_request, response) => {
    setTimeout(() => response.writeHead(404).end(), 700);
    return true;
  };
  await using kit = await openTestEdge(
    { preferred: [slow.url], limits: { hedgeMs: 50, hedgeShare: 0.01 } },
    { origin: quick },
  );
  const started = performance.now();
  assert.equal((await kit.get('0')).status, 200);
  assert.ok(performance.now() - started < 600, `${performance.now() - started} ms`);
  assert.equal((await kit.get('1')).status, 404, 'without help left it waits for the way that it asked');
  assert.equal(kit.edge.links()[1]?.helped, 1);
  await slow.stop();
  await quick.stop();
});

test('an invalidation reaches through a shield that hears of it later', async () => {
  const origin = await openFakeOrigin();
  const shield = await openTestEdge({ shieldSecret: secret }, { origin });
  const limits = { ordersEchoMs: 200 };
  const edge = await openTestEdge({ shieldUrl: shield.edge.url, shieldSecret: secret, limits }, { origin });
  const put = (seed: number) => {
    const headers = { 'cache-control': 'max-age=60', etag: `"${seed}"` };
    origin.objects.set(`${PREFIX}a`, { body: bytesOf(100, seed), headers });
  };
  put(1);
  assert.ok((await bytes(await edge.get('a'))).equals(bytesOf(100, 1)));
  put(2);
  const order = { seq: 1, atMs: Date.now(), paths: ['/titles/*'], tags: [] };
  edge.steering.orders.push(order);
  await until(async () => {
    await edge.get('a');
    return edge.edge.counts().fills === 2;
  });
  assert.ok((await bytes(await edge.get('a'))).equals(bytesOf(100, 1)), 'the shield has not heard yet');
  shield.steering.orders.push(order);
  await until(async () => (await bytes(await edge.get('a'))).equals(bytesOf(100, 2)), 2000);
  for (const one of [edge, shield]) await one[Symbol.asyncDispose]();
  await origin.stop();
});
