import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CatalogClient, createCatalogClient } from '../../clients/catalog.ts';
import { inProcessTransport } from '../../clients/client.ts';
import type { Publication, Title } from '../../contracts/titles.ts';
import type { Upload } from '../../contracts/uploads.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import type { Service } from '../../platform/service.ts';
import { openDiskObjects } from '../../ports/objects/embedded.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { JobPayload, Queue } from '../../ports/queue/queue.ts';
import { openTestRecords } from '../../ports/records/records.testing.ts';
import type { Records } from '../../ports/records/records.ts';
import { catalogMigrations, createCatalogService } from './service.ts';

const MEBIBYTE = 1024 * 1024;
const sent: JobPayload[] = [];
const queueState = { away: false };
const days = { passed: 0 };
let folder: string;
let records: Records;
let objects: ObjectStore;
let service: Service;
let catalog: CatalogClient;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-catalog-'));
  records = await openTestRecords();
  await records.migrate('catalog', catalogMigrations);
  const presigner = async (_method: string, bucket: string, key: string, options: { partNumber?: number }) =>
    `http://door/${bucket}/${key}?partNumber=${options.partNumber}`;
  objects = await openDiskObjects({
    folder: join(folder, 'objects'),
    clock: systemClock,
    log: silentLog,
    presigner,
  });
  for (const bucket of ['media', 'uploads']) await objects.createBucket(bucket);
  open();
});
after(async () => {
  await objects?.close();
  await records?.close();
  await rm(folder, { recursive: true, force: true });
});

function open() {
  const queue = {
    declare: async () => {},
    send: async (_queue: string, jobs: ReadonlyArray<{ payload: JobPayload }>) => {
      if (queueState.away) throw new Error('the queue is away');
      sent.push(...jobs.map(({ payload }) => payload));
      return jobs.map(() => 'id');
    },
  } as unknown as Queue;
  const clock = { ...systemClock, now: () => Date.now() + days.passed * 86_400_000 };
  service = createCatalogService(
    { records, objects, queue, clock, log: silentLog },
    {
      ...{ mediaBucket: 'media', uploadBucket: 'uploads', titleRemovedQueue: 'removed' },
      doorBaseUrl: () => 'http://door',
    },
  );
  catalog = createCatalogClient(inProcessTransport(() => service));
}

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const request = new Request(`http://catalog${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers,
  });
  return service.handle(request, { rawTarget: path, remoteAddress: 'test', trusted: false });
}
async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await call(method, path, body);
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
const titleAt = (id: string) => ask<Title>('GET', `/api/titles/${id}`);
const openTitle = async (key: string, name?: string) =>
  (await catalog.openTitle({ body: { bucket: 'films', key, ...(name ? { name } : {}) } })).id;
const publicationOf = (id: string, number: number): Publication => ({
  number,
  prefix: `titles/${id}/1/`,
  ...{ hls: `titles/${id}/1/master.m3u8`, dash: `titles/${id}/1/manifest.mpd` },
  poster: `titles/${id}/poster.jpg`,
  ...{ thumbnails: null, durationS: 12.5, width: 640, height: 360 },
  ...{ renditions: ['360p'], audioLanguages: ['en'], captionLanguages: ['de'] },
});
/** One turn of the service's own work. */
async function tidy() {
  const stop = new AbortController();
  const running = service.run?.(stop.signal);
  await systemClock.sleep(300);
  stop.abort();
  await running;
}

test('a hundred that open the title of one key at once get one title', async () => {
  const opened = await Promise.all(
    Array.from({ length: 100 }, () => catalog.openTitle({ body: { bucket: 'films', key: 'same.mp4' } })),
  );
  assert.equal(new Set(opened.map(({ id }) => id)).size, 1);
  assert.equal(opened.filter(({ created }) => created).length, 1);
});

test('the library is told newest first, page by page, by state and by search in any script', async () => {
  const ids = [];
  for (const key of ['list/Ärger.mp4', 'list/映画館.mp4', 'list/100% real_.mp4']) {
    ids.unshift(await openTitle(key));
    await systemClock.sleep(2);
  }
  const first = await ask<{ titles: Title[]; next: string }>('GET', '/api/titles?limit=2');
  assert.deepEqual(
    first.titles.map(({ id }) => id),
    ids.slice(0, 2),
  );
  const second = await ask<{ titles: Title[] }>('GET', `/api/titles?limit=1&after=${first.next}`);
  assert.equal(second.titles[0]?.id, ids[2]);
  const search = async (text: string) =>
    (await ask<{ titles: Title[] }>('GET', `/api/titles?search=${encodeURIComponent(text)}`)).titles.map(
      ({ name }) => name,
    );
  assert.deepEqual(await search('ärger'), ['Ärger']);
  assert.deepEqual(await search('画'), ['映画館']);
  assert.deepEqual(await search('%'), ['100% real_']);
  await catalog.reportTitle({ params: { id: ids[0] as string }, body: { state: 'refused', reason: 'no' } });
  const refused = await ask<{ titles: Title[] }>('GET', '/api/titles?state=refused');
  assert.deepEqual(
    refused.titles.map(({ id }) => id),
    [ids[0]],
  );
  assert.equal((await call('GET', '/api/titles?limit=0')).status, 400);
});

test('a publication switches the title as a whole; an older one changes nothing', async () => {
  const id = await openTitle('published.mp4');
  const unpublished = catalog.getPublication({ params: { id } });
  await assert.rejects(unpublished, { code: 'conflict' });
  await catalog.publishTitle({ params: { id }, body: publicationOf(id, 2) });
  await catalog.publishTitle({ params: { id }, body: { ...publicationOf(id, 1), renditions: ['old'] } });
  const { publication, title } = await catalog.getPublication({ params: { id } });
  assert.equal(publication.number, 2);
  assert.equal(title.state, 'playable');
  assert.deepEqual([title.renditions, title.durationS], [['360p'], 12.5]);
});

test('the poster of the newest publication is served for ever, and nothing else is', async () => {
  const id = await openTitle('poster.mp4');
  await objects.put('media', `titles/${id}/poster.jpg`, Buffer.from('jpeg'));
  await objects.put('media', 'secret.jpg', Buffer.from('secret'));
  await catalog.publishTitle({ params: { id }, body: publicationOf(id, 1) });
  const { poster } = await titleAt(id);
  const image = await call('GET', poster as string);
  assert.equal(image.headers.get('content-type'), 'image/jpeg');
  assert.match(image.headers.get('cache-control') ?? '', /immutable/);
  assert.equal(await image.text(), 'jpeg');
  const etag = image.headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
    assert.equal((await call('GET', poster as string, undefined, { 'if-none-match': known })).status, 304);
  assert.equal((await call('GET', poster as string, undefined, { 'if-none-match': '"other"' })).status, 200);
  await catalog.publishTitle({ params: { id }, body: publicationOf(id, 2) });
  assert.equal((await titleAt(id)).poster, poster, 'the same picture keeps its address');
  for (const file of ['poster-2.jpg', 'secret.jpg', '..%2f..%2fsecret.jpg'])
    assert.ok([400, 404].includes((await call('GET', `/api/titles/${id}/artwork/${file}`)).status), file);
});

test('a name can be edited, and is checked', async () => {
  const id = await openTitle('edit.mp4');
  const edited = await ask<Title>('PATCH', `/api/titles/${id}`, { name: '  Neuer Name 映画 ' });
  assert.equal(edited.name, 'Neuer Name 映画');
  for (const name of ['', '   ', 'x'.repeat(301)])
    assert.equal((await call('PATCH', `/api/titles/${id}`, { name })).status, 400);
});

test('a deleted title is gone at once and the studio is told, also when the queue was away', async () => {
  const id = await openTitle('delete.mp4');
  queueState.away = true;
  assert.equal((await call('DELETE', `/api/titles/${id}`)).status, 202);
  assert.equal((await call('GET', `/api/titles/${id}`)).status, 404);
  assert.equal((await call('DELETE', `/api/titles/${id}`)).status, 404);
  await assert.rejects(catalog.reportTitle({ params: { id }, body: { progress: 1 } }), { code: 'not_found' });
  assert.equal(sent.length, 0);
  queueState.away = false;
  open();
  await tidy();
  assert.deepEqual(sent.splice(0), [{ title: id, bucket: 'films', key: 'delete.mp4' }]);
  await tidy();
  assert.equal(sent.length, 0);
  assert.notEqual(await openTitle('delete.mp4'), id);
});

const start = (name: string, size: number) => ask<Upload>('POST', '/api/uploads', { name, size });
async function putPart(upload: Upload, partNumber: number, bytes: number) {
  const { source } = await titleAt(upload.title);
  const [open] = await objects.listUploads('uploads', { prefix: source.key });
  const target = { ...source, uploadId: open?.uploadId ?? '' };
  await objects.putPart(target, partNumber, new Uint8Array(bytes));
}

test('an upload shows at once, knows its parts, resumes, and ends once', async () => {
  const size = 9 * MEBIBYTE;
  const upload = await start('Ünï "q" 映画.mp4', size);
  const title = await titleAt(upload.title);
  assert.deepEqual([title.state, title.name, title.bytesExpected], ['uploading', 'Ünï "q" 映画', size]);
  assert.equal(upload.partBytes, 8 * MEBIBYTE);
  const signed = await ask<{ parts: Array<{ url: string }> }>('POST', `/api/uploads/${upload.id}/parts`, {
    partNumbers: [1, 2],
  });
  assert.match(signed.parts[1]?.url ?? '', /^http:\/\/door\/uploads\/.*partNumber=2$/);
  assert.equal((await call('POST', `/api/uploads/${upload.id}/parts`, { partNumbers: [3] })).status, 400);
  await putPart(upload, 1, 8 * MEBIBYTE);
  open();
  const resumed = await ask<Upload>('GET', `/api/uploads/${upload.id}`);
  assert.deepEqual(
    resumed.parts.map(({ partNumber }) => partNumber),
    [1],
  );
  const early = await call('POST', `/api/uploads/${upload.id}/complete`, {});
  assert.equal((await early.json()).error.code, 'invalid_part');
  await putPart(upload, 2, MEBIBYTE);
  for (let n = 0; n < 2; n++)
    assert.deepEqual(await ask('POST', `/api/uploads/${upload.id}/complete`, {}), { title: upload.title });
  assert.equal((await objects.head('uploads', title.source.key)).size, size);
});

test('an aborted upload takes its title and its parts away', async () => {
  const upload = await start('aborted.mp4', 100);
  assert.equal((await call('DELETE', `/api/uploads/${upload.id}`)).status, 204);
  assert.equal((await call('GET', `/api/titles/${upload.title}`)).status, 404);
  assert.equal((await call('GET', `/api/uploads/${upload.id}`)).status, 404);
  const open = await objects.listUploads('uploads', { prefix: upload.id });
  assert.deepEqual(open, []);
});

test('deleting the title of an open upload gives the upload up', async () => {
  const upload = await start('deleted.mp4', 100);
  assert.equal((await call('DELETE', `/api/titles/${upload.title}`)).status, 202);
  assert.deepEqual(await objects.listUploads('uploads', { prefix: upload.id }), []);
});

test('an empty file becomes an empty object, for the inspection to refuse', async () => {
  const upload = await start('empty.mp4', 0);
  await ask('POST', `/api/uploads/${upload.id}/complete`, {});
  const { source } = await titleAt(upload.title);
  assert.equal((await objects.head('uploads', source.key)).size, 0);
});

test('uploads that nobody finished are given up after a week, later ones stay', async () => {
  const old = await start('old.mp4', 100);
  days.passed = 8;
  open();
  const recent = await start('recent.mp4', 100);
  await tidy();
  assert.equal((await call('GET', `/api/uploads/${old.id}`)).status, 404);
  assert.equal((await call('GET', `/api/titles/${old.title}`)).status, 404);
  await ask('GET', `/api/uploads/${recent.id}`);
  days.passed = 0;
});

test('file names that no key could hold are shortened, and paths lose their folders', async () => {
  const upload = await start(`../../${'長'.repeat(400)}.mp4`, 100);
  const { source } = await titleAt(upload.title);
  assert.ok(Buffer.byteLength(source.key) <= 1024);
  assert.match(source.key, /^[0-9a-z]{26}\/長+\.mp4$/);
});
