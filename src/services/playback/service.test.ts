import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { CatalogClient } from '../../clients/catalog.ts';
import { inProcessTransport } from '../../clients/client.ts';
import { createPlaybackClient } from '../../clients/playback.ts';
import type { SteeringClient } from '../../clients/steering.ts';
import type { Play } from '../../contracts/plays.ts';
import { systemClock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import { openLocalKeys } from '../../ports/keys/embedded.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import { openSqliteTables } from '../../ports/tables/embedded.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { openPlaybackService } from './service.ts';
import { openTokenSigner, signToken } from './token-signer.ts';

const TITLE = '01jd0000000000000000000000';
const DAY_MS = 86_400_000;
const CONFIG = { tokenTtlS: 6 * 3600, sessionIdleS: 120 };
const state = { ms: Date.now(), publication: 1, edges: ['a', 'b'], failed: [] as string[] };
const clock = { ...systemClock, now: () => state.ms };
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
beforeEach(() => Object.assign(state, { publication: 1, edges: ['a', 'b'] }));

const prefix = `titles/${TITLE}/`;
function open() {
  const catalog = {
    getPublication: async ({ params }: { params: { id: string } }) => {
      if (params.id !== TITLE) throw new MatineeError('not_found', 'no such title');
      if (state.publication === 0) throw new MatineeError('conflict', 'not ready yet');
      const files = { hls: `${prefix}1/p 1/master.m3u8`, dash: `${prefix}1/p 1/manifest.mpd` };
      return { title: {}, publication: { number: state.publication, prefix, ...files, durationS: 100 } };
    },
  } as unknown as CatalogClient;
  const steering = {
    rankEdges: async ({ body }: { body: { failed: string[] } }) => {
      state.failed = body.failed;
      return { edges: state.edges.map((name) => ({ name, url: `http://${name}` })) };
    },
  } as unknown as SteeringClient;
  return openPlaybackService({ catalog, steering, tables, keys, clock, log: silentLog }, CONFIG);
}

async function call(method: string, path: string, body: unknown = {}) {
  const request = new Request(`http://playback${path}`, {
    method,
    ...(method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
  });
  return service.handle(request, { rawTarget: path, remoteAddress: '192.0.2.1', trusted: false });
}
async function post<T = Play>(path: string, body: unknown = {}): Promise<T> {
  const response = await call('POST', path, body);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}
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

test('what cannot be played says why and opens no session', async () => {
  assert.equal((await call('POST', '/api/titles/01jd0000000000000000000001/play')).status, 404);
  state.publication = 0;
  assert.equal((await call('POST', `/api/titles/${TITLE}/play`)).status, 409);
  state.publication = 1;
  state.edges = [];
  assert.equal((await call('POST', `/api/titles/${TITLE}/play`)).status, 503);
});

test('a device goes on where it stopped, another begins at the start, and so does a film seen to its end', async () => {
  const beat = (play: Play, positionS: number, playState = 'playing') =>
    post(`/api/sessions/${play.session}/heartbeat`, { positionS, state: playState });
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
  const beat = { positionS: 1, state: 'playing', edge: 'a', bufferS: 10, stalls: 0 };
  assert.deepEqual(await post(`/api/sessions/${play.session}/heartbeat`, beat), { publication: 2 });
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

test('signing keys change every 30 days, are known a day ahead, and old ones stay while their tokens live', async () => {
  const at = (ms: number) => ({ ...systemClock, now: () => ms });
  const period = 30 * DAY_MS;
  const begin = (Math.floor(state.ms / period) + 5) * period;
  const open = (ms: number) => openTokenSigner({ tables, keys, clock: at(ms) }, 3600);
  const idOf = async (ms: number) => {
    const { token } = await (await open(ms)).mint('p/', 's');
    return JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString())[1];
  };
  const ids = async (ms: number) => (await (await open(ms)).publicKeys()).map(({ id }) => id);
  const now = await idOf(begin + 1000);
  assert.equal(await idOf(begin + 29.5 * DAY_MS), now);
  const next = await idOf(begin + period);
  assert.notEqual(next, now);
  assert.ok((await ids(begin + 29.5 * DAY_MS)).includes(next), 'a day ahead');
  assert.ok((await ids(begin + period + 60_000)).includes(now));
});

test('processes that start together agree on one key', async () => {
  const later = { ...systemClock, now: () => state.ms + 900 * DAY_MS };
  const signers = await Promise.all(
    Array.from({ length: 5 }, () => openTokenSigner({ tables, keys, clock: later }, 3600)),
  );
  const told = await Promise.all(signers.map((signer) => signer.publicKeys()));
  for (const list of told) assert.deepEqual(list, told[0]);
});

test('the format of a token is held still', () => {
  // RFC 8032, section 7.1, test 1: the seed of its key pair, in PKCS #8.
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const token = signToken(key, [1, 'k1', 'titles/x/', 's1', 1_800_000_000]);
  const [payload = '', signature = ''] = token.split('.');
  assert.equal(payload, Buffer.from('[1,"k1","titles/x/","s1",1800000000]').toString('base64url'));
  assert.ok(verify(null, Buffer.from(payload), createPublicKey(key), Buffer.from(signature, 'base64url')));
  assert.equal(signature.length, 86);
});
