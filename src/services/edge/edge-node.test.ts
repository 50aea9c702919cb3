/** The edge over real sockets: readiness, tokens, objects, ranges, conditions, CORS. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  bytesOf,
  createTokenMint,
  etagOf,
  openTestEdge,
  PREFIX,
  type TestEdge,
  until,
} from './edge.testing.ts';

let kit: TestEdge;
const small = bytesOf(10_000);
const middling = bytesOf(300_000, 2);
const large = bytesOf(5_500_000, 3);

before(async () => {
  kit = await openTestEdge();
  kit.origin.objects.set(`${PREFIX}a.m4s`, { body: small });
  kit.origin.objects.set(`${PREFIX}b.m4s`, { body: middling });
  kit.origin.objects.set(`${PREFIX}large.mp4`, { body: large });
  kit.origin.objects.set(`${PREFIX}empty.vtt`, { body: Buffer.alloc(0) });
  const life = { 'cache-control': 'public, max-age=31536000, immutable' };
  kit.origin.objects.set(`${PREFIX}ünï cödé.mpd`, {
    body: small,
    headers: { ...life, 'content-type': 'application/dash+xml' },
  });
});
after(() => kit?.[Symbol.asyncDispose]());

const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());

test('a miss comes from the origin with a signed request, a hit from memory, byte for byte', async () => {
  const miss = await kit.get('a.m4s');
  assert.equal(miss.status, 200);
  assert.deepEqual(await bytes(miss), small);
  assert.match(miss.headers.get('cache-status') ?? '', /^edge-test; fwd=uri-miss; stored$/);
  const asked = kit.origin.requests.at(-1);
  assert.match(asked?.headers.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/us-east-1\/s3\//);
  const count = kit.origin.requests.length;
  for (let i = 0; i < 3; i++) {
    const hit = await kit.get('a.m4s');
    assert.deepEqual(await bytes(hit), small);
    assert.match(hit.headers.get('cache-status') ?? '', /^edge-test; hit; ttl=\d+; detail=memory$/);
    assert.equal(hit.headers.get('etag'), etagOf(small));
    assert.equal(hit.headers.get('content-type'), 'video/mp4');
    assert.match(hit.headers.get('age') ?? '', /^\d+$/);
    assert.equal(hit.headers.get('cache-control'), 'public, max-age=3600', 'the default of the edge');
    assert.equal(hit.headers.get('accept-ranges'), 'bytes');
    assert.equal(hit.headers.get('access-control-allow-origin'), '*');
    assert.equal(hit.headers.get('timing-allow-origin'), '*');
    assert.match(hit.headers.get('access-control-expose-headers') ?? '', /cache-status/);
  }
  assert.equal(kit.origin.requests.length, count);
});

test('cache-control and type of the origin are passed on, and escaped names are understood', async () => {
  const reply = await kit.get(encodeURIComponent('ünï cödé.mpd'));
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(reply.headers.get('content-type'), 'application/dash+xml');
});

test('bodies larger than one write, and empty ones', async () => {
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await bytes(await kit.get('b.m4s')), middling);
    const empty = await kit.get('empty.vtt');
    assert.equal(empty.status, 200);
    assert.equal((await bytes(empty)).length, 0);
  }
});

test('HEAD tells what GET would, without the body', async () => {
  for (const name of ['a.m4s', 'b.m4s', 'large.mp4']) {
    const size = kit.origin.objects.get(PREFIX + name)?.body.length;
    const head = await fetch(kit.edge.url + kit.path(name), { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), String(size));
    assert.equal((await bytes(head)).length, 0);
  }
});

test('ranges of whole and of sliced objects', async () => {
  const cases: Array<[string, Buffer, string, number, number]> = [
    ['a.m4s', small, 'bytes=5-14', 5, 14],
    ['a.m4s', small, 'bytes=9990-', 9990, 9999],
    ['a.m4s', small, 'bytes=-7', 9993, 9999],
    ['b.m4s', middling, 'bytes=10-299998', 10, 299_998],
    ['large.mp4', large, 'bytes=0-0', 0, 0],
    ['large.mp4', large, 'bytes=1048570-1048580', 1_048_570, 1_048_580],
    ['large.mp4', large, 'bytes=5000000-', 5_000_000, 5_499_999],
    ['large.mp4', large, 'bytes=500000-4800000', 500_000, 4_800_000],
  ];
  for (const [name, body, range, start, end] of cases) {
    const part = await kit.get(name, { range });
    assert.equal(part.status, 206, range);
    assert.equal(part.headers.get('content-range'), `bytes ${start}-${end}/${body.length}`);
    assert.ok((await bytes(part)).equals(body.subarray(start, end + 1)), `${name} ${range}`);
  }
  const outside = await kit.get('a.m4s', { range: 'bytes=10000-' });
  assert.equal(outside.status, 416);
  assert.equal(outside.headers.get('content-range'), 'bytes */10000');
  assert.ok((await bytes(await kit.get('large.mp4'))).equals(large), 'all slices in their order');
});

test('a seek in a large object fetches the slices around it only', async () => {
  // The test's origin reads all of it for its ETag, which takes a while on a busy machine.
  await using fresh = await openTestEdge({ originTimeoutMs: 10_000 });
  fresh.origin.objects.set(`${PREFIX}huge.mp4`, { body: Buffer.alloc(40 * 1024 * 1024, 7) });
  const part = await fresh.get('huge.mp4', { range: 'bytes=20971530-20971539' });
  assert.equal(part.status, 206);
  assert.deepEqual(await bytes(part), Buffer.alloc(10, 7));
  assert.deepEqual(
    fresh.origin.requests.map(({ headers }) => headers.range),
    ['bytes=20971520-22020095'],
  );
});

test('several ranges come as multipart/byteranges', async () => {
  const reply = await kit.get('a.m4s', { range: 'bytes=0-9, 100-109' });
  assert.equal(reply.status, 206);
  const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(
    reply.headers.get('content-type') ?? '',
  )?.[1];
  assert.ok(boundary);
  const text = (await bytes(reply)).toString('latin1');
  assert.equal(text.length, Number(reply.headers.get('content-length')));
  const parts = text.split(`--${boundary}`);
  assert.equal(parts.length, 4);
  const bodyOf = (part = '') => part.slice(part.indexOf('\r\n\r\n') + 4, -2);
  assert.equal(bodyOf(parts[1]), small.toString('latin1', 0, 10));
  assert.equal(bodyOf(parts[2]), small.toString('latin1', 100, 110));
  assert.match(parts[2] ?? '', /content-range: bytes 100-109\/10000/);
});

test('conditions: 304 for a copy that is good, a range only of the object that If-Range knows', async () => {
  const etag = etagOf(small);
  for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const same = await kit.get('a.m4s', { 'if-none-match': tag });
    assert.equal(same.status, 304, tag);
    assert.equal(same.headers.get('etag'), etag);
    assert.equal(same.headers.get('content-type'), null);
  }
  assert.equal((await kit.get('a.m4s', { 'if-none-match': '"other"' })).status, 200);
  assert.equal((await kit.get('a.m4s', { range: 'bytes=0-1', 'if-range': etag })).status, 206);
  assert.equal((await kit.get('a.m4s', { range: 'bytes=0-1', 'if-range': '"other"' })).status, 200);
});

test('tokens: absent, garbage, expired, forged, of another title and of another key are 403', async () => {
  const stranger = createTokenMint('k1');
  const unknown = createTokenMint('k2');
  const now = Math.floor(Date.now() / 1000);
  const good = kit.mint.mint();
  const [payload, signature] = good.split('.') as [string, string];
  const longer = Buffer.from(JSON.stringify([1, 'k1', PREFIX, 'session', now + 9999])).toString('base64url');
  const bad = {
    garbage: 'garbage',
    expired: kit.mint.mint(PREFIX, now - 1),
    'signed by another key of that name': stranger.mint(),
    'signed by an unknown key': unknown.mint(),
    'with a changed payload': `${longer}.${signature}`,
    'with a changed signature': `${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
    'of another title': kit.mint.mint('titles/t2/'),
    'of a prefix outside the titles': kit.mint.mint('masters/'),
    'of a prefix without its slash': kit.mint.mint('titles/t1/1'),
    'too long': `${'A'.repeat(600)}.${signature}`,
  };
  const count = kit.origin.requests.length;
  for (const [name, token] of Object.entries(bad)) {
    const reply = await fetch(`${kit.edge.url}/${token}/${PREFIX}a.m4s`);
    assert.equal(reply.status, 403, name);
    assert.equal((await reply.json()).error.code, 'forbidden');
    assert.equal(reply.headers.get('access-control-allow-origin'), '*', 'a page may read the refusal');
  }
  assert.equal((await fetch(`${kit.edge.url}/${PREFIX}a.m4s`)).status, 403, 'absent');
  assert.equal((await fetch(`${kit.edge.url}/`)).status, 403);
  assert.equal((await fetch(`${kit.edge.url}/${kit.mint.mint('titles/')}/${PREFIX}a.m4s`)).status, 200);
  assert.equal(kit.origin.requests.length, count, 'none of them reached the origin');
});

test('a token that expires is refused from that moment on, cached as it may be', async () => {
  const token = kit.mint.mint(PREFIX, Math.floor(Date.now() / 1000) + 1);
  const status = async () => (await fetch(`${kit.edge.url}/${token}/${PREFIX}a.m4s`)).status;
  assert.equal(await status(), 200);
  await until(async () => (await status()) === 403, 3000);
});

test('an absent object is 404, remembered for a moment', async () => {
  const count = kit.origin.requests.length;
  for (let i = 0; i < 3; i++) {
    const reply = await kit.get('absent.m4s');
    assert.equal(reply.status, 404);
    assert.equal((await reply.json()).error.code, 'not_found');
  }
  assert.equal(kit.origin.requests.length, count + 1);
});

test('preflights are allowed, other methods are not', async () => {
  const preflight = await fetch(kit.edge.url + kit.path('a.m4s'), { method: 'OPTIONS' });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD, OPTIONS');
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /range/);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const reply = await fetch(kit.edge.url + kit.path('a.m4s'), { method, body: 'x' });
    assert.equal(reply.status, 405, method);
    assert.equal(reply.headers.get('allow'), 'GET, HEAD, OPTIONS');
  }
});

test('health: 503 with reasons until steering has answered with keys, then 200 for good', async () => {
  await using early = await openTestEdge({ isAway: true });
  const health = async () => {
    const reply = await fetch(`${early.edge.url}/healthz`);
    return { status: reply.status, ...(await reply.json()) };
  };
  assert.deepEqual(await health(), {
    status: 503,
    ready: false,
    reasons: ['not registered with steering', 'no token keys'],
  });
  assert.equal((await early.get('a.m4s')).status, 503, 'no token can be judged yet');
  assert.equal((await fetch(`${kit.edge.url}/healthz`)).status, 200);
  const { body } = kit.steering.heard.at(-1) as { body: { ready: boolean; url: string } };
  assert.equal(body.url, kit.edge.url);
  assert.ok(body.ready, 'readiness is told at once, not a heartbeat later');
});
