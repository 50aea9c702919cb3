/** Heartbeats: rates go out, keys come in, and steering may be away for as long as it likes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, createTokenMint, type Heartbeat, openTestEdge, PREFIX, until } from './edge.testing.ts';

test('steering hears how busy the edge is and how often it had what was asked for', async () => {
  await using kit = await openTestEdge({ heartbeatMs: 100 });
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10_000) });
  for (let i = 0; i < 10; i++) await (await kit.get('a')).arrayBuffer();
  // A heartbeat may fall between two requests, and the ratio is of those since the one before.
  const isBusy = ({ body }: Heartbeat) => (body.requestsPerS ?? 0) > 0 && (body.hitRatio ?? 0) > 0;
  await until(() => kit.steering.heard.some(isBusy));
  const body = kit.steering.heard.find(isBusy)?.body;
  assert.equal(body?.ready, true);
  assert.ok((body?.bytesPerS ?? 0) > 10_000);
  assert.ok((body?.hitRatio ?? 0) >= 0.5 && (body?.hitRatio ?? 0) <= 1, `${body?.hitRatio}`);
  assert.deepEqual(kit.steering.heard[0]?.params, { name: 'edge-test' });
});

test('an edge goes on with its keys while steering is away, and takes new ones when it is back', async () => {
  await using kit = await openTestEdge({ heartbeatMs: 100 });
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10) });
  kit.steering.isAway = true;
  assert.equal((await kit.get('a')).status, 200);
  assert.deepEqual(kit.edge.health(), { ready: true });
  const next = createTokenMint('k2');
  kit.steering.keys = [{ id: 'k2', publicKey: next.publicKey }];
  kit.steering.isAway = false;
  const status = async (token: string) => (await fetch(`${kit.edge.url}/${token}/${PREFIX}a`)).status;
  await until(async () => (await status(next.mint())) === 200);
  assert.equal(await status(kit.mint.mint()), 403, 'keys that are told no more open nothing');
});

test('registered but without keys is not ready', async () => {
  await using kit = await openTestEdge({ noKeys: true });
  await until(() => kit.steering.heard.length > 0);
  assert.deepEqual(kit.edge.health(), { ready: false, reasons: ['no token keys'] });
  assert.equal(kit.steering.heard[0]?.body.ready, false);
});
