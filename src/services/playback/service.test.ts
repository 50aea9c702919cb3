import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { CatalogClient } from '../../clients/catalog.ts';
import { inProcessTransport } from '../../clients/client.ts';
import { createPlaybackClient } from '../../clients/playback.ts';
import type { SteeringClient } from '../../clients/steering.ts';
import { contentKeyContext, type WrappedContentKey } from '../../contracts/content-keys.ts';
import { FILL_SESSION } from '../../contracts/fill.ts';
import type { Play } from '../../contracts/plays.ts';
import { systemClock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import { openLocalKeys } from '../../ports/keys/embedded.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import { openSqliteTables } from '../../ports/tables/embedded.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { createBookmarks } from './bookmarks.ts';
import { openPlaybackService } from './service.ts';

const TITLE = '01jd0000000000000000000000';
const CONFIG = { tokenTtlS: 6 * 3600, sessionIdleS: 120 };
const state = {
  ...{ ms: 1_800_000_000_000, publication: 1, edges: ['a', 'b'], failed: [] as string[] },
  hurried: [] as string[],
  contentKeys: undefined as undefined | WrappedContentKey[],
  ...{ catalogAway: false, catalogAsked: 0 },
};
const clock = { ...systemClock, now: () => state.ms, monotonic: () => state.ms };
let folder: string;
let tables: Tables;
let keys: Keys;
let service: Service;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-playback-'));
  tables = await openSqliteTables({ file: join(folder, 't.sqlite'), clock, log: silentLog });
  keys = await openLocalKeys({ folder: join(folder, 'keys'), clock });
  service = await open();
});
after(async () => {
  await tables?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  Object.assign(state, { publication: 1, edges: ['a', 'b'], catalogAway: false, catalogAsked: 0 });
  state.ms += 5000;
});

const prefix = `titles/${TITLE}/`;
function open(stored: Tables = tables) {
  const catalog = {
    getPublication: async ({ params }: { params: { id: string } }) => {
      state.catalogAsked += 1;
      if (state.catalogAway) throw new MatineeError('unavailable', 'away');
      if (params.id !== TITLE) throw new MatineeError('not_found', 'no such title');
      if (state.publication === 0) throw new MatineeError('conflict', 'not ready yet');
      const files = { hls: `${prefix}1/p 1/master.m3u8`, dash: `${prefix}1/p 1/manifest.mpd` };
      const { publication: number, contentKeys } = state;
      const locked = contentKeys ? { contentKeys } : {};
      return { title: {}, publication: { number, prefix, ...files, durationS: 100, ...locked } };
    },
  } as unknown as CatalogClient;
  const studio = {
    hurryTitle: async ({ params, body }: { params: { id: string }; body: { positionS: number } }) => {
      state.hurried.push(`${params.id} ${body.positionS}`);
      return {};
    },
  };
  const steering = {
    rankEdges: async ({ body }: { body: { failed: string[] } }) => {
      state.failed = body.failed;
      return { edges: state.edges.map((name) => ({ name, url: `http://${name}` })) };
    },
  } as unknown as SteeringClient;
  return openPlaybackService(
    { catalog, steering, studio, tables: stored, keys, clock, log: silentLog },
    CONFIG,
  );
}

async function call(method: string, path: string, body: unknown = {}) {
  const request = new Request(`http://playback${path}`, {
    method,
    ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  return service.handle(request, { rawTarget: path, remoteAddress: '192.0.2.1', trusted: false });
}
async function post<T = Play>(path: string, body: unknown = {}): Promise<T> {
  const response = await call('POST', path, body);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}
const beat = (play: Play, positionS: number, playState = 'playing') =>
  post<{ publication: number }>(`/api/sessions/${play.session}/heartbeat`, { positionS, state: playState });
const start = (device?: string) => post(`/api/titles/${TITLE}/play`, device ? { device } : {});

async function openToken(token: string) {
  const client = createPlaybackClient(inProcessTransport(() => service));
  const { tokenKeys } = await client.getTokenKeys({});
  const [text = '', signature = ''] = token.split('.');
  const payload = JSON.parse(Buffer.from(text, 'base64url').toString());
  const key = tokenKeys.find(({ id }) => id === payload[1]);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: key?.publicKey };
  const good = verify(
    null,
    Buffer.from(text),
    createPublicKey({ key: jwk, format: 'jwk' }),
    Buffer.from(signature, 'base64url'),
  );
  return { payload, good };
}

test('a play gives manifests at the first edge with a token for the title, and all edges', async () => {
  const play = await start();
  assert.deepEqual(
    play.edges.map(({ name }) => name),
    ['a', 'b'],
  );
  const [, token = '', ...key] = new URL(play.manifests.hls).pathname.split('/');
  assert.ok(play.manifests.hls.startsWith('http://a/'));
  assert.equal(key.join('/'), `${prefix}1/p%201/master.m3u8`);
  assert.equal(play.manifests.dash, play.manifests.hls.replace('master.m3u8', 'manifest.mpd'));
  const { payload, good } = await openToken(token);
  assert.ok(good);
  const expiresS = Math.floor(state.ms / 1000) + CONFIG.tokenTtlS;
  assert.deepEqual(payload.slice(2), [prefix, play.session, expiresS]);
  assert.equal(play.expiresAt, new Date(expiresS * 1000).toISOString());
});

test('a session of an encrypted title gets its keys, and no other session does', async () => {
  assert.equal((await start()).licences, undefined, 'a title in clear has none');
  const keyId = '0f'.repeat(16);
  const context = contentKeyContext(TITLE, keyId);
  const { plain, wrapped } = await keys.dataKey(16, context);
  state.contentKeys = [{ keyId, wrapped: Buffer.from(wrapped).toString('base64') }];
  const { session, licences } = await start();
  const { clearKey = '', identity = '' } = licences ?? {};
  assert.ok(clearKey.startsWith(`/api/sessions/${session}/`));
  const kid = Buffer.from(keyId, 'hex').toString('base64url');
  const licence = await post<{ keys: unknown[] }>(clearKey, { kids: [kid], type: 'temporary' });
  assert.deepEqual(licence.keys, [{ kty: 'oct', kid, k: Buffer.from(plain).toString('base64url') }]);
  const get = (path: string) =>
    service.handle(new Request(`http://playback${path}`), {
      ...{ rawTarget: path, remoteAddress: '192.0.2.1', trusted: false },
    });
  const raw = await get(`${identity}/${keyId}`);
  assert.equal(raw.headers.get('cache-control'), 'no-store');
  assert.deepEqual(Buffer.from(await raw.arrayBuffer()), Buffer.from(plain));
  assert.equal((await get(`${identity}/${'00'.repeat(16)}`)).status, 404);
  assert.equal((await call('POST', clearKey, { kids: [kid.replace('D', 'E')] })).status, 404);
  assert.equal((await call('POST', clearKey, { kids: [] })).status, 400);
  await call('DELETE', `/api/sessions/${session}`);
  assert.equal((await call('POST', clearKey, { kids: [kid] })).status, 404);
  assert.equal((await get(`${identity}/${keyId}`)).status, 404);
  state.contentKeys = undefined;
});

test('what cannot be played says why and opens no session', async () => {
  assert.equal((await call('POST', '/api/titles/01jd0000000000000000000001/play')).status, 404);
  state.publication = 0;
  assert.equal((await call('POST', `/api/titles/${TITLE}/play`)).status, 409);
  state.publication = 1;
  state.edges = [];
  const put: string[] = [];
  const spied = {
    ...tables,
    table: (name: string) => ({
      ...tables.table(name),
      put: async () => {
        put.push(name);
        throw new Error('not expected');
      },
    }),
  };
  service = await open(spied as Tables);
  assert.equal((await call('POST', `/api/titles/${TITLE}/play`)).status, 503);
  service = await open();
  assert.deepEqual(put, []);
});

test('a device goes on where it stopped, another begins at the start, and so does a film seen to its end', async () => {
  const first = await start('tv');
  assert.equal(first.positionS, 0);
  await beat(first, 42.5);
  service = await open();
  assert.equal((await start('tv')).positionS, 42.5);
  assert.equal((await start('phone')).positionS, 0);
  await beat(first, 95);
  assert.equal((await start('tv')).positionS, 0, 'so close to the end it is seen');
  await beat(first, 42.5);
  await beat(first, 100, 'ended');
  assert.equal((await start('tv')).positionS, 0);
});

test('a heartbeat tells of a new publication, and a renewal brings it with fresh edges', async () => {
  const play = await start();
  state.publication = 2;
  const full = { positionS: 1, state: 'playing', edge: 'a', rendition: '360p', bufferS: 10, stalls: 0 };
  assert.deepEqual(await post(`/api/sessions/${play.session}/heartbeat`, full), { publication: 2 });
  const renewed = await post(`/api/sessions/${play.session}/renew`, { failedEdges: ['a'] });
  assert.deepEqual([renewed.session, renewed.publication, state.failed], [play.session, 2, ['a']]);
});

test('a session ends by its viewer or by silence', async () => {
  const play = await start();
  assert.equal((await call('DELETE', `/api/sessions/${play.session}`)).status, 204);
  assert.equal((await call('DELETE', `/api/sessions/${play.session}`)).status, 204);
  assert.equal((await call('POST', `/api/sessions/${play.session}/renew`)).status, 404);
  const silent = await start();
  state.ms += 121_000;
  assert.equal((await call('POST', `/api/sessions/${silent.session}/renew`)).status, 404);
});

test('heartbeats that make no sense are refused', async () => {
  const { session } = await start();
  for (const body of [{}, { positionS: -1, state: 'playing' }, { positionS: 1, state: 'dancing' }])
    assert.equal((await call('POST', `/api/sessions/${session}/heartbeat`, body)).status, 400);
});

test('a player that has not come to show anything leaves the place alone', async () => {
  const play = await start('tablet');
  await beat(play, 42.5);
  await beat(play, 0, 'buffering');
  await beat(play, 0, 'failed');
  assert.equal((await start('tablet')).positionS, 42.5);
  await beat(play, 0, 'playing');
  assert.equal((await start('tablet')).positionS, 0, 'but who went back to the start is there');
});

test('a player without a name keeps its place as long as its session', async () => {
  const play = await start();
  await beat(play, 42.5);
  service = await open();
  assert.equal((await post(`/api/sessions/${play.session}/renew`)).positionS, 42.5);
  assert.equal((await start()).positionS, 0);
  const empty = await post(`/api/titles/${TITLE}/play`, { device: '' });
  assert.equal(empty.positionS, 0);
});

test('the last report counts though it comes after the good-bye, and the session stays ended', async () => {
  const play = await start('laptop');
  await beat(play, 10);
  await call('DELETE', `/api/sessions/${play.session}`);
  const late = { positionS: 20, state: 'paused' };
  assert.equal((await call('POST', `/api/sessions/${play.session}/heartbeat`, late)).status, 404);
  assert.equal((await start('laptop')).positionS, 20);
  assert.equal((await call('POST', `/api/sessions/${play.session}/renew`)).status, 404);
});

test('of many heartbeats in one moment the last one is the place', async () => {
  const plays = await Promise.all([start('shared'), start('shared'), start('shared')]);
  await Promise.all(plays.map((play, n) => beat(play, 10 + n)));
  assert.equal((await start('shared')).positionS, 12);
});

test('what was heard earlier does not replace what was heard later', async () => {
  const bookmarks = createBookmarks(tables, clock);
  await bookmarks.set('d', TITLE, 50, 2000);
  await bookmarks.set('d', TITLE, 40, 1000);
  assert.equal(await bookmarks.get('d', TITLE), 50);
  state.ms += 366 * 86_400_000;
  assert.equal(await bookmarks.get('d', TITLE), 0, 'and none is kept for more than a year');
});

test('many heartbeats of one film ask the catalog once, and go on while it is away', async () => {
  const play = await start();
  state.catalogAsked = 0;
  await Promise.all(Array.from({ length: 10 }, () => beat(play, 1)));
  assert.equal(state.catalogAsked, 1);
  state.catalogAway = true;
  state.ms += 1000;
  assert.deepEqual(await beat(play, 1), { publication: 1 });
  state.catalogAway = false;
  state.publication = 2;
  state.ms += 1000;
  assert.deepEqual(await beat(play, 1), { publication: 2 });
});

test('edges get a token for one title, by which they give each other its files', async () => {
  const client = createPlaybackClient(inProcessTransport(() => service));
  const { token, expiresS } = await client.mintFillToken({ body: { title: TITLE } });
  const { payload, good } = await openToken(token);
  assert.equal(good, true);
  assert.deepEqual(payload.slice(2), [`titles/${TITLE}/`, FILL_SESSION, expiresS]);
  for (const title of ['', 'a/b', '..', 'a b'])
    await assert.rejects(client.mintFillToken({ body: { title } }), { code: 'invalid_request' }, title);
});
