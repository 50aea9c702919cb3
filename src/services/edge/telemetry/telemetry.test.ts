/** Over real sockets: every reply is logged and counted once, with the bytes that its viewer received. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesOf, openTestEdge, PREFIX, rawClient, sendRaw, type TestEdge, until } from '../edge.testing.ts';
import { HOST, openTestSite } from '../site/site.testing.ts';
import { sessionName } from './access-record.ts';

type Line = Record<string, unknown> & { bytes: number; target: string; hit: string; status: number };

const GET = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nhost: e\r\n${fields}\r\n`;
const LAST = 'connection: close\r\n';

function logged(kit: TestEdge): Promise<string> {
  return readFile(join(kit.folder, 'logs', 'access-json.log'), 'utf8');
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

async function openLoggedEdge(): Promise<TestEdge> {
  const kit = await openTestEdge();
  await kit.edge.close();
  const log = { format: 'json', folder: join(kit.folder, 'logs'), fileBytesMax: 1e9, filesMax: 2 } as const;
  const { origin, mint, folder } = kit;
  const logged = await openTestEdge({ telemetry: { log, metricsPort: 0 } }, { origin, mint, folder });
  return { ...logged, [Symbol.asyncDispose]: () => kit[Symbol.asyncDispose]() };
}

async function metricsOf(kit: TestEdge, path = '') {
  const response = await fetch(`${kit.edge.metricsUrl}${path}`);
  assert.equal(response.status, 200);
  return response.text();
}

test('each reply has one line with the bytes that the client received', async () => {
  await using kit = await openLoggedEdge();
  const sizes = { small: 1000, middle: 300_000, large: 3_000_000 };
  for (const [name, size] of Object.entries(sizes)) {
    kit.origin.objects.set(`${PREFIX}${name}`, {
      body: bytesOf(size),
      headers: { 'cache-control': 'max-age=60' },
    });
  }
  const received: number[] = [];
  for (const name of Object.keys(sizes)) {
    for (const fields of ['', '', 'range: bytes=5-9000\r\n', 'range: bytes=0-1,5-6\r\n']) {
      received.push((await sendRaw(kit.port, GET(kit.path(name), fields + LAST))).length);
    }
  }
  received.push((await sendRaw(kit.port, GET('/nothing/at/all', LAST))).length);
  received.push((await sendRaw(kit.port, 'BAD\r\n\r\n')).length);
  await kit.edge.close();
  const lines = linesOf(await logged(kit));
  assert.deepEqual(
    lines.map(({ bytes }) => bytes),
    received,
  );
  assert.equal(lines[0]?.hit, 'miss');
  assert.equal(lines[1]?.hit, 'memory');
  assert.equal(lines[0]?.title, 't1');
  assert.equal(lines[0]?.session, sessionName('session'));
  assert.equal(lines.at(-2)?.status, 403);
  assert.equal(lines.at(-2)?.session, undefined);
  assert.equal(lines.at(-1)?.status, 400);
});

test('many replies of many connections are counted once each, in the log and in the metrics', async () => {
  await using kit = await openLoggedEdge();
  const names = ['a', 'b', 'c'];
  for (const [i, name] of names.entries()) {
    kit.origin.objects.set(`${PREFIX}${name}`, { body: bytesOf(40_000 * (i + 1), i + 1) });
  }
  const one = async (seed: number) => {
    const client = rawClient(kit.port);
    for (let i = 0; i < 20; i++) {
      const name = names[(i + seed) % names.length] as string;
      client.socket.write(GET(kit.path(name), i === 19 ? LAST : ''));
    }
    return (await client.ended).length;
  };
  const bytes = await Promise.all(Array.from({ length: 20 }, (_, seed) => one(seed)));
  const total = bytes.reduce((sum, n) => sum + n, 0);
  const snapshot = JSON.parse(await metricsOf(kit, '.json'));
  await kit.edge.close();
  const lines = linesOf(await logged(kit));
  assert.equal(lines.length, 400);
  assert.equal(
    lines.reduce((sum, line) => sum + line.bytes, 0),
    total,
  );
  assert.equal(snapshot.bytes, total);
  assert.equal(snapshot.firstByte.count, 400);
  assert.equal(
    snapshot.requests.reduce((sum: number, { requests }: { requests: number }) => sum + requests, 0),
    400,
  );
  assert.deepEqual(snapshot.titles, [{ name: 't1', requests: 400, excess: 0, bytes: total }]);
  assert.deepEqual(snapshot.sessions, [
    { name: sessionName('session'), requests: 400, excess: 0, bytes: total },
  ]);
  assert.deepEqual(snapshot.connections[0], { kind: 'http/1.1', opened: 20, open: 0 });
});

test('no line holds a token, a signature, a session or a cookie', async () => {
  await using kit = await openLoggedEdge();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10) });
  const [token = '', key = ''] = kit.path('a').slice(1).split('/titles');
  const secret = 'c2VjcmV0LXNpZ25hdHVyZQ';
  const asks = [
    GET(`${kit.path('a')}?Policy=${secret}&Signature=${secret}&x=1`, `cookie: s=${secret}\r\n${LAST}`),
    GET(`/${token}x/titles${key}?next=/${token}/`, `authorization: Bearer ${secret}\r\n${LAST}`),
    GET(
      `http://user/${token}/titles${key}`,
      `referer: https://u:${secret}@p/${token}/m?t=${secret}\r\n${LAST}`,
    ),
    GET(`${kit.path('a')}?CMCD=${encodeURIComponent(`nor="/${token}/b",sid="session"`)}`, LAST),
    GET(`/${token}`, LAST),
  ];
  for (const ask of asks) await sendRaw(kit.port, ask);
  await kit.edge.close();
  const text = await logged(kit);
  const lines = linesOf(text);
  assert.equal(lines.length, asks.length);
  assert.equal(text.includes(token), false);
  assert.equal(text.includes(token.split('.')[1] as string), false);
  assert.equal(text.includes(secret), false);
  assert.equal(text.includes('"session"}'), false);
  assert.equal(lines[0]?.target, `/-/titles${key}?Policy=-&Signature=-&x=1`);
  assert.equal(lines[2]?.referer, 'https://p/-/m');
  assert.deepEqual(lines[3]?.cmcd, { nor: '/-/b', sid: sessionName('session') });
});

test('a viewer who leaves in the middle is logged as broken, with fewer bytes than the whole', async () => {
  await using kit = await openLoggedEdge();
  const size = 12_000_000;
  kit.origin.objects.set(`${PREFIX}film`, { body: bytesOf(size) });
  const client = rawClient(kit.port);
  client.socket.write(GET(kit.path('film')));
  await until(() => client.text().length > 100_000);
  client.socket.destroy();
  await until(() => kit.edge.counts().connections === 0);
  await kit.edge.close();
  const [line] = linesOf(await logged(kit));
  assert.equal(line?.broken, true);
  assert.equal(line?.status, 200);
  assert.ok((line?.bytes ?? size) < size);
});

test('metrics are shown to this machine in the format of Prometheus, and to no page of another host', async () => {
  await using kit = await openLoggedEdge();
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10) });
  await kit.get('a');
  await kit.get('a');
  await until(async () =>
    (await metricsOf(kit)).includes('matinee_edge_requests_total{class="2xx",hit="memory"} 1\n'),
  );
  const text = await metricsOf(kit);
  assert.ok(text.includes('matinee_edge_requests_total{class="2xx",hit="miss"} 1\n'));
  assert.ok(text.includes('matinee_edge_first_byte_seconds_count 2\n'));
  assert.ok(text.includes('matinee_edge_origin_fetches_total 1\n'));
  assert.ok(text.includes('matinee_edge_origin_bytes_total 10\n'));
  assert.ok(text.includes('matinee_edge_top_title_requests{title="t1"} 2\n'));
  for (const line of text.split('\n'))
    assert.match(line, /^(|# (HELP|TYPE) .+|[a-z_]+(\{[^}]*\})? [0-9.e+-]+)$/);
  const { port, hostname } = new URL(kit.edge.metricsUrl as string);
  assert.equal(hostname, '127.0.0.1');
  const foreign = await sendRaw(Number(port), `GET /metrics HTTP/1.1\r\nhost: evil.example\r\n${LAST}\r\n`);
  assert.match(foreign, /^HTTP\/1.1 403 /);
  const onEdge = await sendRaw(kit.port, GET('/metrics', LAST));
  assert.match(onEdge, /^HTTP\/1.1 403 /);
  await kit.edge.close();
});

test('a request to a site is logged when its body has come and gone, with the address behind a trusted proxy', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'site-log-'));
  const log = { format: 'json', folder, fileBytesMax: 1e9, filesMax: 1 } as const;
  try {
    await using site = await openTestSite(
      (request, response) => {
        request.resume();
        request.on('end', () =>
          response.writeHead(200, { 'cache-control': 'max-age=60' }).end('x'.repeat(5000)),
        );
      },
      {
        behavior: { methods: 'all' },
        telemetry: { log },
        trustedProxies: { blocks: ['127.0.0.1'], field: 'x-forwarded-for' },
      },
    );
    const { port, edge } = site.edge;
    const head = (line: string) => `${line} HTTP/1.1\r\nhost: ${HOST}\r\nx-forwarded-for: 203.0.113.9\r\n`;
    const client = rawClient(port);
    client.socket.write(`${head('POST /form')}content-length: 10\r\n\r\n01234`);
    await until(() => edge.counts().requests === 1);
    client.socket.write(`56789${head('GET /a')}\r\n${head('GET /a')}${LAST}\r\n`);
    const received = (await client.ended).length;
    await edge.close();
    const lines = linesOf(await readFile(join(folder, 'access-json.log'), 'utf8'));
    assert.deepEqual(
      lines.map(({ method, host, hit, client: address }) => [method, host, hit, address]),
      [
        ['POST', HOST, 'pass', '203.0.113.9'],
        ['GET', HOST, 'miss', '203.0.113.9'],
        ['GET', HOST, 'memory', '203.0.113.9'],
      ],
    );
    assert.equal(
      lines.reduce((sum, { bytes }) => sum + bytes, 0),
      received,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
