/** What stands before a site and before films: signatures, countries and limits, over real sockets. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { signCloudFrontCookies, signCloudFrontUrl } from '../../../platform/cloudfront-signing.ts';
import { bytesOf, openFakeOrigin, openTestEdge, PREFIX } from '../edge.testing.ts';
import { mmdbFile } from '../security/mmdb.testing.ts';
import { openTestSite } from './site.testing.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
const signer = { keyPairId: 'K1', privateKey, hash: 'SHA256' as const };
const keys = [{ id: 'K1', publicKeyPem }];
const inAMinute = () => Math.floor(Date.now() / 1000) + 60;

let folder: string;
let countryFile: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edge-guard-'));
  countryFile = join(folder, 'c.mmdb');
  const network = (block: string, code: string) => ({ block, record: { country: { iso_code: code } } });
  await writeFile(countryFile, mmdbFile([network('203.0.113.0/24', 'CH'), network('198.51.100.0/24', 'JP')]));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a signed site opens to signed URLs and cookies, shares their copies, and asks its origin without signature', async () => {
  await using site = await openTestSite(
    (_request, response) => response.writeHead(200, { 'cache-control': 'max-age=60' }).end('film'),
    { behavior: { signed: true }, site: { keys } },
  );
  const base = `http://127.0.0.1:${site.edge.port}`;
  assert.equal((await site.ask('/a?x=1')).status, 403);
  for (const expiresS of [inAMinute(), inAMinute() + 1]) {
    const url = signCloudFrontUrl(`${base}/a?x=1`, { resource: `${base}/a?x=1`, expiresS }, signer);
    const reply = await fetch(url);
    assert.deepEqual([reply.status, await reply.text()], [200, 'film']);
    assert.equal((await fetch(url.replace('/a?', '/b?'))).status, 403, 'another path');
  }
  assert.deepEqual(
    site.asked.map(({ url }) => url),
    ['/a?x=1'],
  );
  const past = signCloudFrontUrl(`${base}/a`, { resource: `${base}/a`, expiresS: inAMinute() - 120 }, signer);
  const refused = await fetch(past);
  assert.equal(refused.status, 403);
  assert.equal((await refused.json()).error.code, 'forbidden');
  const cookies = signCloudFrontCookies({ resource: `${base}/*`, expiresS: inAMinute() }, signer);
  const cookie = cookies.map(([name, value]) => `${name}=${value}`).join('; ');
  assert.equal(await (await site.ask('/by-cookie', { headers: { cookie } })).text(), 'film');
  assert.equal(site.asked.at(-1)?.headers.cookie, undefined);
});

test('credentials go on only when they are named, and the way of a request is told', async () => {
  await using site = await openTestSite((_request, response) => response.end('x'));
  await site.ask('/', { headers: { authorization: 'secret', cookie: 'a=b', 'x-other': 'y' } });
  const headers = site.asked[0]?.headers;
  assert.deepEqual(
    [headers?.authorization, headers?.cookie, headers?.['x-other']],
    [undefined, undefined, 'y'],
  );
  assert.equal(headers?.['x-forwarded-for'], '127.0.0.1');
});

test('a site is shown by country and asked so often, behind proxies that are trusted', async () => {
  const trustedProxies = { blocks: ['127.0.0.0/8'], field: 'x-forwarded-for' } as const;
  await using site = await openTestSite(
    (_request, response) => response.writeHead(200, { 'cache-control': 'max-age=60' }).end('x'),
    {
      ...{ countryFile, trustedProxies },
      behavior: { countries: { allow: ['CH'], unknown: 'deny' }, limit: { perS: 0.01, burst: 2 } },
    },
  );
  const from = (address: string) => site.ask('/', { headers: { 'x-forwarded-for': address } });
  assert.equal((await from('198.51.100.7')).status, 403);
  assert.equal((await site.ask('/')).status, 403);
  assert.equal((await from('203.0.113.7')).status, 200);
  assert.equal((await from('203.0.113.7')).status, 200);
  const slowed = await from('203.0.113.7');
  assert.equal(slowed.status, 429);
  assert.match(slowed.headers.get('retry-after') ?? '', /^\d+$/);
  assert.equal((await from('203.0.113.8')).status, 200);
  assert.equal(
    (await from('203.0.113.9, 198.51.100.7')).status,
    403,
    'what a client wrote itself counts for nothing',
  );
});

test('films are shown by country and asked for so often by a session', async () => {
  await using kit = await openTestEdge({
    countryFile,
    countries: { deny: ['JP'], unknown: 'allow' },
    trustedProxies: { blocks: ['127.0.0.1'], field: 'x-forwarded-for' },
    rates: { clientPerS: 0, sessionPerS: 1 },
  });
  kit.origin.objects.set(`${PREFIX}a`, { body: bytesOf(10) });
  assert.equal((await kit.get('a', { 'x-forwarded-for': '198.51.100.1' })).status, 403);
  const statuses = [];
  for (let i = 0; i < 12; i++) statuses.push((await kit.get('a')).status);
  assert.deepEqual(statuses, [...Array(10).fill(200), 429, 429]);
});

test('an edge that is told rules by country without a database says so at its start', async () => {
  const origin = await openFakeOrigin();
  const rule = { deny: ['JP'], unknown: 'allow' } as const;
  await assert.rejects(openTestEdge({ countries: rule }, { origin }), { code: 'invalid_config' });
  await origin.stop();
});
