/** Over HTTP/2 and TLS, replies are logged and counted once each too. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesOf, etagOf, openTestEdge, PREFIX, type TestEdge, until } from '../edge.testing.ts';

const skip = spawnSync('openssl', ['version']).error ? 'openssl is not installed' : false;

type Line = Record<string, unknown> & { bytes: number; protocol: string };

async function openLoggedEdge(): Promise<TestEdge> {
  const plain = await openTestEdge();
  await plain.edge.close();
  const { origin, mint, folder } = plain;
  const files = { certFile: join(folder, 'c.pem'), keyFile: join(folder, 'c.key') };
  const { status } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=e', '-keyout', files.keyFile, '-out', files.certFile],
  ]);
  assert.equal(status, 0);
  const log = { format: 'json', folder: join(folder, 'logs'), fileBytesMax: 1e9, filesMax: 2 } as const;
  const tls = { ...files, port: 0, publicUrl: 'https://127.0.0.1:0' };
  const kit = await openTestEdge({ tls, telemetry: { log, metricsPort: 0 } }, { origin, mint, folder });
  return { ...kit, [Symbol.asyncDispose]: () => plain[Symbol.asyncDispose]() };
}

async function linesOf(kit: TestEdge): Promise<Line[]> {
  const text = await readFile(join(kit.folder, 'logs', 'access-json.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The bytes of a reply's body, and of its head as HTTP/1.1 would write it. */
function ask(
  session: ClientHttp2Session,
  path: string,
  fields = {},
): Promise<{ head: number; body: number }> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ...fields }, { endStream: true });
    const got = { head: 0, body: 0 };
    stream.on('response', (headers) => {
      const line = `HTTP/1.1 ${headers[':status']} OK\r\n\r\n`.length;
      got.head = Object.entries(headers)
        .filter(([name]) => !name.startsWith(':'))
        .reduce((sum, [name, value]) => sum + name.length + String(value).length + 4, line);
    });
    stream.on('data', (chunk: Buffer) => {
      got.body += chunk.length;
    });
    stream.on('end', () => resolve(got));
    stream.on('error', reject);
  });
}

test('streams of one session are counted once each, with the bytes of their bodies', { skip }, async () => {
  await using kit = await openLoggedEdge();
  const sizes = { small: 1000, middle: 300_000, large: 3_000_000 };
  for (const [name, size] of Object.entries(sizes))
    kit.origin.objects.set(`${PREFIX}${name}`, { body: bytesOf(size) });
  const session = connect(kit.edge.url, { rejectUnauthorized: false });
  const names = Object.keys(sizes);
  const got = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      ask(session, kit.path(names[i % 3] as string), { 'user-agent': `a${i}` }),
    ),
  );
  const closed = new Promise((resolve) => session.once('close', resolve));
  session.close();
  await closed;
  await until(() => kit.edge.counts().connections === 0);
  const snapshot = await (await fetch(`${kit.edge.metricsUrl}.json`)).json();
  await kit.edge.close();
  const lines = await linesOf(kit);
  assert.equal(lines.length, 60);
  for (const [i, { head, body }] of got.entries()) {
    const line = lines.find(({ agent }) => agent === `a${i}`);
    assert.equal(line?.bytes, head + body, names[i % 3]);
    assert.equal(line?.protocol, 'HTTP/2.0');
    assert.equal(line?.secure, true);
    assert.equal(line?.host, new URL(kit.edge.url).host);
  }
  assert.equal(snapshot.firstByte.count, 60);
  assert.deepEqual(snapshot.connections[2], { kind: 'h2', opened: 1, open: 0 });
  assert.equal(snapshot.titles[0].requests, 60);
});

test('replies without a body are whole', { skip }, async () => {
  await using kit = await openLoggedEdge();
  const body = bytesOf(1000);
  kit.origin.objects.set(`${PREFIX}a`, { body });
  const session = connect(kit.edge.url, { rejectUnauthorized: false });
  const path = kit.path('a');
  const got = [
    await ask(session, path, { ':method': 'HEAD' }),
    await ask(session, path, { 'if-none-match': etagOf(body) }),
    await ask(session, path, { ':method': 'OPTIONS' }),
    await ask(session, '/forged/titles/x'),
  ];
  session.close();
  await until(() => kit.edge.counts().connections === 0);
  await kit.edge.close();
  const lines = await linesOf(kit);
  assert.deepEqual(
    lines.map(({ status, method, broken }) => [status, method, broken]),
    [
      [200, 'HEAD', undefined],
      [304, 'GET', undefined],
      [204, 'OPTIONS', undefined],
      [403, 'GET', undefined],
    ],
  );
  assert.deepEqual(
    got.map(({ body }) => body > 0),
    [false, false, false, true],
  );
});

test('a stream that its viewer resets is logged as broken, once', { skip }, async () => {
  await using kit = await openLoggedEdge();
  const size = 12_000_000;
  kit.origin.objects.set(`${PREFIX}film`, { body: bytesOf(size) });
  const session = connect(kit.edge.url, { rejectUnauthorized: false });
  const stream = session.request({ ':path': kit.path('film') });
  await new Promise((resolve) => stream.once('data', resolve));
  stream.close();
  await new Promise((resolve) => stream.once('close', resolve));
  session.destroy();
  await until(() => kit.edge.counts().connections === 0);
  await kit.edge.close();
  const lines = await linesOf(kit);
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.broken, true);
  assert.ok((lines[0]?.bytes ?? size) < size);
});

test('HTTP/1.1 over TLS is told from HTTP/2', { skip }, async () => {
  await using kit = await openLoggedEdge();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(1000) });
  const status = await new Promise((resolve, reject) => {
    const url = kit.edge.url + kit.path('a');
    const call = request(url, { rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    call.on('error', reject);
    call.end();
  });
  assert.equal(status, 200);
  await kit.edge.close();
  const [line, ...more] = await linesOf(kit);
  assert.equal(more.length, 0);
  assert.deepEqual([line?.protocol, line?.secure], ['HTTP/1.1', true]);
});
