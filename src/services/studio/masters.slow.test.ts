import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { FILMS, isReady, isRefused, isRung, MEDIA, openRig, type Rig } from './rig.testing.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig?.[Symbol.asyncDispose]());
beforeEach(() => {
  rig.fleet.conduct = () => 'do';
  rig.fleet.leases.length = 0;
  rig.fleet.refusals.length = 0;
  rig.catalog.failPublish = false;
  rig.catalog.away = false;
});

const kindsOf = (key: string) =>
  rig.fleet.leases
    .filter(({ task }) => task.startsWith(rig.catalog.titleOf(key)?.id ?? '?'))
    .map(({ spec }) => spec.kind);

test('hidden files, folders and the media bucket make no titles', async () => {
  for (const key of ['.DS_Store', 'folder/', 'folder/._film.mp4']) await rig.put(key, 'x');
  await rig.send({ kind: 'created', sequence: 9e9, bucket: MEDIA, key: 'x.mp4', etag: '"x"', size: 1 });
  await rig.put('after.mp4', {});
  await rig.until('after.mp4', isReady);
  for (const title of rig.catalog.titles.values()) assert.doesNotMatch(title.key, /DS_Store|\/$|\._|x\.mp4/);
});

test('the same bytes change nothing, other bytes make the next publication of the same title', async () => {
  await rig.put('twice.mp4', { durationS: 10 });
  const title = await rig.until('twice.mp4', isReady);
  const before = title.publications.length;
  rig.fleet.leases.length = 0;
  await rig.put('twice.mp4', { durationS: 10 });
  await rig.put('fence.mp4', {});
  await rig.until('fence.mp4', isReady);
  assert.deepEqual(kindsOf('twice.mp4'), []);
  await rig.put('twice.mp4', { durationS: 20 });
  await rig.until('twice.mp4', ({ publications }) => publications.length > before);
  assert.ok(title.reports.slice(-3).some(({ state }) => state === 'playable'));
  await rig.until('twice.mp4', (now) => isReady(now) && now.now.durationS === 20);
  const numbers = title.publications.map(({ number }) => number);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].toSorted((a, b) => a - b),
  );
  assert.ok(title.reports.every(({ state }) => state !== 'refused' && state !== 'uploading'));
  assert.equal([...rig.catalog.titles.values()].filter(({ key }) => key === 'twice.mp4').length, 1);
});

test('a master that is replaced while it is encoded gives way, and its workers are told', async () => {
  const held = Promise.withResolvers<void>();
  rig.fleet.conduct = (lease) => (isRung(lease, '360p') ? { wait: held.promise } : 'do');
  await rig.put('replaced.mp4', { durationS: 30 });
  await rig.until(
    'replaced.mp4',
    ({ publications }) => publications.length > 0 && rig.fleet.leases.some((lease) => isRung(lease, '360p')),
  );
  rig.fleet.conduct = () => 'do';
  await rig.put('replaced.mp4', { durationS: 12 });
  const title = await rig.until('replaced.mp4', (now) => isReady(now) && now.now.durationS === 12);
  held.resolve();
  await rig.until('replaced.mp4', () => rig.fleet.refusals.includes('stale_attempt'));
  assert.match(title.publications.at(-1)?.hls ?? '', /\/2\/p\d+\//);
  const later = await rig.db.selectFrom('studio.removals').selectAll().execute();
  assert.ok(
    later.some(
      ({ prefix, due_ms }) => prefix === `titles/${title.id}/1/` && due_ms > Date.now() + 6 * 3600 * 1000,
    ),
    'the old publication goes when nobody can watch it any more',
  );
});

test('events that come twice, late or in the wrong order do nothing', async () => {
  await rig.put('order.mp4', { durationS: 10 });
  const title = await rig.until('order.mp4', isReady);
  const { etag, size } = await rig.objects.head(FILMS, 'order.mp4');
  const event = { bucket: FILMS, key: 'order.mp4' };
  const reports = title.reports.length;
  rig.fleet.leases.length = 0;
  await rig.send({ ...event, kind: 'created', sequence: 1, etag, size });
  await rig.send({ ...event, kind: 'created', sequence: 9e8, etag, size });
  await rig.send({ ...event, kind: 'created', sequence: 9e8, etag: '"older"', size });
  await rig.send({ ...event, kind: 'upload-progress', sequence: 2, uploadId: 'u', receivedBytes: 5 });
  await rig.send({ ...event, kind: 'removed', sequence: 3 });
  await rig.send({ ...event, kind: 'upload-aborted', sequence: 4, uploadId: 'u' });
  // Progress of an upload that ended long ago makes no title of its own.
  await rig.send({
    ...event,
    key: 'ghost.mp4',
    kind: 'upload-progress',
    sequence: 5,
    uploadId: 'u',
    receivedBytes: 5,
  });
  await rig.send({ ...event, key: 'gone.mp4', kind: 'created', sequence: 6, etag, size });
  await rig.put('fence2.mp4', {});
  await rig.until('fence2.mp4', isReady);
  assert.deepEqual(kindsOf('order.mp4'), []);
  assert.equal(title.reports.length, reports);
  assert.equal(rig.catalog.titleOf('ghost.mp4'), undefined);
  assert.equal(rig.catalog.titleOf('gone.mp4'), undefined);
});

test('an upload shows from its first part on; one that is given up says so; a new one starts over', async () => {
  const key = 'upload.mp4';
  const { uploadId } = await rig.objects.createUpload(FILMS, key, { expectedBytes: 20 });
  const title = await rig.until(key, ({ now }) => now.state === 'uploading');
  const upload = { bucket: FILMS, key, uploadId };
  const progress = { bucket: FILMS, key, kind: 'upload-progress', uploadId, expectedBytes: 20 };
  await rig.send({ ...progress, sequence: 8e8, receivedBytes: 10 });
  await rig.until(key, ({ now }) => now.bytes === 10);
  assert.deepEqual([title.now.bytesExpected, title.now.progress, title.now.stage], [20, 0.1, 'Uploading']);
  await rig.objects.abortUpload(upload);
  // The sequences of this test run ahead of the store's, so the abort is repeated with one of them.
  await rig.send({ bucket: FILMS, key, kind: 'upload-aborted', uploadId, sequence: 8e8 + 1 });
  await rig.until(key, isRefused);
  assert.equal(title.now.reasonCode, 'upload_aborted');
  await rig.send({ ...progress, kind: 'upload-started', uploadId: 'second', sequence: 8e8 + 2 });
  await rig.until(key, ({ now }) => now.state === 'uploading' && now.reason === null);
});

test('a newer master that is refused leaves the older film playing, and says so', async () => {
  await rig.put('newer.mp4', {});
  const title = await rig.until('newer.mp4', isReady);
  const published = title.publications.length;
  await rig.put('newer.mp4', 'refuse');
  await rig.until('newer.mp4', ({ now }) => now.state === 'ready' && now.reason !== null);
  assert.equal(title.publications.length, published);
  const keys = await rig.keys(title.publications.at(-1)?.prefix);
  assert.ok(keys.includes(title.publications.at(-1)?.hls ?? ''));
});

test('a title that is deleted in the middle stops, and nothing of it is left; a second notice does no harm', async () => {
  const held = Promise.withResolvers<void>();
  rig.fleet.conduct = (lease) => (isRung(lease, '360p') ? { wait: held.promise } : 'do');
  await rig.put('deleted.mp4', { durationS: 30 });
  const title = await rig.until('deleted.mp4', ({ publications }) => publications.length > 0);
  await rig.until('deleted.mp4', () => rig.fleet.leases.some((lease) => isRung(lease, '360p')));
  rig.catalog.titles.delete(title.id);
  const payload = { title: title.id, bucket: FILMS, key: 'deleted.mp4' };
  await rig.queue.send('title-removed', [{ payload }]);
  await eventuallyEmpty(`titles/${title.id}/`);
  await eventuallyEmpty(`work/${title.id}/`);
  await assert.rejects(rig.objects.head(FILMS, 'deleted.mp4'), { code: 'not_found' });
  held.resolve();
  for (let tries = 0; !rig.fleet.refusals.includes('not_found'); tries++) {
    assert.ok(tries < 200, 'the worker is told to stop');
    await systemClock.sleep(20);
  }

  rig.fleet.conduct = () => 'do';
  await rig.put('deleted.mp4', { durationS: 30 });
  const again = await rig.until('deleted.mp4', isReady);
  assert.notEqual(again.id, title.id);
  await rig.queue.send('title-removed', [{ payload }]);
  await rig.put('fence3.mp4', {});
  await rig.until('fence3.mp4', isReady);
  await rig.objects.head(FILMS, 'deleted.mp4');
  assert.ok((await rig.keys(`titles/${again.id}/`)).length > 0);
});

async function eventuallyEmpty(prefix: string): Promise<void> {
  // Removals are swept every quarter of a minute, and at the start.
  await rig.crash();
  for (let tries = 0; (await rig.keys(prefix)).length > 0; tries++) {
    assert.ok(tries < 300, `${prefix} is not empty: ${await rig.keys(prefix)}`);
    if (tries % 20 === 19) await rig.crash();
    await systemClock.sleep(50);
  }
}

test('a master that is deleted in the middle refuses a film that plays nowhere yet', async () => {
  const held = Promise.withResolvers<void>();
  rig.fleet.conduct = (lease) => (isRung(lease, '240p') ? { wait: held.promise } : 'do');
  await rig.put('vanished.mp4', {});
  await rig.until('vanished.mp4', () => rig.fleet.leases.some((lease) => isRung(lease, '240p')));
  await rig.objects.delete(FILMS, 'vanished.mp4');
  const title = await rig.until('vanished.mp4', isRefused);
  held.resolve();
  assert.equal(title.now.reasonCode, 'master_removed');
});

test('a master that is deleted afterwards changes nothing', async () => {
  await rig.put('kept.mp4', {});
  const title = await rig.until('kept.mp4', isReady);
  await rig.objects.delete(FILMS, 'kept.mp4');
  await rig.put('fence4.mp4', {});
  await rig.until('fence4.mp4', isReady);
  assert.deepEqual([title.now.state, title.now.reason], ['ready', null]);
});
