/** An edge in front of a site, over real sockets: what is stored, shared, refused, refreshed and forgotten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestSite, raw } from './site.testing.ts';

const text = async (response: Response) => response.text();

test('a fresh response is stored and given to the next, with its age and date', async () => {
  await using site = await openTestSite((_request, response, count) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"a"', 'x-count': count });
    response.end('hello');
  });
  const first = await site.ask('/a?b=1');
  assert.match(first.headers.get('cache-status') ?? '', /fwd=uri-miss; stored/);
  assert.equal(await text(first), 'hello');
  const second = await site.ask('/a?b=1');
  assert.match(second.headers.get('cache-status') ?? '', /hit/);
  assert.equal(second.headers.get('x-count'), '1');
  assert.equal(second.headers.get('date'), first.headers.get('date'));
  assert.match(second.headers.get('age') ?? '', /^\d+$/);
  assert.equal(await text(second), 'hello');
  assert.equal((await site.ask('/a?b=1', { headers: { 'if-none-match': '"a"' } })).status, 304);
  const part = await site.ask('/a?b=1', { headers: { range: 'bytes=1-2' } });
  assert.equal(part.status, 206);
  assert.equal(await text(part), 'el');
  assert.equal(await text(await site.ask('/a?b=2')), 'hello');
  assert.equal(site.asked.length, 2);
});

test('a body without a length is sent in chunks, and stored', async () => {
  await using site = await openTestSite((_request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60' });
    response.write('one ');
    setTimeout(() => response.end('two'), 30);
  });
  const first = await site.ask('/');
  assert.equal(first.headers.get('transfer-encoding'), 'chunked');
  assert.equal(await text(first), 'one two');
  const second = await site.ask('/');
  assert.equal(second.headers.get('content-length'), '7');
  assert.equal(await text(second), 'one two');
  const old = await raw(site.edge.port, 'GET /other HTTP/1.0\r\nHost: site.test\r\n\r\n');
  assert.match(old, /connection: close/);
  assert.ok(old.endsWith('\r\n\r\none two'), old);
  assert.equal(site.asked.length, 2);
});

test('many who miss at once cause one fetch and get the bytes as they come', async () => {
  await using site = await openTestSite(async (_request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 8 });
    response.write('half');
    await sleep(200);
    response.end('more');
  });
  const started = performance.now();
  const firstBytes: number[] = [];
  const bodies = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const response = await site.ask('/');
      firstBytes.push(performance.now() - started);
      return text(response);
    }),
  );
  assert.ok(bodies.every((body) => body === 'halfmore'));
  assert.equal(site.asked.length, 1);
  assert.ok(performance.now() - started >= 190);
  assert.ok(Math.min(...firstBytes) < 190, `first bytes ${Math.min(...firstBytes)}`);
});

test('what is not for all is not shared, and nobody waits for the others to learn it', async () => {
  await using site = await openTestSite(async (_request, response, count) => {
    await sleep(100);
    response.writeHead(200, { 'cache-control': 'no-store' }).end(String(count));
  });
  const started = performance.now();
  const bodies = await Promise.all(Array.from({ length: 20 }, async () => text(await site.ask('/'))));
  assert.equal(new Set(bodies).size, 20);
  assert.ok(performance.now() - started < 1000, 'they went one after the other');
});

test('a response that varies is kept once for each value', async () => {
  await using site = await openTestSite((request, response) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', vary: 'accept-language' });
    response.end(request.headers['accept-language']);
  });
  const ask = async (language: string) =>
    text(await site.ask('/', { headers: { 'accept-language': language } }));
  assert.deepEqual(
    [await ask('de'), await ask('en'), await ask('de'), await ask('en')],
    ['de', 'en', 'de', 'en'],
  );
  assert.equal(site.asked.length, 2);
});

test('a write goes through and what it changed is forgotten', async () => {
  await using site = await openTestSite((request, response, count) => {
    if (request.method === 'GET')
      response.writeHead(200, { 'cache-control': 'max-age=60' }).end(String(count));
    else request.pipe(response.writeHead(201, { location: '/made' }));
  });
  assert.equal(await text(await site.ask('/a')), '1');
  assert.equal(await text(await site.ask('/made')), '2');
  const posted = await site.ask('/a', { method: 'POST', body: 'x'.repeat(100_000) });
  assert.equal(posted.status, 201);
  assert.equal((await text(posted)).length, 100_000);
  assert.equal(await text(await site.ask('/a')), '4');
  assert.equal(await text(await site.ask('/made')), '5');
  const refused = await site
    .ask('/a', { method: 'POST', body: 'x'.repeat(1_100_000) })
    .catch(() => undefined);
  assert.ok(refused === undefined || refused.status === 413);
  assert.equal(site.asked.length, 5);
});

test('a stale copy is confirmed, served while it is refreshed, and stands in for an origin that is away', async () => {
  let control = 'max-age=0';
  await using site = await openTestSite((request, response) => {
    const headers = { 'cache-control': control, etag: '"a"' };
    if (request.headers['if-none-match'] === '"a"') response.writeHead(304, headers).end();
    else response.writeHead(200, headers).end('body');
  });
  await text(await site.ask('/'));
  const confirmed = await site.ask('/');
  assert.match(confirmed.headers.get('cache-status') ?? '', /fwd=stale; fwd-status=304/);
  assert.equal(await text(confirmed), 'body');
  control = 'max-age=0, stale-while-revalidate=60';
  await text(await site.ask('/swr'));
  assert.match((await site.ask('/swr')).headers.get('cache-status') ?? '', /detail=stale/);
  control = 'max-age=0, must-revalidate';
  await text(await site.ask('/must'));
  site.act = (request) => request.destroy();
  const away = await site.ask('/');
  assert.equal(away.status, 200);
  assert.match(away.headers.get('cache-status') ?? '', /detail=stale/);
  assert.equal((await site.ask('/must')).status, 502);
  assert.equal((await site.ask('/never-seen')).status, 502);
});

test('an origin that hangs costs one short wait, then stale copies come at once', async () => {
  await using site = await openTestSite(
    (_request, response) =>
      response.writeHead(200, { 'cache-control': 'max-age=0', etag: '"a"' }).end('body'),
    { limits: { staleWaitMs: 100 } },
  );
  await text(await site.ask('/'));
  site.act = () => undefined;
  assert.equal(await text(await site.ask('/')), 'body');
  assert.equal((await site.ask('/cold')).status, 504);
  const started = performance.now();
  assert.equal(await text(await site.ask('/')), 'body');
  assert.ok(performance.now() - started < 90, `${performance.now() - started} ms`);
});

test('a large object is kept in slices, and a seek fetches only what it asks for', async () => {
  const whole = Buffer.alloc(20 * 1024 * 1024, 'ab');
  whole.write('here', 15_000_000);
  let sent = 0;
  await using site = await openTestSite((request, response) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const headers = { 'cache-control': 'max-age=60', etag: '"big"', 'accept-ranges': 'bytes' };
    const start = Number(match?.[1] ?? 0);
    const body = match ? whole.subarray(start, Number(match[2]) + 1) : whole;
    sent += body.length;
    const range = match
      ? { 'content-range': `bytes ${start}-${start + body.length - 1}/${whole.length}` }
      : {};
    response.writeHead(match ? 206 : 200, { ...headers, ...range, 'content-length': body.length }).end(body);
  });
  const ask = async (range: string) => text(await site.ask('/big', { headers: { range } }));
  assert.equal(await ask('bytes=15000000-15000003'), 'here');
  assert.equal(await ask('bytes=15000000-15000003'), 'here');
  assert.equal(await ask('bytes=15000002-15000003'), 're');
  assert.ok(sent < 3 * 1024 * 1024, `the origin sent ${sent} bytes`);
  assert.equal(Buffer.compare(Buffer.from(await (await site.ask('/big')).arrayBuffer()), whole), 0);
});

test('a link that is away is passed over for the next', async () => {
  await using site = await openTestSite(
    (_request, response) => response.writeHead(200, { 'cache-control': 'max-age=60' }).end('by the second'),
    { extraLinks: ['http://127.0.0.1:1'] },
  );
  assert.equal(await text(await site.ask('/')), 'by the second');
  const posted = await site.ask('/', { method: 'POST', body: 'x' });
  assert.equal(posted.status, 200);
});

test('an origin whose gateway fails is passed over for reads, and told as it is when there is no other', async () => {
  await using failing = await openTestSite((_request, response) => response.writeHead(503).end('failing'));
  await using site = await openTestSite((_request, response) => response.end('well'), {
    extraLinks: [failing.originUrl],
  });
  assert.equal(await text(await site.ask('/')), 'well');
  assert.equal(failing.asked.length, 1);
  const alone = await failing.ask('/');
  assert.deepEqual([alone.status, await text(alone)], [503, 'failing']);
});

test('a body that breaks off breaks the connection and is not stored', async () => {
  await using site = await openTestSite((_request, response, count) => {
    response.writeHead(200, { 'cache-control': 'max-age=60', 'content-length': 8 });
    if (count === 1) response.write('half', () => response.destroy());
    else response.end('complete');
  });
  await assert.rejects(async () => text(await site.ask('/')));
  assert.equal(await text(await site.ask('/')), 'complete');
});

test('another host is not fronted', async () => {
  await using site = await openTestSite((_request, response) => response.end('x'));
  const reply = await raw(
    site.edge.port,
    'GET http://elsewhere.test/ HTTP/1.1\r\nHost: elsewhere.test\r\nConnection: close\r\n\r\n',
  );
  assert.match(reply, /^HTTP\/1\.1 403 /);
  assert.equal(site.asked.length, 0);
});
