import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newId } from '../../platform/ids.ts';
import { bytesAt, PART_BYTES, pattern, readAll } from './contract/expectations.ts';
import { contentOf, eventually, openIn, temporaryFolder } from './disk-folder.testing.ts';

const MEGABYTE = 1024 * 1024;

const countIs = (folder: string, blobs: number) => async () =>
  (await contentOf(folder)).blobs.length === blobs;

test('an object of a few bytes makes no file of its own, a larger one makes one', async (t) => {
  const folder = await temporaryFolder(t);
  await using store = await openIn(folder);
  await store.createBucket('films');
  await store.put('films', 'small', pattern(1000));
  assert.deepEqual(await contentOf(folder), { temporary: [], blobs: [] });
  await store.put('films', 'large', pattern(100_000));
  const { temporary, blobs } = await contentOf(folder);
  assert.deepEqual([temporary.length, blobs.length], [0, 1]);
});

test('overwritten, deleted and aborted bytes leave the disk', async (t) => {
  const folder = await temporaryFolder(t);
  await using store = await openIn(folder);
  await store.createBucket('films');
  await store.put('films', 'a', pattern(MEGABYTE));
  await store.put('films', 'a', pattern(MEGABYTE, 1));
  await eventually('the old blob is gone', countIs(folder, 1));
  const { uploadId } = await store.createUpload('films', 'b');
  const upload = { bucket: 'films', key: 'b', uploadId };
  await store.putPart(upload, 1, pattern(MEGABYTE));
  await store.putPart(upload, 1, pattern(MEGABYTE, 2));
  await store.putPart(upload, 2, pattern(MEGABYTE, 3));
  await eventually('the part sent again has replaced the first', countIs(folder, 3));
  await store.abortUpload(upload);
  await eventually('the parts are gone', countIs(folder, 1));
  await store.delete('films', 'a');
  await eventually('the object is gone', countIs(folder, 0));
});

test('a completed upload keeps the files of its parts and copies nothing', async (t) => {
  const folder = await temporaryFolder(t);
  await using store = await openIn(folder);
  await store.createBucket('films');
  const { uploadId } = await store.createUpload('films', 'a');
  const upload = { bucket: 'films', key: 'a', uploadId };
  const parts = [
    await store.putPart(upload, 1, pattern(PART_BYTES)),
    await store.putPart(upload, 2, pattern(PART_BYTES)),
  ];
  await store.putPart(upload, 3, pattern(PART_BYTES));
  const before = await contentOf(folder);
  assert.equal(before.blobs.length, 3);
  await store.completeUpload(upload, parts);
  await eventually('the part that was not named is gone', countIs(folder, 2));
  const after = await contentOf(folder);
  assert.ok(after.blobs.every((blob) => before.blobs.includes(blob)));
});

test('copies share a file, which goes with the last of them', async (t) => {
  const folder = await temporaryFolder(t);
  await using store = await openIn(folder);
  const [a, b] = [
    { bucket: 'films', key: 'a' },
    { bucket: 'films', key: 'b' },
  ];
  await store.createBucket('films');
  await store.put('films', 'a', pattern(MEGABYTE));
  await store.copy(a, b);
  await store.copy(a, a, { attributes: { contentType: 'text/plain' } });
  assert.equal((await contentOf(folder)).blobs.length, 1);
  await store.delete('films', 'a');
  assert.ok((await bytesAt(store, 'films', 'b')).equals(pattern(MEGABYTE)));
  await store.delete('films', 'b');
  await eventually('the file is gone', countIs(folder, 0));
});

test('a file stays while a reader is on it that has not even opened it, and goes when the reader leaves', async (t) => {
  const folder = await temporaryFolder(t);
  await using store = await openIn(folder);
  await store.createBucket('films');
  await store.put('films', 'a', pattern(MEGABYTE));
  const [through, gone] = [await store.get('films', 'a'), await store.get('films', 'a')];
  await store.delete('films', 'a');
  assert.ok((await readAll(through)).equals(pattern(MEGABYTE)));
  assert.equal((await contentOf(folder)).blobs.length, 1);
  gone.stream.destroy?.();
  await eventually('the file is gone', countIs(folder, 0));
});

test('opening sweeps what a crash left and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const orphan = newId();
  {
    await using store = await openIn(folder);
    await store.createBucket('films');
    await store.put('films', 'a', pattern(MEGABYTE));
    const { uploadId } = await store.createUpload('films', 'b');
    await store.putPart({ bucket: 'films', key: 'b', uploadId }, 1, pattern(MEGABYTE));
  }
  await mkdir(join(folder, 'blobs', orphan.slice(0, 6)), { recursive: true });
  await writeFile(join(folder, 'blobs', orphan.slice(0, 6), orphan), 'renamed, never committed');
  await writeFile(join(folder, 'tmp', newId()), 'never finished');
  await using store = await openIn(folder);
  await store.put('films', 'c', pattern(MEGABYTE, 1));
  await eventually('only what is named is left', async () => {
    const { temporary, blobs } = await contentOf(folder);
    return temporary.length === 0 && blobs.length === 3 && !blobs.includes(orphan);
  });
  assert.ok((await bytesAt(store, 'films', 'a')).equals(pattern(MEGABYTE)));
  assert.ok((await bytesAt(store, 'films', 'c')).equals(pattern(MEGABYTE, 1)));
});

test('a stored file that lost its end is a failure to its reader, never a short object', async (t) => {
  const folder = await temporaryFolder(t);
  await using store = await openIn(folder);
  await store.createBucket('films');
  await store.put('films', 'a', pattern(MEGABYTE));
  const [blob = ''] = (await contentOf(folder)).blobs;
  await writeFile(join(folder, 'blobs', blob.slice(0, 6), blob), pattern(MEGABYTE / 2));
  await assert.rejects(bytesAt(store, 'films', 'a'), { code: 'internal' });
});
