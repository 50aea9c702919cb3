/** Several processes as one edge: who owns what, one fetch for all, one copy of each object, and life without an owner. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bytesOf,
  createTokenMint,
  type FakeOrigin,
  openFakeOrigin,
  openTestEdge,
  originKey,
  PREFIX,
  type TestEdge,
  until,
} from '../edge.testing.ts';
import { Guests } from './guests.ts';
import { ownerOf } from './ownership.ts';

const COUNT = 3;
const MEBIBYTE = 1024 * 1024;
const skip = process.platform === 'linux' ? false : 'abstract sockets are Linux';
const bytes = async (reply: Response) => Buffer.from(await reply.arrayBuffer());

type Kit = AsyncDisposable & { shards: TestEdge[]; origin: FakeOrigin; ownerOf(name: string): number };

async function openShards(): Promise<Kit> {
  const origin = await openFakeOrigin();
  const mint = createTokenMint('k1');
  const folder = await mkdtemp(join(tmpdir(), 'shards-'));
  const id = randomUUID();
  const all = Array.from({ length: COUNT }, (_, index) => index);
  const shared = {
    count: COUNT,
    folders: all.map((index) => join(folder, `${index}`)),
    sockets: all.map((index) => `\0matinee-test-${id}-${index}`),
    secret: 's'.repeat(40),
  };
  const shards = await Promise.all(
    all.map((index) =>
      openTestEdge(
        { shard: { index, ...shared }, limits: { linkCheckMs: 50 } },
        { origin, mint, folder: shared.folders[index] as string },
      ),
    ),
  );
  return {
    ...{ shards, origin },
    ownerOf: (name) => ownerOf(PREFIX + name, COUNT),
    [Symbol.asyncDispose]: async () => {
      for (const shard of shards) await shard[Symbol.asyncDispose]();
      await origin.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function put(origin: FakeOrigin, name: string, size: number, seed = 1): Buffer {
  const body = bytesOf(size, seed);
  origin.objects.set(PREFIX + name, { body, headers: { 'cache-control': 'max-age=3600' } });
  return body;
}

const asked = (origin: FakeOrigin, name: string) =>
  origin.requests.filter((request) => originKey(request) === PREFIX + name).length;

test('owners are spread evenly, and a slice has the owner of its object', () => {
  const counts = new Map<number, number>();
  for (let n = 0; n < 9000; n++) {
    const owner = ownerOf(`titles/t/1/1080p/${String(n).padStart(5, '0')}.m4s`, COUNT);
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  for (const count of counts.values()) assert.ok(count > 2700 && count < 3300, String(count));
  assert.equal(ownerOf('titles/a\n"etag"\n7', 5), ownerOf('titles/a', 5));
});

test('guests are bounded by bytes, and the oldest goes', () => {
  const gone: string[] = [];
  const guests = new Guests(100, (key) => gone.push(key));
  assert.ok(guests.admit('a', 40) && guests.admit('b', 40) && guests.admit('a', 50));
  assert.deepEqual([gone, guests.bytes], [[], 90]);
  assert.ok(guests.admit('c', 60));
  assert.deepEqual([gone, guests.bytes], [['b', 'a'], 60]);
  assert.ok(!guests.admit('d', 101));
});

test('an object is fetched once for all shards, whole, in parts and when it is missing', {
  skip,
}, async () => {
  await using kit = await openShards();
  const { shards, origin } = kit;
  const names = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    body: put(origin, name, 5000, name.charCodeAt(0)),
  }));
  for (const { name, body } of names) {
    for (const shard of shards) assert.ok((await bytes(await shard.get(name))).equals(body), name);
    assert.equal(asked(origin, name), 1, name);
  }
  const large = put(origin, 'large', 9 * MEBIBYTE + 17);
  for (const shard of shards) {
    const part = await bytes(await shard.get('large', { range: 'bytes=5000000-5000099' }));
    assert.ok(part.equals(large.subarray(5_000_000, 5_000_100)));
  }
  assert.equal(asked(origin, 'large'), 1);
  for (const shard of shards) assert.equal((await shard.get('none')).status, 404);
  assert.equal(asked(origin, 'none'), 1);
});

test('any number of viewers at all shards cause one fetch', { skip }, async () => {
  await using kit = await openShards();
  const body = put(kit.origin, 'cold', 2 * MEBIBYTE);
  const all = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => bytes(await (kit.shards[n % COUNT] as TestEdge).get('cold'))),
  );
  assert.ok(all.every((one) => one.equals(body)));
  assert.equal(asked(kit.origin, 'cold'), 1);
});

test('a large object is kept by its owner alone, and the others send it from the same file', {
  skip,
}, async () => {
  await using kit = await openShards();
  const { shards, origin } = kit;
  const body = put(origin, 'segment', MEBIBYTE);
  const owner = kit.ownerOf('segment');
  for (const shard of shards) assert.ok((await bytes(await shard.get('segment'))).equals(body));
  const filesOf = async (shard: TestEdge) =>
    (await readdir(join(shard.folder, 'objects'), { recursive: true })).filter((file) => file.length > 60);
  await until(async () => (await filesOf(shards[owner] as TestEdge)).length === 1);
  for (const [index, shard] of shards.entries()) {
    if (index === owner) continue;
    assert.ok((await bytes(await shard.get('segment'))).equals(body));
    const before = shard.edge.counts();
    assert.ok((await bytes(await shard.get('segment'))).equals(body));
    const { sources, fills } = shard.edge.counts();
    assert.equal(sources.disk, before.sources.disk + 1);
    assert.equal(fills, before.fills, 'the owner is not asked');
    assert.deepEqual(await filesOf(shard), []);
  }
  assert.equal(asked(origin, 'segment'), 1);
});

test('an owner that is gone is passed over, and nobody sees an error', { skip }, async () => {
  await using kit = await openShards();
  const { shards, origin } = kit;
  const names = Array.from({ length: 12 }, (_, n) => `o${n}`);
  const bodies = new Map(names.map((name, n) => [name, put(origin, name, 3000, n + 1)]));
  await (shards[1] as TestEdge).edge.close();
  for (const name of names) {
    for (const shard of [shards[0], shards[2]] as TestEdge[]) {
      assert.ok((await bytes(await shard.get(name))).equals(bodies.get(name) as Buffer));
    }
  }
  const ways = (shards[0] as TestEdge).edge.links();
  assert.ok(ways.find(({ name }) => name === 'shard-2')?.isAway, JSON.stringify(ways));
  assert.ok(!ways.find(({ name }) => name === 'shard-3')?.isAway);
});

test('an order reaches the copies of every shard', { skip }, async () => {
  await using kit = await openShards();
  const { shards, origin } = kit;
  put(origin, 'small', 4000);
  put(origin, 'segment', MEBIBYTE);
  for (let round = 0; round < 2; round++)
    for (const shard of shards) for (const name of ['small', 'segment']) await bytes(await shard.get(name));
  const small = put(origin, 'small', 4000, 5);
  const segment = put(origin, 'segment', MEBIBYTE, 6);
  for (const { steering } of shards) {
    steering.orders.push({ seq: 1, atMs: Date.now(), paths: [`/${PREFIX}*`], tags: [] });
  }
  for (const shard of shards) {
    await until(async () => (await bytes(await shard.get('small'))).equals(small));
    await until(async () => (await bytes(await shard.get('segment'))).equals(segment));
  }
});

test('an owner that hears of an order late gives nothing old to a shard that has carried it out', {
  skip,
}, async () => {
  await using kit = await openShards();
  const { shards, origin } = kit;
  put(origin, 'small', 4000);
  const owner = kit.ownerOf('small');
  const other = shards[(owner + 1) % COUNT] as TestEdge;
  await bytes(await other.get('small'));
  const renewed = put(origin, 'small', 4000, 5);
  const order = { seq: 1, atMs: Date.now(), paths: [`/${PREFIX}*`], tags: [] };
  other.steering.orders.push(order);
  await until(async () => (await bytes(await other.get('small'))).equals(renewed));
  // Longer than any echo of the order.
  for (let i = 0; i < 12; i++) {
    await sleep(100);
    assert.ok((await bytes(await other.get('small'))).equals(renewed), `${i}`);
  }
  for (const { steering } of shards) if (steering !== other.steering) steering.orders.push(order);
  await until(async () => (await bytes(await (shards[owner] as TestEdge).get('small'))).equals(renewed));
});

test('a shard says which it is, and only with the mark is told of what is in use', { skip }, async () => {
  await using kit = await openShards();
  const [first] = kit.shards as [TestEdge];
  assert.deepEqual(first.steering.heard[0]?.body.shard, { index: 0, count: COUNT });
  assert.notEqual((await fetch(`${first.edge.url}/.touch/YQ`)).status, 204, 'viewers cannot');
});
