import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { inProcessTransport } from '../../clients/client.ts';
import type { PlaybackClient } from '../../clients/playback.ts';
import { createSteeringClient } from '../../clients/steering.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openSqliteTables } from '../../ports/tables/embedded.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { type RankedEdge, rankEdges } from './ranking.ts';
import { openSteeringService } from './service.ts';

const KEYS = [{ id: 'k1', publicKey: 'x'.repeat(43) }];
const MANIFEST_KEYS = [{ id: 'm1', publicKey: 'y'.repeat(43) }];

let folder: string;
let tables: Tables;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steering-'));
});
beforeEach(async () => {
  await tables?.close();
  tables = await openSqliteTables({
    file: join(folder, `${randomUUID()}.sqlite`),
    clock: systemClock,
    log: silentLog,
  });
});
after(async () => {
  await tables.close();
  await rm(folder, { recursive: true, force: true });
});

async function openSteering() {
  const state = { ms: 1_000_000, wallAheadMs: 0, away: false, asked: 0, minted: 0 };
  const playback = {
    getTokenKeys: async () => {
      state.asked += 1;
      if (state.away) throw new Error('away');
      return { tokenKeys: KEYS };
    },
    mintFillToken: async ({ body }: { body: { title: string } }) => {
      if (state.away) throw new Error('away');
      state.minted += 1;
      return { token: `token of ${body.title}`, expiresS: state.ms / 1000 + 6 * 3600 };
    },
  } as PlaybackClient;
  const studio = { getManifestKeys: async () => ({ keys: MANIFEST_KEYS }) };
  const clock = { ...systemClock, now: () => state.ms + state.wallAheadMs, monotonic: () => state.ms };
  const service = await openSteeringService(
    { playback, studio, tables, clock, log: silentLog },
    { edgeTimeoutMs: 6000, heartbeatMs: 2000 },
  );
  const client = createSteeringClient(inProcessTransport(() => service));
  const hear = (name: string, more: Partial<Parameters<typeof client.registerEdge>[0]['body']> = {}) =>
    client.registerEdge({ params: { name }, body: { url: `http://${name}:80`, ready: true, ...more } });
  const rank = async (more: object = {}) =>
    (await client.rankEdges({ body: { title: 't', session: 's', ...more } })).edges.map(({ name }) => name);
  const list = async () => {
    const context = { rawTarget: '/api/edges', remoteAddress: 'test', trusted: false };
    return (await (await service.handle(new Request('http://x/api/edges'), context)).json()).edges;
  };
  const call = async (method: string, path: string, body?: unknown) => {
    const context = { rawTarget: path, remoteAddress: 'test', trusted: false };
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const reply = await service.handle(new Request(`http://x${path}`, init), context);
    return { status: reply.status, body: await reply.json() };
  };
  return { state, client, hear, rank, list, call, service };
}

test('an edge that says it is ready is ranked and gets the token keys', async () => {
  const { hear, rank, list } = await openSteering();
  await hear('a');
  const told = { tokenKeys: KEYS, manifestKeys: MANIFEST_KEYS, heartbeatMs: 2000 };
  assert.deepEqual(await hear('a'), told);
  assert.deepEqual(await rank(), ['a']);
  const [edge] = await list();
  assert.deepEqual([edge.name, edge.url, edge.healthy], ['a', 'http://a', true]);
});

test('edges that are silent, not ready or draining are not for viewers', async () => {
  const { state, hear, rank, list } = await openSteering();
  await hear('silent');
  state.ms += 6001;
  assert.deepEqual(await rank(), []);
  await hear('starting', { ready: false });
  assert.deepEqual(await rank(), ['starting'], 'only while there is no other at all');
  await hear('draining', { draining: true });
  assert.deepEqual(await rank(), ['draining'], 'only while none is ready');
  await hear('good');
  assert.deepEqual(await rank(), ['good']);
  const healthy = (await list()).filter((edge: { healthy: boolean }) => edge.healthy);
  assert.equal(healthy.length, 1);
  state.ms += 11 * 60_000;
  assert.deepEqual(await list(), []);
});

test('keys are remembered while playback is away', async () => {
  const { state, hear } = await openSteering();
  await hear('a');
  state.away = true;
  state.ms += 60_000;
  assert.deepEqual((await hear('a')).tokenKeys, KEYS);
  assert.equal(state.asked, 2);
  await hear('a');
  assert.equal(state.asked, 2, 'not at every heartbeat');
  state.away = false;
  state.ms += 1000;
  await hear('a');
  await hear('a');
  assert.equal(state.asked, 3);
});

test('a steering that starts anew knows an edge from its next heartbeat on', async () => {
  const before = await openSteering();
  await before.hear('a');
  const { hear, rank, list } = await openSteering();
  assert.deepEqual([await rank(), await list()], [[], []]);
  await hear('a');
  assert.deepEqual(await rank(), ['a']);
});

test('a clock on the wall that is set makes no edge silent', async () => {
  const { state, hear, rank, list } = await openSteering();
  await hear('a');
  state.wallAheadMs = 3_600_000;
  assert.deepEqual(await rank(), ['a']);
  assert.equal((await list())[0].healthy, true);
});

test('a viewer is given few edges of many, and steering takes only so many', async () => {
  const { hear, rank, list } = await openSteering();
  for (let n = 0; n < 1000; n++) await hear(`edge-${n}`);
  assert.equal((await rank()).length, 8);
  await assert.rejects(hear('one-more'), { code: 'unavailable' });
  await hear('edge-7');
  assert.equal((await list()).length, 1000);
});

test('addresses that are none and names that are taken are refused', async () => {
  const { state, hear } = await openSteering();
  for (const url of ['ftp://x', 'http://x/path', 'http://u:p@x', 'nonsense', 'http://x/?q=1'])
    await assert.rejects(hear('a', { url }), { code: 'invalid_request' }, url);
  await hear('a');
  await assert.rejects(hear('a', { url: 'http://other' }), { code: 'conflict' });
  state.ms += 6001;
  await hear('a', { url: 'http://other' });
});

const edge = (name: string, more: Partial<RankedEdge> = {}): RankedEdge => ({
  ...{ name, region: 'local', requestsPerS: 0, bytesPerS: 0 },
  ...more,
});
const names = (edges: readonly RankedEdge[]) => edges.map(({ name }) => name);

test('failed edges go last, far ones behind near ones, overloaded ones behind idle ones', () => {
  const viewer = { title: 't', region: 'eu', failed: ['down'] };
  const near = { region: 'eu' };
  const edges = [
    edge('down', near),
    edge('far'),
    edge('busy', { ...near, requestsPerS: 9000 }),
    edge('near', near),
  ];
  assert.deepEqual(names(rankEdges(edges, viewer)), ['near', 'busy', 'far', 'down']);
});

test('of two edges the one with clearly more to do gives way, whether in requests or in bytes', () => {
  const [home = '', other = ''] = names(rankEdges([edge('a'), edge('b')], { title: 't', failed: [] }));
  const first = (homeLoad: Partial<RankedEdge>, otherLoad: Partial<RankedEdge>) =>
    rankEdges([edge(home, homeLoad), edge(other, otherLoad)], { title: 't', failed: [] })[0]?.name;
  assert.equal(first({ requestsPerS: 150, bytesPerS: 4e7 }, {}), home, 'a little load is no reason');
  assert.equal(first({ requestsPerS: 500 }, { requestsPerS: 400 }), home, 'nor is a small difference');
  assert.equal(first({ requestsPerS: 1000 }, { requestsPerS: 400 }), other);
  assert.equal(first({ bytesPerS: 9e7 }, { bytesPerS: 1e7 }), other);
  assert.equal(first({ bytesPerS: 9e7 }, { bytesPerS: 9e8 }), home);
});

test('an idle region far away does not make every edge of a busy one look busy', () => {
  const viewer = { title: 't', region: 'eu', failed: [] };
  const eu = (name: string, requestsPerS: number) => edge(name, { region: 'eu', requestsPerS });
  const idle = Array.from({ length: 20 }, (_, n) => edge(`far-${n}`));
  const [home = '', other = ''] = names(rankEdges([eu('a', 0), eu('b', 0)], viewer));
  assert.equal(rankEdges([eu(home, 2000), eu(other, 400), ...idle], viewer)[0]?.name, other);
});

test('titles spread evenly over edges, and one edge less moves only its own titles', () => {
  const edges = Array.from({ length: 5 }, (_, n) => edge(`edge-${n}`));
  const first = (from: readonly RankedEdge[], title: string) =>
    rankEdges(from, { title, failed: [] })[0]?.name as string;
  const counts = new Map<string, number>();
  for (let n = 0; n < 1000; n++) {
    const before = first(edges, `title-${n}`);
    counts.set(before, (counts.get(before) ?? 0) + 1);
    const after = first(edges.slice(0, 4), `title-${n}`);
    if (before !== 'edge-4') assert.equal(after, before);
  }
  for (const [name, count] of counts) assert.ok(count > 140 && count < 260, `${name} has ${count}`);
});

const SITE = {
  name: 'club',
  hosts: ['club.test'],
  origins: [{ name: 'main', links: ['http://10.0.0.1:80'] }],
  behaviors: [{ origins: ['main'] }],
};

test('a configuration gets versions, is told to edges that wait, and can be set back', async () => {
  const { hear, client, call, list } = await openSteering();
  await hear('a');
  const take = (config: number, waitMs = 5000) =>
    client.takeOrders({ params: { name: 'a' }, query: { after: 0, config, waitMs } });
  assert.equal((await take(-1)).config?.version, 0);
  const waiting = take(0);
  const put = await call('PUT', '/api/edge-config', { sites: [SITE] });
  assert.equal(put.status, 200);
  assert.equal(put.body.version, 1);
  const { config } = await waiting;
  assert.deepEqual([config?.version, config?.sites[0]?.name], [1, 'club']);
  assert.equal((await take(1, 10)).config, undefined);
  assert.equal((await list())[0].configVersion, 1);
  const unknown = { ...SITE, behaviors: [{ origins: ['nobody'] }] };
  assert.equal((await call('PUT', '/api/edge-config', { sites: [unknown] })).status, 400);
  assert.equal((await call('PUT', '/api/edge-config', { sites: [SITE, SITE] })).status, 400);
  await call('PUT', '/api/edge-config', { sites: [] });
  const back = await call('POST', '/api/edge-config/rollback', { version: 1 });
  assert.deepEqual([back.body.version, back.body.sites.length], [3, 1]);
  assert.equal((await call('POST', '/api/edge-config/rollback', { version: 9 })).status, 404);
  assert.deepEqual((await call('GET', '/api/edge-config')).body.versions, [3, 2, 1]);
  const again = await openSteering();
  assert.equal((await again.call('GET', '/api/edge-config')).body.current.version, 3);
});

test('an invalidation reaches edges that wait, and steering knows who has carried it out', async () => {
  const { hear, client, call } = await openSteering();
  await hear('a');
  await hear('b');
  const take = (name: string, after: number, waitMs = 5000) =>
    client.takeOrders({ params: { name }, query: { after, config: 0, waitMs } });
  assert.deepEqual(await take('a', -1), { orders: [], latest: 0, hasGap: false });
  const waiting = take('a', 0);
  const made = await call('POST', '/api/invalidations', { paths: ['/films/*'], tags: ['t1'] });
  assert.equal(made.status, 201);
  const { orders } = await waiting;
  assert.deepEqual(
    orders.map(({ seq, paths, tags }) => ({ seq, paths, tags })),
    [{ seq: 1, paths: ['/films/*'], tags: ['t1'] }],
  );
  await take('a', 1, 0);
  const listed = (await call('GET', '/api/invalidations')).body.invalidations[0];
  assert.deepEqual([listed.edgesDone, listed.edges], [1, 2]);
  assert.equal((await call('POST', '/api/invalidations', {})).status, 400);
  assert.equal((await call('POST', '/api/invalidations', { paths: ['no-slash'] })).status, 400);
  const again = await openSteering();
  assert.equal((await again.call('POST', '/api/invalidations', { paths: ['/x'] })).body.id, 2);
});

test('a drained edge gets no new viewers, across restarts, until it is taken back', async () => {
  const { hear, rank, call } = await openSteering();
  await hear('a');
  await hear('b');
  assert.equal((await call('PUT', '/api/edges/a/drain', { draining: true })).status, 200);
  assert.deepEqual(await rank(), ['b']);
  const again = await openSteering();
  await again.hear('a');
  await again.hear('b');
  assert.deepEqual(await again.rank(), ['b']);
  await again.call('PUT', '/api/edges/a/drain', { draining: false });
  assert.deepEqual((await again.rank()).toSorted(), ['a', 'b']);
});

test('a publication that the studio announces and what edges stream make the plan that edges fill by', async () => {
  const { state, client, hear } = await openSteering();
  const body = {
    number: 1,
    hashes: 'titles/a/1/p1/hashes.json',
    sha256: 'x'.repeat(43),
    size: 9,
    bytes: 1000,
  };
  const take = (version: number) =>
    client.takeFillPlan({ params: { name: 'e' }, query: { version, waitMs: 5000 } });
  const { version } = await take(0);
  const waiting = take(version);
  await client.announceFill({ params: { title: 'a' }, body });
  const plan = await waiting;
  assert.deepEqual(plan.titles, [{ ...body, title: 'a', whole: false }]);
  state.ms += 10_000;
  await hear('e', { streamed: [{ title: 'a', bytes: 700 }] });
  assert.equal((await take(plan.version)).titles[0]?.whole, true);
});

test('an edge is told who else has a part, with a token, and nobody while there is no token', async () => {
  const { state, client, hear } = await openSteering();
  const opening = { title: 'a', number: 2, whole: false };
  await hear('has', { filled: [opening] });
  await hear('busy', { filled: [opening, { ...opening, whole: true }], bytesPerS: 1e6 });
  await hear('older', { filled: [{ ...opening, number: 1 }] });
  const find = (name: string, part: 'opening' | 'rest') =>
    client.findFillPeers({ params: { name, title: 'a' }, query: { number: 2, part } });
  state.away = true;
  assert.deepEqual(await find('new', 'opening'), { peers: [], token: '' });
  state.away = false;
  const token = 'token of a';
  assert.deepEqual(await find('new', 'opening'), { peers: ['http://has', 'http://busy'], token });
  assert.deepEqual(await find('busy', 'opening'), { peers: ['http://has'], token });
  assert.deepEqual(await find('new', 'rest'), { peers: ['http://busy'], token });
  assert.equal(state.minted, 1, 'a token is used again');
  assert.deepEqual(await find('busy', 'rest'), { peers: [], token: '' });
  state.ms += 6001;
  assert.deepEqual(await find('new', 'opening'), { peers: [], token: '' }, 'they are silent');
});

test('who waits for news is let go when the program ends', async () => {
  const { hear, client, service } = await openSteering();
  await hear('a');
  const end = new AbortController();
  const running = service.run?.(end.signal);
  const query = { after: 0, config: 0, waitMs: 20_000 };
  const waiting = client.takeOrders({ params: { name: 'a' }, query });
  end.abort();
  assert.deepEqual((await waiting).orders, []);
  await running;
  assert.deepEqual((await client.takeOrders({ params: { name: 'a' }, query })).orders, []);
});
