/** What operators order: invalidations hold for memory, disk and fetches under way, and configurations are followed. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { site } from '../../contracts/sites.ts';
import { isMeant } from './bans.ts';
import { bytesOf, openTestEdge, PREFIX, until } from './edge.testing.ts';
import { openTestSite, raw } from './site/site.testing.ts';

const order = (seq: number, what: { paths?: string[]; tags?: string[]; host?: string }) => ({
  ...{ seq, atMs: Date.now(), paths: [], tags: [] },
  ...what,
});

test('an order is about paths with wildcards, tags, and a host', () => {
  const key = 'site\nclub\nclub.test:8101\n/films/a?x=1';
  const meant = (what: Parameters<typeof order>[1]) => isMeant(order(1, what), key);
  assert.ok(meant({ paths: ['/films/*'] }));
  assert.ok(meant({ paths: ['/films/a?x=1'] }));
  assert.ok(meant({ paths: ['*'], host: 'CLUB.test' }));
  assert.ok(!meant({ paths: ['*'], host: 'other.test' }));
  assert.ok(!meant({ paths: ['/films'] }));
  assert.ok(isMeant(order(1, { paths: ['/titles/t1/*'] }), 'titles/t1/1/a\n"etag"\n3'));
  assert.ok(!isMeant(order(1, { paths: ['/titles/t1/*'] }), 'titles/t10/1/a'));
});

test('an invalidation drops what is in memory, on disk and on its way, for films and across a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edge-orders-'));
  const first = await openTestEdge({}, { folder });
  const put = (seed: number) => {
    for (const name of ['a', 'b']) {
      const headers = { 'cache-control': 'max-age=600', etag: `"${name}${seed}"` };
      first.origin.objects.set(`${PREFIX}${name}`, { body: bytesOf(5000, seed), headers });
    }
  };
  put(1);
  for (const name of ['a', 'b']) await (await first.get(name)).arrayBuffer();
  put(2);
  await until(() => first.edge.counts().fills === 2);
  first.steering.orders.push(order(1, { paths: [`/${PREFIX}a`] }));
  const bodyOf = async (kit: typeof first, name: string) =>
    Buffer.from(await (await kit.get(name)).arrayBuffer());
  await until(async () => (await bodyOf(first, 'a')).equals(bytesOf(5000, 2)), 1000);
  assert.ok((await bodyOf(first, 'b')).equals(bytesOf(5000, 1)), 'what is not named stays');
  await until(async () => (await readFile(join(folder, 'orders.json'), 'utf8')).includes('"seq":1'));
  await first.edge.close();
  const { origin, mint } = first;
  const again = await openTestEdge({}, { folder, origin, mint });
  again.steering.orders.push(...first.steering.orders);
  assert.ok((await bodyOf(again, 'b')).equals(bytesOf(5000, 1)), 'from the disk');
  again.steering.orders.push(order(2, { paths: ['/titles/*'] }));
  await until(async () => (await bodyOf(again, 'b')).equals(bytesOf(5000, 2)), 1000);
  await again.edge.close();
  await writeFile(join(folder, 'orders.json'), 'not json');
  const third = await openTestEdge({}, { folder, origin, mint });
  assert.match((await third.get('b')).headers.get('cache-status') ?? '', /fwd=uri-miss/, 'trusts no copy');
  await third[Symbol.asyncDispose]();
  await origin.stop();
  await rm(folder, { recursive: true });
});

test('a fetch that was under way when its path was invalidated is not kept', async () => {
  let release: (() => void) | undefined;
  await using under = await openTestSite((_request, response, count) => {
    response.writeHead(200, {
      'cache-control': 'max-age=600',
      'cache-tag': 'news, front',
      'content-length': 4,
    });
    if (count > 1) response.end('new!');
    else {
      response.write('ol');
      release = () => response.end('d!');
    }
  });
  const slow = under.ask('/page');
  await until(() => release !== undefined);
  under.edge.steering.orders.push(order(1, { paths: ['/page'] }));
  await until(async () =>
    (await readFile(join(under.edge.folder, 'orders.json'), 'utf8').catch(() => '')).includes('"seq":1'),
  );
  const next = await (await under.ask('/page')).text();
  assert.equal(next, 'new!');
  release?.();
  assert.equal(await (await slow).text(), 'old!');
  assert.equal(await (await under.ask('/page')).text(), 'new!');
  under.edge.steering.orders.push(order(2, { tags: ['Front'] }));
  await until(async () => {
    await (await under.ask('/page')).text();
    return under.asked.length === 3;
  }, 1000);
});

test('a new configuration of sites is followed without a restart', async () => {
  await using under = await openTestSite((_request, response) => response.end('hello'));
  const { edge, originUrl } = under;
  const ask = () => raw(edge.port, 'GET / HTTP/1.1\r\nHost: new.test\r\nConnection: close\r\n\r\n');
  assert.match(await ask(), /^HTTP\/1\.1 403 /);
  const config = site.parse({
    name: 'new',
    hosts: ['new.test'],
    origins: [{ name: 'main', links: [originUrl] }],
    behaviors: [{ origins: ['main'] }],
  });
  edge.steering.config = { version: 7, createdAt: new Date().toISOString(), sites: [config] };
  await until(async () => (await ask()).startsWith('HTTP/1.1 200 '), 1500);
  assert.match(
    await raw(edge.port, 'GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n'),
    / 403 /,
  );
});
