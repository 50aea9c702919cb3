/** When links of an origin that failed are looked at anew. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createPlainServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { behavior, site } from '../../../contracts/sites.ts';
import { systemClock } from '../../../platform/clock.ts';
import { SiteLinks } from './site-link.ts';

const REST_MS = 1000;

const dead = () => createPlainServer((socket) => socket.destroy());
const answering = (act: RequestListener) =>
  createServer((request, response) => act(request, response.setHeader('connection', 'close')));

/** `asked` tells how often one request asked each link. */
async function linksTo(t: TestContext, servers: readonly Server[]) {
  const urls: string[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    urls.push(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
  const form = site.parse({
    name: 'test',
    hosts: ['site.test'],
    origins: [{ name: 'main', links: urls }],
    behaviors: [behavior.parse({ origins: ['main'] })],
  });
  const time = { nowMs: 1_700_000_000_000 };
  const limits = { connectMs: 1000, idleMs: 1000, connectionsMax: 4, restMs: REST_MS, tls: {} };
  const links = new SiteLinks({ ...systemClock, now: () => time.nowMs }, [form], limits);
  t.after(() => links.close());
  const ask = { method: 'GET', target: '/', host: 'site.test', fields: [], body: Buffer.alloc(0) };
  const asked = async () => {
    const before = links.counts().map(({ requests }) => requests);
    (await links.send('test', ['main'], ask)).resume();
    return links.counts().map(({ requests }, i) => requests - (before[i] ?? 0));
  };
  return { links, time, asked };
}

test('a request looks at one link that failed, and leaves the look at the next to the request after it', async (t) => {
  const alive = answering((_request, response) => response.end('ok'));
  const { time, asked } = await linksTo(t, [dead(), dead(), alive]);
  assert.deepEqual(await asked(), [1, 1, 1]);
  assert.deepEqual(await asked(), [0, 0, 1], 'both rest');
  time.nowMs += REST_MS;
  assert.deepEqual(await asked(), [1, 0, 1]);
  assert.deepEqual(await asked(), [0, 1, 1], 'the look at the second was not used up');
});

test('suspicion of an origin does not put off the look at a link that rests already', async (t) => {
  const statuses = [503];
  const first = answering((_request, response) => response.writeHead(statuses.shift() ?? 200).end());
  const { links, time, asked } = await linksTo(t, [first, dead()]);
  await assert.rejects(asked(), 'both fail');
  assert.deepEqual(await asked(), [1, 0], 'both rest, and the first is well again');
  time.nowMs += REST_MS - 1;
  links.suspect('test', ['main']);
  time.nowMs += 1;
  assert.deepEqual(await asked(), [1, 1], 'the second was due');
});
