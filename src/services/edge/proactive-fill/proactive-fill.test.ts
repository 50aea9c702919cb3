/** Proactive fill end to end: a publication with hashes at an origin, an edge over real sockets, and no viewer. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FILL_SESSION, type FillTitle } from '../../../contracts/fill.ts';
import { bytesOf, openFakeOrigin, openTestEdge, originKey, type TestEdge, until } from '../edge.testing.ts';

const FAST = { bytesPerS: 1e9 };
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64url');
const cached = (response: Response) => response.headers.get('cache-status') ?? '';

/** Puts files and their manifest of hashes at the origin; gives what steering would say of them. */
function publish(
  kit: TestEdge,
  files: Record<string, Buffer>,
  opening: number,
  more: Partial<FillTitle> = {},
) {
  const rows = Object.entries(files).map(([key, body]) => ({ key, size: body.length, sha256: digest(body) }));
  for (const [key, body] of Object.entries(files)) kit.origin.objects.set(`titles/t1/${key}`, { body });
  const manifest = Buffer.from(JSON.stringify({ format: 1, opening, files: rows }));
  const hashes = 'titles/t1/1/p1/hashes.json';
  kit.origin.objects.set(hashes, { body: manifest });
  const title: FillTitle = {
    ...{ title: 't1', number: 1, hashes, sha256: digest(manifest), size: manifest.length },
    ...{ bytes: rows.reduce((sum, { size }) => sum + size, 0), whole: false },
    ...more,
  };
  kit.steering.plan = { version: kit.steering.plan.version + 1, titles: [title] };
  return title;
}

const FILM = {
  '1/p1/master.m3u8': bytesOf(900, 1),
  '1/360p/1/init.mp4': bytesOf(800, 2),
  '1/360p/1/00001.m4s': bytesOf(90_000, 3),
  '1/360p/1/00002.m4s': bytesOf(80_000, 4),
};

test('an opening is at the edge before any viewer, and the rest only when the film is hot', async () => {
  await using kit = await openTestEdge({ proactiveFill: FAST });
  const title = publish(kit, FILM, 3);
  await until(() => kit.edge.counts().proactive.fetched === 3);
  assert.equal(kit.edge.counts().requests, 0);
  await sleep(50);
  assert.equal(kit.origin.requests.length, 4, 'the manifest of hashes and three files, each once');
  const reply = await kit.get('360p/1/00001.m4s');
  assert.match(cached(reply), /hit.*detail=memory/);
  assert.ok(Buffer.from(await reply.arrayBuffer()).equals(FILM['1/360p/1/00001.m4s']));
  kit.steering.plan = { version: 9, titles: [{ ...title, whole: true }] };
  await until(() => kit.edge.counts().proactive.fetched === 4);
  assert.match(cached(await kit.get('360p/1/00002.m4s')), /hit/);
  assert.equal(kit.origin.requests.length, 5);
});

test('a manifest that the studio did not sign is not followed, once its keys are known', async () => {
  await using kit = await openTestEdge({ proactiveFill: FAST });
  const [own, foreign] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const id = '00112233aabbccdd';
  const publicKey = String(own.publicKey.export({ format: 'jwk' }).x);
  kit.steering.manifestKeys = [
    { id: 'ffffffffffffffff', publicKey: 'malformed' },
    { id, publicKey },
  ];
  const heard = kit.steering.heard.length;
  await until(() => kit.steering.heard.length > heard + 1);
  const signedBy = (key: KeyObject, keyId = id) => {
    publish(kit, FILM, 3);
    const text = kit.origin.objects.get('titles/t1/1/p1/hashes.json')?.body as Buffer;
    return { keyId, value: sign(null, text, key).toString('base64url') };
  };
  const { proactive } = kit.edge.counts();
  const wrongBefore = proactive.wrong;
  const bad = [undefined, signedBy(foreign.privateKey), signedBy(own.privateKey, 'eeeeeeeeeeeeeeee')];
  for (const [at, signature] of bad.entries()) {
    publish(kit, FILM, 3, { number: at + 1, ...(signature ? { signature } : {}) });
    await until(() => kit.edge.counts().proactive.wrong === wrongBefore + at + 1);
  }
  assert.equal(kit.edge.counts().proactive.fetched, 0);
  publish(kit, FILM, 3, { number: 9, signature: signedBy(own.privateKey) });
  await until(() => kit.edge.counts().proactive.fetched === 3);
});

test('a file with a wrong byte is not kept, whether it is whole or in slices', async () => {
  await using kit = await openTestEdge({ proactiveFill: FAST });
  const large = bytesOf(4 * 1024 * 1024 + 7, 5);
  publish(kit, { ...FILM, '1/4k/1/00001.m4s': large, '1/360p/1/00003.m4s': bytesOf(50, 6) }, 6);
  const goods = new Map<string, Buffer>();
  for (const [name, at] of [
    ['360p/1/00001.m4s', 40_000],
    ['4k/1/00001.m4s', 3_000_000],
  ] as const) {
    const key = `titles/t1/1/${name}`;
    const good = kit.origin.objects.get(key)?.body ?? assert.fail();
    goods.set(name, good);
    const body = Buffer.from(good);
    body[at] = (body[at] as number) ^ 1;
    kit.origin.objects.set(key, { body, headers: { etag: '"the same"' } });
  }
  await until(() => kit.edge.counts().proactive.fetched === 4);
  assert.equal(kit.edge.counts().proactive.wrong, 2);
  for (const [name, body] of goods) {
    kit.origin.objects.set(`titles/t1/1/${name}`, { body, headers: { etag: '"the same"' } });
    const reply = await kit.get(name);
    assert.match(cached(reply), /fwd=uri-miss/);
    assert.ok(Buffer.from(await reply.arrayBuffer()).equals(body), name);
  }
  assert.match(cached(await kit.get('360p/1/00002.m4s')), /hit/);
});

test('a manifest of hashes that is not the one announced is not believed', async () => {
  await using kit = await openTestEdge({ proactiveFill: FAST });
  publish(kit, FILM, 3, { sha256: digest(Buffer.from('another')) });
  await until(() => kit.edge.counts().proactive.wrong === 1);
  await sleep(50);
  assert.equal(kit.origin.requests.length, 1);
});

test('what viewers brought is not fetched again, and a plan is followed on while steering is away', async () => {
  await using kit = await openTestEdge({ proactiveFill: FAST });
  kit.origin.objects.set('titles/t1/1/360p/1/00001.m4s', { body: FILM['1/360p/1/00001.m4s'] });
  await (await kit.get('360p/1/00001.m4s')).arrayBuffer();
  const key = '1/360p/1/init.mp4';
  let answer: (() => void) | undefined;
  kit.origin.act = (request, response) => {
    if (!originKey(request).endsWith(key)) return false;
    answer = () =>
      response.writeHead(200, { etag: '"i"', 'content-length': FILM[key].length }).end(FILM[key]);
    return true;
  };
  publish(kit, FILM, 4);
  await until(() => answer !== undefined);
  kit.steering.isAway = true;
  answer?.();
  await until(() => kit.edge.counts().proactive.fetched === 3);
  assert.equal(kit.edge.counts().proactive.there, 1);
  assert.equal(kit.origin.requests.length, 5, 'the manifest of hashes and four files, each once');
});

test('nothing is fetched ahead out of hours, nor without the setting', async () => {
  const now = new Date();
  const minute = now.getHours() * 60 + now.getMinutes();
  const hours = { fromMin: (minute + 120) % 1440, toMin: (minute + 180) % 1440 };
  await using late = await openTestEdge({ proactiveFill: { ...FAST, hours } });
  await using off = await openTestEdge();
  for (const kit of [late, off]) publish(kit, FILM, 3);
  await sleep(200);
  assert.deepEqual([late.origin.requests.length, off.origin.requests.length], [0, 0]);
});

test('viewers and a fill share one fetch', async () => {
  await using kit = await openTestEdge({ proactiveFill: FAST });
  let answer: (() => void) | undefined;
  const key = '1/360p/1/00001.m4s';
  kit.origin.act = (request, response) => {
    if (!originKey(request).endsWith(key)) return false;
    const body = FILM[key];
    const headers = { etag: '"x"', 'content-range': `bytes 0-${body.length - 1}/${body.length}` };
    answer = () => response.writeHead(206, { ...headers, 'content-length': body.length }).end(body);
    return true;
  };
  publish(kit, FILM, 3);
  await until(() => answer !== undefined);
  const viewer = kit.get('360p/1/00001.m4s');
  await until(() => kit.edge.counts().collapsed === 1);
  answer?.();
  assert.equal((await (await viewer).arrayBuffer()).byteLength, FILM[key].length);
  await until(() => kit.edge.counts().proactive.fetched === 3);
  assert.equal(kit.origin.requests.filter((request) => originKey(request).endsWith(key)).length, 1);
});

test('another edge that has the files gives them, and that makes no title popular', async () => {
  await using giver = await openTestEdge({ proactiveFill: FAST, heartbeatMs: 100 });
  publish(giver, FILM, 3);
  await until(() => giver.steering.heard.some(({ body }) => body.filled?.length === 1));
  assert.deepEqual(giver.steering.heard.at(-1)?.body.filled, [{ title: 't1', number: 1, whole: false }]);
  await using taker = await openTestEdge({ proactiveFill: FAST }, { origin: giver.origin, mint: giver.mint });
  const asked = giver.origin.requests.length;
  const token = giver.mint.mint('titles/t1/', Math.floor(Date.now() / 1000) + 60, 'k1', FILL_SESSION);
  taker.steering.peers = { peers: [giver.edge.url], token };
  publish(taker, FILM, 3);
  await until(() => taker.edge.counts().proactive.fetched === 3);
  assert.equal(taker.edge.counts().proactive.fromPeers, 3);
  assert.equal(giver.origin.requests.length, asked + 1, 'the manifest of hashes and nothing else');
  const reply = await taker.get('360p/1/00001.m4s');
  assert.match(cached(reply), /hit/);
  assert.equal(reply.headers.get('content-type'), 'video/mp4');
  assert.ok(Buffer.from(await reply.arrayBuffer()).equals(FILM['1/360p/1/00001.m4s']));
  const heard = giver.steering.heard.length;
  await until(() => giver.steering.heard.length > heard + 1);
  assert.deepEqual(
    giver.steering.heard.flatMap(({ body }) => body.streamed ?? []),
    [],
  );
});

test('what another edge gives wrong is kept nowhere, and neither that nor a refusal stops the fill', async () => {
  await using liar = await openFakeOriginAsPeer();
  await using kit = await openTestEdge({ proactiveFill: FAST });
  kit.steering.peers = { peers: [liar.url, 'http://127.0.0.1:1'], token: 'x' };
  publish(kit, FILM, 3);
  await until(() => kit.edge.counts().proactive.fetched === 3);
  assert.equal(kit.edge.counts().proactive.fromPeers, 0);
  assert.equal(liar.asked(), 1, 'it is asked once in a job');
  const reply = await kit.get('p1/master.m3u8');
  assert.ok(Buffer.from(await reply.arrayBuffer()).equals(FILM['1/p1/master.m3u8']));
});

/** Gives bytes of the right number to whoever asks. */
async function openFakeOriginAsPeer() {
  const peer = await openFakeOrigin();
  peer.act = (_request, response) => {
    const body = Buffer.alloc(FILM['1/p1/master.m3u8'].length, 'x');
    response.writeHead(200, { 'content-length': body.length }).end(body);
    return true;
  };
  return { url: peer.url, asked: () => peer.requests.length, [Symbol.asyncDispose]: () => peer.stop() };
}

test('steering hears which titles were streamed', async () => {
  await using kit = await openTestEdge({ heartbeatMs: 100 });
  kit.origin.objects.set('titles/t1/1/a', { body: bytesOf(70_000) });
  await (await kit.get('a')).arrayBuffer();
  await (await kit.get('a')).arrayBuffer();
  const told = () =>
    kit.steering.heard.flatMap(({ body }) => body.streamed ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  await until(() => told() >= 140_000);
  assert.equal(told(), 140_000);
});
