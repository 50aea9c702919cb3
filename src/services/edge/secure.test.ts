/** The encrypted listener: HTTP/1.1 and HTTP/2 over TLS give what the plain one gives, and certificates are renewed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { createServer as createHttpsServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { site as siteForm } from '../../contracts/sites.ts';
import { bytesOf, openFakeOrigin, openTestEdge, PREFIX, type TestEdge, until } from './edge.testing.ts';
import { HOST, openTestSite } from './site/site.testing.ts';

const skip = spawnSync('openssl', ['version']).error ? 'openssl is not installed' : false;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edge-tls-'));
  if (!skip) makeCertificate('first');
});
after(() => rm(folder, { recursive: true, force: true }));

function makeCertificate(name: string, more: readonly string[] = []): { certFile: string; keyFile: string } {
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const { status, stderr } = spawnSync('openssl', [
    ...['req', '-x509', ...curve, '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', files.keyFile, '-out', files.certFile],
    ...more,
  ]);
  assert.equal(status, 0, stderr.toString());
  return files;
}

function tlsConfig(name = 'first') {
  const files = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  return { ...files, port: 0, publicUrl: 'https://127.0.0.1:0' };
}

const securePort = (kit: TestEdge) => Number(new URL(kit.edge.url).port);

type Got = { headers: IncomingHttpHeaders & { ':status'?: number }; body: Buffer };

async function ask2(url: string, fields: OutgoingHttpHeaders, body?: Buffer): Promise<Got> {
  const session = connect(url, { rejectUnauthorized: false });
  try {
    return await new Promise<Got>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request(fields, { endStream: !body });
      const chunks: Buffer[] = [];
      let headers: Got['headers'] = {};
      stream.on('response', (got) => {
        headers = got;
      });
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => resolve({ headers, body: Buffer.concat(chunks) }));
      stream.on('error', reject);
      if (body) stream.end(body);
    });
  } finally {
    session.close();
  }
}

test('films come over HTTP/1.1 and HTTP/2 with the same bytes', { skip }, async () => {
  await using kit = await openTestEdge({ tls: tlsConfig() });
  for (const [name, size] of [
    ['small', 10_000],
    ['middle', 1_000_000],
    ['large', 9_000_000],
  ] as const) {
    const body = bytesOf(size);
    kit.origin.objects.set(`${PREFIX}${name}`, { body, headers: { 'cache-control': 'max-age=60' } });
    for (let i = 0; i < 2; i++) {
      const h2 = await ask2(kit.edge.url, { ':path': kit.path(name) });
      assert.equal(h2.headers[':status'], 200);
      assert.equal(h2.headers.connection, undefined);
      assert.ok(h2.body.equals(body), `${name} over HTTP/2`);
    }
    const part = await ask2(kit.edge.url, { ':path': kit.path(name), range: 'bytes=5-14' });
    assert.equal(part.headers[':status'], 206);
    assert.ok(part.body.equals(body.subarray(5, 15)));
    const { etag } = part.headers;
    const same = await ask2(kit.edge.url, { ':path': kit.path(name), 'if-none-match': etag });
    assert.deepEqual([same.headers[':status'], same.body.length], [304, 0]);
    assert.ok((await ask1(kit, kit.path(name))).equals(body), `${name} over HTTP/1.1`);
  }
  const head = await ask2(kit.edge.url, { ':method': 'HEAD', ':path': kit.path('large') });
  assert.deepEqual([head.headers['content-length'], head.body.length], ['9000000', 0]);
  assert.equal((await ask2(kit.edge.url, { ':path': '/no-token/x' })).headers[':status'], 403);
  assert.equal((await ask2(kit.edge.url, { ':path': '/a\\b' })).headers[':status'], 400);
  assert.equal((await ask2(kit.edge.url, { ':path': `/${'a'.repeat(9000)}` })).headers[':status'], 414);
  const posted = await ask2(
    kit.edge.url,
    { ':method': 'POST', ':path': kit.path('small') },
    Buffer.from('x'),
  );
  assert.equal(posted.headers[':status'], 405);
});

function ask1(kit: TestEdge, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { port: securePort(kit), host: '127.0.0.1', path, rejectUnauthorized: false };
    request(options, async (reply) => resolve(Buffer.concat(await reply.toArray())))
      .on('error', reject)
      .end();
  });
}

test('many streams of one session are answered side by side, and one that is given up harms no other', {
  skip,
}, async () => {
  await using kit = await openTestEdge({ tls: tlsConfig() });
  const body = bytesOf(3_000_000);
  kit.origin.objects.set(`${PREFIX}a`, { body });
  const session = connect(kit.edge.url, { rejectUnauthorized: false });
  const sizes = await Promise.all(
    Array.from({ length: 12 }, (_, i) => {
      const stream = session.request({ ':path': kit.path('a') });
      return new Promise<number>((resolve) => {
        let size = 0;
        stream.on('error', () => undefined);
        stream.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (i % 3 === 0) stream.close(constants.NGHTTP2_CANCEL);
        });
        stream.on('close', () => resolve(size));
      });
    }),
  );
  session.close();
  assert.ok(
    sizes.every((size, i) => (i % 3 === 0 ? size < body.length : size === body.length)),
    sizes.join(),
  );
  await until(() => kit.edge.counts().connections === 0);
});

test('a site takes bodies over HTTP/2, up to a bound', { skip }, async () => {
  await using site = await openTestSite((request, response) => request.pipe(response.writeHead(200)), {
    tls: tlsConfig(),
  });
  const url = site.edge.edge.url;
  const fields = { ':method': 'POST', ':path': '/', ':authority': HOST };
  assert.ok((await ask2(url, fields, bytesOf(300_000))).body.equals(bytesOf(300_000)));
  const refused = await ask2(url, fields, bytesOf(1_500_000)).catch(() => undefined);
  assert.ok(refused === undefined || refused.headers[':status'] === 413);
  assert.equal((await ask2(url, { ':path': '/', ':authority': HOST })).headers[':status'], 200);
});

test('a renewed certificate is used without a restart, and a broken one is not', { skip }, async () => {
  makeCertificate('live');
  await using kit = await openTestEdge({ tls: tlsConfig('live'), limits: { certificateMs: 20 } });
  const subject = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls(
        { port: securePort(kit), host: '127.0.0.1', rejectUnauthorized: false },
        () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        },
      ).on('error', reject);
    });
  assert.equal(await subject(), 'live');
  await writeFile(join(folder, 'live.pem'), 'not a certificate');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(await subject(), 'live');
  const renewed = makeCertificate('renewed');
  await rename(renewed.keyFile, join(folder, 'live.key'));
  await rename(renewed.certFile, join(folder, 'live.pem'));
  await until(async () => (await subject()) === 'renewed');
});

test('an edge with a wrong certificate says so at its start', { skip }, async () => {
  await writeFile(join(folder, 'bad.pem'), 'nothing');
  await writeFile(join(folder, 'bad.key'), 'nothing');
  const origin = await openFakeOrigin();
  for (const name of ['bad', 'absent']) {
    await assert.rejects(openTestEdge({ tls: tlsConfig(name) }, { origin }), { code: 'invalid_config' });
  }
  await origin.stop();
});

test('an edge shows its certificate to an origin that asks for one, and trusts only whom it is told', {
  skip,
}, async () => {
  const server = makeCertificate('origin-server', ['-addext', 'subjectAltName=IP:127.0.0.1']);
  const client = makeCertificate('edge-client');
  const read = (file: string) => readFile(file, 'utf8');
  const origin = createHttpsServer(
    {
      cert: await read(server.certFile),
      key: await read(server.keyFile),
      ca: await read(client.certFile),
      ...{ requestCert: true, rejectUnauthorized: true },
    },
    (_request, response) => response.end('for edges alone'),
  );
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const link = `https://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  const sites = [
    siteForm.parse({
      name: 'mutual',
      hosts: ['127.0.0.1'],
      origins: [{ name: 'main', links: [link] }],
      behaviors: [{ origins: ['main'] }],
    }),
  ];
  const ask = async (originTls: object) => {
    await using kit = await openTestEdge({ sites, originTls });
    const reply = await fetch(`http://127.0.0.1:${kit.port}/`);
    return [reply.status, reply.status === 200 ? await reply.text() : ''];
  };
  assert.deepEqual(await ask({ ...client, caFile: server.certFile }), [200, 'for edges alone']);
  assert.deepEqual(await ask({ caFile: server.certFile }), [502, '']);
  assert.deepEqual(await ask(client), [502, '']);
  await new Promise((resolve) => origin.close(resolve));
});
