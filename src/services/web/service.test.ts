import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { silentLog } from '../../platform/log.ts';
import type { RequestContext, Service } from '../../platform/service.ts';
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
    ['/api/titles/1/artwork/play.jpg', 'catalog'],
    ['/api/uploads/1/parts', 'catalog'],
    ['/api/sessions/1/heartbeat', 'playback'],
    ['/api/edges', 'steering'],
  ] as const;
  for (const [path, owner] of owners) assert.equal(await (await get(path)).text(), owner, path);
  assert.ok(forwarded.every(({ trusted }) => !trusted));
  assert.equal((await get('/api/unknown')).status, 404);
  assert.equal((await get('/internal/studio/leases')).status, 200, 'a route of the page, not of a service');
});

test('a write from a page of another site is refused, one from our own is not', async () => {
  const post = (site: string) => get('/api/uploads', { method: 'POST', headers: { 'sec-fetch-site': site } });
  assert.equal((await post('cross-site')).status, 403);
  assert.equal((await post('same-site')).status, 403);
  assert.equal((await post('same-origin')).status, 200);
});

test('routes of the page get its document, missing files do not', async () => {
  assert.match(await (await get('/title/1')).text(), /pages/);
  assert.equal((await get('/assets/gone-Ab3dEf9h.js')).status, 404);
  assert.equal((await get('/../../etc/passwd.txt')).status, 404);
  assert.equal((await get('/', { method: 'POST' })).status, 405);
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
