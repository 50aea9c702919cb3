/** Connections byte by byte: pipelining, refusals that close, bodies, deadlines, limits, back-pressure, drain. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf, openTestEdge, PREFIX, rawClient, sendRaw, type TestEdge, until } from './edge.testing.ts';

let kit: TestEdge;
const body = bytesOf(600);
const large = bytesOf(4_000_000, 2);

before(async () => {
  kit = await openTestEdge();
  kit.origin.objects.set(`${PREFIX}a`, { body });
  kit.origin.objects.set(`${PREFIX}large`, { body: large });
  await (await kit.get('a')).arrayBuffer();
  await (await kit.get('large')).arrayBuffer();
});
after(() => kit?.[Symbol.asyncDispose]());

const get = (name: string, fields = '', version = '1.1', of = kit) =>
  `GET ${of.path(name)} HTTP/${version}\r\nHost: e\r\n${fields}\r\n`;
const LAST = 'Connection: close\r\n';
const statuses = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/** Without what differs from second to second. */
const steady = (text: string) => text.replace(/^(date|age|cache-status): .*\r\n/gm, '');

test('many requests in one write are answered in their order, whatever each needs', async () => {
  const script: Array<[string, number]> = [
    [get('a'), 200],
    [get('a', 'If-None-Match: *\r\n'), 304],
    [get('absent'), 404],
    [get('a', 'Range: bytes=0-9\r\n'), 206],
    ['GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n', 200],
    [get('a', 'Range: bytes=900-\r\n'), 416],
    ['OPTIONS * HTTP/1.1\r\nHost: e\r\n\r\n', 204],
    ['GET /x/titles/a HTTP/1.1\r\nHost: e\r\n\r\n', 403],
    ['POST /a HTTP/1.1\r\nHost: e\r\nContent-Length: 5\r\n\r\nGET /', 405],
    [`HEAD ${kit.path('a')} HTTP/1.1\r\nHost: e\r\n\r\n`, 200],
    [get('a', LAST), 200],
  ];
  const text = await sendRaw(kit.port, script.map(([request]) => request).join(''));
  assert.deepEqual(
    statuses(text),
    script.map(([, status]) => status),
  );
  assert.ok(text.endsWith(body.toString('latin1')));
});

test('how the bytes are cut changes nothing', { timeout: 20_000 }, async () => {
  const script = `${get('a')}POST /a HTTP/1.1\r\nHost: e\r\nContent-Length: 3\r\n\r\nabc${get('a', `Range: bytes=1-5\r\n${LAST}`)}`;
  const whole = steady(await sendRaw(kit.port, script));
  assert.deepEqual(statuses(whole), [200, 405, 206]);
  const cut = async (at: number) => {
    const client = rawClient(kit.port);
    client.socket.setNoDelay(true);
    client.socket.write(script.slice(0, at), 'latin1');
    await sleep(3);
    client.socket.write(script.slice(at), 'latin1');
    assert.equal(steady(await client.ended), whole, `cut at ${at}`);
  };
  const cuts = Array.from({ length: script.length - 1 }, (_, i) => i + 1);
  while (cuts.length > 0) await Promise.all(cuts.splice(0, 50).map(cut));
  const slow = rawClient(kit.port);
  slow.socket.setNoDelay(true);
  for (const byte of script) {
    slow.socket.write(byte, 'latin1');
    await new Promise(setImmediate);
  }
  assert.equal(steady(await slow.ended), whole, 'byte by byte');
});

test('a request that is not HTTP is refused, and what follows it is not read', async () => {
  const smuggled = get('a');
  const cases: Array<[string, number]> = [
    [`POST /a HTTP/1.1\r\nHost: e\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n${smuggled}`, 400],
    [
      `POST /a HTTP/1.1\r\nHost: e\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      400,
    ],
    [`POST /a HTTP/1.1\r\nHost: e\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`, 411],
    [`GET /a HTTP/1.1\nHost: e\n\n${smuggled}`, 400],
    [`GET /a HTTP/1.1\r\nHost: e\r\nX: a\r\n folded\r\n\r\n${smuggled}`, 400],
    [`GET /a HTTP/3.0\r\nHost: e\r\n\r\n${smuggled}`, 505],
    [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: e\r\n\r\n${smuggled}`, 414],
    [`GET /a HTTP/1.1\r\nHost: e\r\nX: ${'a'.repeat(20_000)}\r\n\r\n${smuggled}`, 431],
    [`\x16\x03\x01\x00\x01${smuggled}`, 400],
  ];
  for (const [request, status] of cases) {
    const text = await sendRaw(kit.port, request);
    assert.deepEqual(statuses(text), [status], request.slice(0, 60));
    assert.match(text, /\r\nconnection: close\r\n/);
    assert.match(text, /\{"error":\{"code":"invalid_request"/);
  }
});

test('paths that climb or hide something are refused before anything is asked', async () => {
  const token = kit.mint.mint('titles/');
  const count = kit.origin.requests.length;
  for (const key of [
    'titles/../secret',
    'titles/%2e%2e/secret',
    'titles/a%2fb',
    'titles/a%00',
    'titles//a',
    'titles/%ff',
  ]) {
    const text = await sendRaw(kit.port, `GET /${token}/${key} HTTP/1.1\r\nHost: e\r\n${LAST}\r\n`);
    assert.deepEqual(statuses(text), [400], key);
  }
  assert.equal(kit.origin.requests.length, count);
});

test('HTTP/1.0 ends unless it asks to stay', async () => {
  assert.deepEqual(statuses(await sendRaw(kit.port, get('a', '', '1.0'))), [200]);
  const staying = await sendRaw(
    kit.port,
    get('a', 'Connection: keep-alive\r\n', '1.0') + get('a', '', '1.0'),
  );
  assert.deepEqual(statuses(staying), [200, 200]);
  assert.match(staying, /\r\nconnection: keep-alive\r\n/);
});

test('a client that ends its half still gets its replies', async () => {
  const client = rawClient(kit.port);
  client.socket.end(get('a') + get('large'));
  const text = await client.ended;
  assert.deepEqual(statuses(text), [200, 200]);
  assert.ok(text.endsWith(large.toString('latin1')));
});

test('a body that waits for leave, or is too long, is not waited for', async () => {
  const expecting = await sendRaw(
    kit.port,
    `PUT /a HTTP/1.1\r\nHost: e\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
  );
  assert.deepEqual(statuses(expecting), [405]);
  assert.match(expecting, /connection: close/);
  const endless = await sendRaw(
    kit.port,
    `PUT /a HTTP/1.1\r\nHost: e\r\nContent-Length: 99999999\r\n\r\nxxxx`,
  );
  assert.deepEqual(statuses(endless), [405]);
});

test('who reads nothing holds up nobody, and costs one piece of a body', { timeout: 20_000 }, async () => {
  await using own = await openTestEdge({ limits: { writeStallMs: 300 } });
  own.origin.objects.set(`${PREFIX}large`, { body: large });
  await (await own.get('large')).arrayBuffer();
  const before = own.edge.counts().bytes;
  const client = rawClient(own.port);
  client.socket.pause();
  client.socket.write(get('large', '', '1.1', own).repeat(100));
  await sleep(150);
  assert.ok(own.edge.counts().bytes - before < 60_000_000, 'of 400 MB');
  assert.ok((await (await own.get('large')).arrayBuffer()).byteLength === large.length);
  await until(() => client.socket.destroyed || own.edge.counts().connections <= 1, 3000);
  client.socket.destroy();
});

test('small replies wait for their reader too', { timeout: 20_000 }, async () => {
  kit.origin.objects.set(`${PREFIX}joined`, { body: bytesOf(60_000, 3) });
  await (await kit.get('joined')).arrayBuffer();
  const { bytes, requests } = kit.edge.counts();
  const client = rawClient(kit.port);
  client.socket.pause();
  client.socket.write(get('joined').repeat(3000) + get('a', LAST));
  await sleep(150);
  assert.ok(kit.edge.counts().bytes - bytes < 60_000_000, 'of 180 MB');
  assert.ok(kit.edge.counts().requests - requests < 1000, 'what is not answered is not even parsed');
  client.socket.resume();
  assert.equal(statuses(await client.ended).length, 3001);
});

test('a pipeline over many replies larger than the socket takes is served to the end', async () => {
  const text = await sendRaw(kit.port, get('large').repeat(4) + get('a', LAST));
  assert.deepEqual(statuses(text), [200, 200, 200, 200, 200]);
  assert.equal(text.split(large.toString('latin1', 1000, 2000)).length, 5);
});

test('a head must be complete in time, however its bytes trickle; idle connections end', async () => {
  await using own = await openTestEdge({ limits: { headMs: 150, idleMs: 300 } });
  const started = performance.now();
  const trickle = rawClient(own.port);
  trickle.socket.write('GET / HTTP/1.1\r\n');
  const drip = setInterval(() => trickle.socket.write('X: y\r\n'), 20);
  await trickle.ended;
  clearInterval(drip);
  const trickled = performance.now() - started;
  assert.ok(trickled > 70 && trickled < 290, `${trickled} ms`);
  const unsent = rawClient(own.port);
  unsent.socket.write('POST / HTTP/1.1\r\nHost: e\r\nContent-Length: 100\r\n\r\nabc');
  await unsent.ended;
  assert.deepEqual(statuses(unsent.text()), [405]);
  const idle = rawClient(own.port);
  idle.socket.write('GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n');
  await idle.ended;
  assert.deepEqual(statuses(idle.text()), [200]);
});

test('no more connections than the limit, and a place is free again when one goes', async () => {
  await using own = await openTestEdge({ limits: { connectionsMax: 2 } });
  const request = 'GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n';
  const two = [rawClient(own.port), rawClient(own.port)];
  for (const { socket } of two) socket.write(request);
  await until(() => two.every(({ text }) => text() !== ''));
  assert.equal(await sendRaw(own.port, request), '');
  two[0]?.socket.destroy();
  await until(() => own.edge.counts().connections === 1);
  const next = rawClient(own.port);
  next.socket.write(request);
  await until(() => next.text().startsWith('HTTP/1.1 200'));
  for (const { socket } of [...two, next]) socket.destroy();
});

test('close lets open replies end, sends idle connections away, and cuts what takes too long', async () => {
  const own = await openTestEdge({ limits: { drainMs: 400 } });
  const [first, second] = [bytesOf(100_000, 1), bytesOf(100_000, 2)];
  const held: Array<() => void> = [];
  own.origin.act = (request, response) => {
    const whole = request.url?.includes('first') ? first : second;
    response.writeHead(206, { 'content-length': whole.length, 'content-range': `bytes 0-99999/100000` });
    response.write(whole.subarray(0, 1000));
    if (whole === first) held.push(() => response.end(whole.subarray(1000)));
    return true;
  };
  const idle = rawClient(own.port);
  idle.socket.write('GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n');
  const [ends, hangs] = [rawClient(own.port), rawClient(own.port)];
  ends.socket.write(get('first', '', '1.1', own));
  hangs.socket.write(get('second', '', '1.1', own));
  await until(() => [idle, ends, hangs].every(({ text }) => text() !== ''));
  const started = performance.now();
  const closed = own.edge.close();
  assert.deepEqual(own.edge.health(), { ready: false, reasons: ['draining'] });
  await idle.ended;
  assert.equal(await sendRaw(own.port, 'GET /healthz HTTP/1.1\r\nHost: e\r\n\r\n'), '', 'nobody is let in');
  held[0]?.();
  assert.ok((await ends.ended).endsWith(first.toString('latin1')));
  await Promise.all([closed, own.edge.close(), hangs.ended]);
  const elapsed = performance.now() - started;
  assert.ok(elapsed > 350 && elapsed < 1500, `${elapsed} ms`);
  assert.ok(own.steering.heard.at(-1)?.body.draining);
  await own[Symbol.asyncDispose]();
});
