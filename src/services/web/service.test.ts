import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { publicEndpoints } from '../../contracts/public-endpoints.ts';
import { silentLog } from '../../platform/log.ts';
import type { RequestContext, Service } from '../../platform/service.ts';
import { ownerOf } from './owners.ts';
import { openPages } from './pages.ts';
import { createWebService, forwardOver } from './service.ts';

const context: RequestContext = { rawTarget: '/', remoteAddress: '192.0.2.1', trusted: true };
const script = `console.log(${JSON.stringify('x'.repeat(3000))})`;
let folder: string;
let service: Service;
const forwarded: Array<{ name: string; trusted: boolean }> = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-pages-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>pages</title>');
  await writeFile(join(folder, 'assets', 'main-Ab3dEf9h.js'), script);
  service = createWebService({
    pages: await openPages(folder),
    forward: async (name, _request, { trusted }) => {
      forwarded.push({ name, trusted });
      return new Response(name);
    },
    openApi: { openapi: '3.1.0' },
    about: { door: 'http://door:9000', credentials: null },
    log: silentLog,
  });
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

const get = (path: string, init: RequestInit = {}) =>
  service.handle(new Request(`http://h${path}`, init), context);

test('the pages are told where films are put in', async () => {
  const response = await get('/api/about');
  assert.deepEqual(await response.json(), { door: 'http://door:9000', credentials: null });
});

test('each path goes to the service that owns it, never as a trusted request', async () => {
  const owners = [
    ['/api/titles', 'catalog'],
    ['/api/titles/1/play', 'playback'],
    ['/api/titles/1/master', 'studio'],
    ['/api/titles/1/artwork/play.jpg', 'catalog'],
    ['/api/uploads/1/parts', 'catalog'],
    ['/api/sessions/1/heartbeat', 'playback'],
    ['/api/edges', 'steering'],
    ['/api/jobs/1/report', 'studio'],
    ['/api/presets', 'studio'],
    ['/api/manifest-keys', 'studio'],
  ] as const;
  for (const [path, owner] of owners) assert.equal(await (await get(path)).text(), owner, path);
  assert.ok(forwarded.every(({ trusted }) => !trusted));
  const own = publicEndpoints
    .map(({ path }) => path.replaceAll(/\{\w+\}/g, '1'))
    .filter((path) => path !== '/api/about');
  assert.deepEqual(
    own.filter((path) => ownerOf(path) === undefined),
    [],
    'what is documented is led somewhere',
  );
  assert.equal((await get('/api/unknown')).status, 404);
  assert.equal((await get('/api')).status, 404);
  const asked = forwarded.length;
  for (const path of ['/internal/studio/leases', '/api/titles/../../internal/studio/leases', '/apiary'])
    assert.equal((await get(path)).status, 404, path);
  assert.equal(forwarded.length, asked);
});

test('a write from a page of another site is refused, one from our own is not', async () => {
  const post = async (headers: Record<string, string>) =>
    (await get('/api/uploads', { method: 'POST', headers: { host: 'h:8080', ...headers } })).status;
  assert.equal(await post({ 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-site' }), 403);
  assert.equal(await post({ 'sec-fetch-site': 'same-origin' }), 200);
  assert.equal(await post({ 'sec-fetch-site': 'none' }), 200);
  // Without TLS and off this machine, a browser tells its Origin alone.
  assert.equal(await post({ origin: 'http://evil.example' }), 403);
  assert.equal(await post({ origin: 'http://h:9999' }), 403);
  assert.equal(await post({ origin: 'null' }), 403);
  assert.equal(await post({ origin: 'http://h:8080' }), 200);
  assert.equal(await post({ origin: 'http://films.example', 'x-forwarded-host': 'films.example' }), 200);
  assert.equal(await post({}), 200, 'a program, not a browser');
});

test('a program may leave the content type to its HTTP client, and a foreign page gets no permission', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
    const response = await get('/api/uploads', { method: 'POST', headers: { 'content-type': type } });
    assert.equal(response.status, 200, type);
  }
  const preflight = await get('/api/uploads', {
    method: 'OPTIONS',
    headers: { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
  });
  assert.equal(preflight.status, 403);
  assert.equal(preflight.headers.get('access-control-allow-origin'), null);
});

test('routes of the page get its document, missing files do not', async () => {
  for (const path of ['/', '/title/1', '/watch/1', '/watch/1/?from=library', '/jobs', '/jobs/1-1']) {
    const response = await get(path);
    assert.equal(response.status, 200, path);
    assert.match(await response.text(), /pages/);
  }
  for (const path of ['/assets/gone-Ab3dEf9h.js', '/assets/gone', '/favicon.ico', '/../../etc/passwd.txt']) {
    const response = await get(path);
    assert.equal(response.status, 404, path);
    assert.equal(await response.text(), 'not found');
  }
  const lost = await get('/nowhere');
  assert.equal(lost.status, 404);
  assert.match(await lost.text(), /pages/, 'a person gets the page that leads back');
  assert.equal((await get('/', { method: 'POST' })).status, 405);
});

test('pages may fetch media from edges and send parts to the door, and run nothing from elsewhere', async () => {
  const { headers } = await get('/watch/1');
  const policy = new Map(
    (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
      const [name = '', ...sources] = directive.split(' ');
      return [name, sources] as const;
    }),
  );
  assert.deepEqual(policy.get('script-src'), ["'self'"]);
  for (const scheme of ['http:', 'https:']) assert.ok(policy.get('connect-src')?.includes(scheme));
  for (const name of ['media-src', 'worker-src', 'img-src'])
    assert.ok(policy.get(name)?.includes('blob:'), name);
  assert.deepEqual(policy.get('frame-ancestors'), ["'none'"]);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
});

test('named files are compressed, cached for ever, and validated by their tag', async () => {
  const response = await get('/assets/main-Ab3dEf9h.js', { headers: { 'accept-encoding': 'gzip, br' } });
  assert.equal(response.headers.get('content-encoding'), 'br');
  assert.match(response.headers.get('cache-control') ?? '', /immutable/);
  assert.equal(brotliDecompressSync(await response.bytes()).toString(), script);
  const again = await get('/assets/main-Ab3dEf9h.js', {
    headers: { 'if-none-match': response.headers.get('etag') ?? '' },
  });
  assert.equal(again.status, 304);
  const tags = `"other", ${response.headers.get('etag')}`;
  assert.equal((await get('/', { headers: { 'if-none-match': tags } })).status, 200, 'of another file');
  const listed = await get('/assets/main-Ab3dEf9h.js', { headers: { 'if-none-match': tags } });
  assert.equal(listed.status, 304);
  assert.equal((await get('/')).headers.get('cache-control'), 'no-cache');
});

test('a request handed to another process keeps its body and its viewer, and loses the credentials', async () => {
  let seen: { path: string; body: string; headers: Headers } | undefined;
  const request = new Request('http://h/api/uploads?x=1', {
    method: 'POST',
    body: 'bytes',
    headers: { authorization: 'Bearer of something' },
  });
  const response = await forwardOver(
    async (path, init) => {
      seen = { path, body: await new Response(init.body).text(), headers: new Headers(init.headers) };
      return new Response('made', { status: 201 });
    },
    request,
    context,
  );
  assert.equal(response.status, 201);
  assert.equal(seen?.path, '/api/uploads?x=1');
  assert.equal(seen?.body, 'bytes');
  assert.equal(seen?.headers.get('authorization'), null);
  assert.equal(seen?.headers.get('x-forwarded-for'), '192.0.2.1');
});
