import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { openDiskObjects } from '../../ports/objects/embedded.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { openTestRecords } from '../../ports/records/records.testing.ts';
import type { Records } from '../../ports/records/records.ts';
import { catalogMigrations } from './migrations.ts';
import type { CatalogTables } from './tables.ts';
import { createTitles, type Titles } from './titles.ts';
import { createUploads, type Uploads } from './uploads.ts';

const MEBIBYTE = 1024 * 1024;
const time = { ms: 0 };
const clock = { ...systemClock, now: () => Date.now() + time.ms };
const died = new Error('killed');
let folder: string;
let records: Records;
let store: ObjectStore;
let titles: Titles;
let uploads: Uploads;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-uploads-'));
  records = await openTestRecords();
  await records.migrate('catalog', catalogMigrations);
  store = await openDiskObjects({ folder: join(folder, 'objects'), clock: systemClock, log: silentLog });
  await store.createBucket('uploads');
  titles = createTitles(records.db<CatalogTables>(), clock);
});
after(async () => {
  await store?.close();
  await records?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  time.ms = 0;
  uploads = over({});
});

/** Uploads over a store of which some calls are replaced. */
function over(faults: Partial<ObjectStore>): Uploads {
  const db = records.db<CatalogTables>();
  const objects = { ...store, ...faults };
  return createUploads({ db, titles, objects, bucket: 'uploads', doorBaseUrl: () => 'http://door', clock });
}
/** Does the work and dies before anybody hears of it. */
const diesAfter =
  <Args extends unknown[]>(work: (...args: Args) => Promise<unknown>) =>
  async (...args: Args): Promise<never> => {
    await work(...args);
    throw died;
  };
async function putParts(title: string, sizes: readonly number[]) {
  const { key } = await titles.find(title);
  const [open] = await store.listUploads('uploads', { prefix: key });
  const target = { bucket: 'uploads', key, uploadId: open?.uploadId ?? '' };
  for (const [at, size] of sizes.entries()) await store.putPart(target, at + 1, new Uint8Array(size));
}
const daysPass = (days: number) => {
  time.ms += days * 86_400_000;
};
const isThere = (title: string) =>
  titles.find(title).then(
    () => true,
    () => false,
  );

test('a kill between joining and its record: asked again, the upload gives the same answer', async () => {
  const upload = await uploads.start({ name: 'joined.mp4', size: 100 });
  await putParts(upload.title, [100]);
  await assert.rejects(over({ completeUpload: diesAfter(store.completeUpload) }).complete(upload.id), died);
  assert.deepEqual(await uploads.complete(upload.id), { title: upload.title });
});

test('a kill between joining and its record, and nobody asks again: the film is not taken away', async () => {
  const upload = await uploads.start({ name: 'kept.mp4', size: 100 });
  await putParts(upload.title, [100]);
  await assert.rejects(over({ completeUpload: diesAfter(store.completeUpload) }).complete(upload.id), died);
  daysPass(8);
  await uploads.sweep();
  assert.ok(await isThere(upload.title));
  await assert.rejects(uploads.get(upload.id), { code: 'not_found' });
});

test('a film that plays is not taken away when its master was deleted after such a kill', async () => {
  const upload = await uploads.start({ name: 'plays.mp4', size: 100 });
  await putParts(upload.title, [100]);
  await assert.rejects(over({ completeUpload: diesAfter(store.completeUpload) }).complete(upload.id), died);
  await titles.publish(upload.title, {
    ...{ number: 1, prefix: 'p/', hls: 'p/a.m3u8', dash: 'p/a.mpd', poster: null, thumbnails: null },
    ...{ durationS: 1, width: 2, height: 2, renditions: [], audioLanguages: [], captionLanguages: [] },
  });
  await store.delete('uploads', (await titles.find(upload.title)).key);
  daysPass(8);
  await uploads.sweep();
  assert.ok(await isThere(upload.title));
});

test('an upload that was joined cannot be given up any more, whatever its row says', async () => {
  const upload = await uploads.start({ name: 'late.mp4', size: 100 });
  await putParts(upload.title, [100]);
  await assert.rejects(over({ completeUpload: diesAfter(store.completeUpload) }).complete(upload.id), died);
  await assert.rejects(uploads.abort(upload.id), { code: 'not_found' });
  assert.ok(await isThere(upload.title));
});

test('of joining and giving up at once, one happens and the other hears of it', async () => {
  for (let round = 0; round < 12; round++) {
    const upload = await uploads.start({ name: 'raced.mp4', size: 100 });
    await putParts(upload.title, [100]);
    const calls = [() => uploads.complete(upload.id), () => uploads.abort(upload.id)];
    const order = round % 2 === 0 ? calls : calls.toReversed();
    const outcomes = await Promise.allSettled(order.map((call) => call()));
    const [joined, givenUp] = round % 2 === 0 ? outcomes : outcomes.toReversed();
    assert.notEqual(joined?.status, givenUp?.status);
    assert.equal(await isThere(upload.title), joined?.status === 'fulfilled');
    const lost = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    assert.equal(lost.reason.code, 'not_found');
  }
});

test('an upload that is joined in the very moment of giving it up stays joined', async () => {
  const upload = await uploads.start({ name: 'moment.mp4', size: 100 });
  await putParts(upload.title, [100]);
  const abortUpload: ObjectStore['abortUpload'] = async (open) => {
    await uploads.complete(upload.id);
    await store.abortUpload(open);
  };
  await assert.rejects(over({ abortUpload }).abort(upload.id), { code: 'not_found' });
  assert.ok(await isThere(upload.title));
});

test('an upload whose title is deleted is gone, joined or not', async () => {
  for (const isJoined of [false, true]) {
    const upload = await uploads.start({ name: 'with-title.mp4', size: 100 });
    await putParts(upload.title, [100]);
    if (isJoined) await uploads.complete(upload.id);
    await uploads.endOfTitle(upload.title);
    await assert.rejects(uploads.get(upload.id), { code: 'not_found' });
  }
  assert.deepEqual(await store.listUploads('uploads'), []);
});

test('eight that complete at once all hear the same', async () => {
  const upload = await uploads.start({ name: 'eight.mp4', size: 9 * MEBIBYTE });
  await putParts(upload.title, [8 * MEBIBYTE, MEBIBYTE]);
  const answers = await Promise.all(Array.from({ length: 8 }, () => uploads.complete(upload.id)));
  assert.deepEqual(new Set(answers.map(({ title }) => title)), new Set([upload.title]));
});

test('a joined upload that is resumed has all of its parts, so that nothing is sent again', async () => {
  const upload = await uploads.start({ name: 'resumed.mp4', size: 9 * MEBIBYTE });
  await putParts(upload.title, [8 * MEBIBYTE, MEBIBYTE]);
  await uploads.complete(upload.id);
  const { parts } = await uploads.get(upload.id);
  assert.deepEqual(
    parts.map(({ partNumber, size }) => [partNumber, size]),
    [
      [1, 8 * MEBIBYTE],
      [2, MEBIBYTE],
    ],
  );
});

test('a store that opens no upload leaves no title behind', async () => {
  const full = async (): Promise<never> => {
    throw new MatineeError('storage_full', 'the disk is full');
  };
  await assert.rejects(over({ createUpload: full }).start({ name: 'no-room.mp4', size: 100 }), {
    code: 'storage_full',
  });
  const { titles: found } = await titles.list({ limit: 10, search: 'no-room' });
  assert.deepEqual(found, []);
});

test('a kill while an upload is being opened leaves nothing that stays', async () => {
  for (const createUpload of [
    diesAfter(store.createUpload),
    async (): Promise<never> => Promise.reject(died),
  ]) {
    const cannotClean = async (): Promise<never> => Promise.reject(died);
    const dying = over({ createUpload, listUploads: cannotClean, abortUpload: cannotClean });
    await assert.rejects(dying.start({ name: 'half-open.mp4', size: 100 }), died);
    daysPass(8);
    await uploads.sweep();
    const { titles: found } = await titles.list({ limit: 10, search: 'half-open' });
    assert.deepEqual(found, []);
    assert.deepEqual(await store.listUploads('uploads'), []);
  }
});

test('an upload that cannot be given up now does not hold up the others', async () => {
  const stuck = await uploads.start({ name: 'stuck.mp4', size: 100 });
  const other = await uploads.start({ name: 'other.mp4', size: 100 });
  const { key } = await titles.find(stuck.title);
  const abortUpload: ObjectStore['abortUpload'] = async (upload) => {
    if (upload.key === key) throw new MatineeError('unavailable', 'the store is away');
    await store.abortUpload(upload);
  };
  daysPass(8);
  await over({ abortUpload })
    .sweep()
    .catch(() => undefined);
  assert.deepEqual([await isThere(stuck.title), await isThere(other.title)], [true, false]);
  await uploads.sweep();
  assert.ok(!(await isThere(stuck.title)));
});

test('names with characters that no store of text can hold are taken without them', async () => {
  const upload = await uploads.start({ name: 'a\u0000b\ud800.mp4', size: 100 });
  assert.equal((await titles.find(upload.title)).name, 'a b\ufffd');
  await assert.rejects(titles.edit(upload.title, '\u0000'), { code: 'invalid_request' });
  assert.equal((await titles.edit(upload.title, 'x\u0000y')).name, 'x y');
  const { titles: found } = await titles.list({ limit: 5, search: 'x\u0000Y' });
  assert.deepEqual(
    found.map(({ id }) => id),
    [upload.title],
  );
});

test('captions are no film, and whoever chose such a file hears where it belongs', async () => {
  const before = (await titles.list({ limit: 100 })).titles.length;
  await assert.rejects(uploads.start({ name: 'film.de.srt', size: 100 }), { code: 'invalid_request' });
  assert.equal((await titles.list({ limit: 100 })).titles.length, before);
});
