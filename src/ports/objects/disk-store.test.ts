import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../platform/clock.ts';
import {
  assertAbsent,
  assertCode,
  bytesAt,
  pattern,
  streamed,
  text,
  textAt,
} from './contract/expectations.ts';
import { contentOf, eventually, openIn, temporaryFolder } from './disk-folder.testing.ts';
import type { ObjectEvent } from './objects.ts';

/** A clock whose hands the test moves; sleeping stays real. */
function steppedClock(): Clock & { advance(ms: number): void } {
  let offset = 0;
  return {
    now: () => Date.now() + offset,
    monotonic: () => offset,
    sleep: systemClock.sleep,
    advance: (ms) => {
      offset += ms;
    },
  };
}

function kinds(events: readonly ObjectEvent[]): string[] {
  return events.map(({ kind }) => kind);
}

test('what was acknowledged is there after closing and opening again', async (t) => {
  const folder = await temporaryFolder(t);
  const key = 'a/電影.mp4';
  let uploadId: string;
  {
    await using store = await openIn(folder);
    await store.createBucket('films');
    await store.put('films', key, pattern(300_000), { contentType: 'video/mp4', metadata: { n: '1' } });
    ({ uploadId } = await store.createUpload('films', 'b', { expectedBytes: 9 }));
    await store.putPart({ bucket: 'films', key: 'b', uploadId }, 4, text('part'));
  }
  await using store = await openIn(folder);
  const head = await store.head('films', key);
  assert.deepEqual([head.contentType, head.metadata], ['video/mp4', { n: '1' }]);
  assert.ok((await bytesAt(store, 'films', key)).equals(pattern(300_000)));
  const { parts } = await store.listParts({ bucket: 'films', key: 'b', uploadId });
  assert.deepEqual(
    parts.map(({ partNumber }) => partNumber),
    [4],
  );
  assert.deepEqual(kinds(await store.events.take(10, 0)), ['created', 'upload-started', 'upload-progress']);
});

test('a folder has one owner at a time', async (t) => {
  const folder = await temporaryFolder(t);
  {
    await using store = await openIn(folder);
    await assertCode(openIn(folder), 'owned_elsewhere');
    await store.createBucket('films');
  }
  await using again = await openIn(folder);
  assert.equal((await again.listBuckets()).length, 1);
});

test('two stores in one process do not know of one another', async (t) => {
  await using one = await openIn(await temporaryFolder(t));
  await using two = await openIn(await temporaryFolder(t));
  await one.createBucket('films');
  assert.deepEqual(await two.listBuckets(), []);
});

test('a folder of another version is refused as it is', async (t) => {
  const folder = await temporaryFolder(t);
  await (await openIn(folder)).close();
  const db = new DatabaseSync(join(folder, 'meta.sqlite'));
  db.exec('UPDATE schema SET version = 999');
  db.close();
  await assertCode(openIn(folder), 'invalid_config');
});

test('a folder of the first version is brought up to date, with all that is in it', async (t) => {
  const folder = await temporaryFolder(t);
  {
    await using store = await openIn(folder);
    await store.createBucket('films');
    await store.put('films', 'a', text('a'));
  }
  const db = new DatabaseSync(join(folder, 'meta.sqlite'));
  db.exec('ALTER TABLE objects DROP COLUMN upload; UPDATE schema SET version = 1');
  db.close();
  await using store = await openIn(folder);
  assert.equal(await textAt(store, 'films', 'a'), 'a');
  await store.put('films', 'b', text('b'));
  assert.equal(await textAt(store, 'films', 'b'), 'b');
});

test('a closed store answers unavailable, says so, and closes twice', async (t) => {
  const store = await openIn(await temporaryFolder(t));
  await store.createBucket('films');
  const waiting = store.events.take(10, 60_000);
  await store.close();
  await store.close();
  assert.deepEqual(await waiting, []);
  await assertCode(store.put('films', 'a', text('a')), 'unavailable');
  await assertCode(store.head('films', 'a'), 'unavailable');
  await assertCode(store.events.take(1, 0), 'unavailable');
  assert.equal((await store.health()).ready, false);
});

test('closing waits for a write under way', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await openIn(folder);
  await store.createBucket('films');
  const put = store.put('films', 'a', streamed(pattern(2_000_000)));
  await store.close();
  await put;
  await using again = await openIn(folder);
  assert.equal((await again.head('films', 'a')).size, 2_000_000);
});

test('quiet buckets tell no events', async (t) => {
  await using store = await openIn(await temporaryFolder(t), { quietBuckets: ['quiet'] });
  await store.createBucket('quiet');
  await store.createBucket('heard');
  for (const bucket of ['quiet', 'heard']) {
    const { uploadId } = await store.createUpload(bucket, 'a');
    const upload = { bucket, key: 'a', uploadId };
    await store.completeUpload(upload, [await store.putPart(upload, 1, text('x'))]);
    await store.delete(bucket, 'a');
  }
  const events = await store.events.take(100, 0);
  assert.deepEqual([...new Set(events.map(({ bucket }) => bucket))], ['heard']);
  assert.deepEqual(kinds(events), ['upload-started', 'upload-progress', 'created', 'removed']);
});

test('progress of an upload counts what came, once a second, and only the newest is kept', async (t) => {
  const clock = steppedClock();
  await using store = await openIn(await temporaryFolder(t), { clock });
  await store.createBucket('films');
  const { uploadId } = await store.createUpload('films', 'a', { expectedBytes: 5000 });
  const upload = { bucket: 'films', key: 'a', uploadId };
  const told = async () =>
    (await store.events.take(100, 0)).flatMap((event) =>
      event.kind === 'upload-progress' ? [event.receivedBytes] : [],
    );
  async function* body() {
    for (let i = 0; i < 4; i++) {
      yield pattern(1000);
      await eventually('the first chunk is told', async () => (await told()).length > 0);
      if (i === 1) clock.advance(1000);
    }
  }
  await store.putPart(upload, 1, body());
  await eventually('the last chunk is told when its second is over', async () => (await told())[0] === 4000);
  clock.advance(1000);
  await store.putPart(upload, 2, pattern(500));
  await eventually('stored parts count', async () => (await told())[0] === 4500);
  clock.advance(1000);
  await store.putPart(upload, 1, pattern(1000));
  await eventually('a part sent again does not count twice', async () => (await told())[0] === 4500);
  assert.equal((await told()).length, 1);
});

test('uploads without activity are aborted at the next sweep, others stay', async (t) => {
  const folder = await temporaryFolder(t);
  const clock = steppedClock();
  {
    await using store = await openIn(folder, { clock });
    await store.createBucket('films');
    await store.createUpload('films', 'old');
    const { uploadId } = await store.createUpload('films', 'kept');
    clock.advance(60_000);
    await store.putPart({ bucket: 'films', key: 'kept', uploadId }, 1, text('x'));
    await store.events.acknowledge((await store.events.take(10, 0)).map(({ sequence }) => sequence));
  }
  clock.advance(10_000);
  await using store = await openIn(folder, { clock, uploadMaxAgeMs: 30_000 });
  const [event] = await store.events.take(10, 10_000);
  assert.deepEqual([event?.kind, event?.key], ['upload-aborted', 'old']);
  assert.deepEqual(
    (await store.listUploads('films')).map(({ key }) => key),
    ['kept'],
  );
});

test('URLs are signed by the one who was asked to, and only then is there the capability', async (t) => {
  const presigner = async (method: string, bucket: string, key: string) => `${method} ${bucket}/${key}`;
  await using signing = await openIn(await temporaryFolder(t), { presigner });
  await using plain = await openIn(await temporaryFolder(t));
  assert.equal(signing.capabilities.presign, true);
  assert.equal(await signing.presign('GET', 'films', 'a', { expiresS: 60 }), 'GET films/a');
  assert.equal(plain.capabilities.presign, false);
});

test('a full disk is storage_full, leaves nothing, and the store goes on', async (t) => {
  const folder = await temporaryFolder(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    return t.skip(`a small file system cannot be mounted here: ${(error as Error).message}`);
  }
  try {
    await overfill(folder);
    await fillWithSmall(folder);
  } finally {
    execFileSync('umount', [folder]);
  }
});

async function overfill(folder: string): Promise<void> {
  await using store = await openIn(folder);
  await store.createBucket('films');
  await store.put('films', 'old', pattern(1_000_000));
  const large = pattern(8_000_000);
  await assertCode(store.put('films', 'new', large), 'storage_full');
  await assertCode(store.put('films', 'old', streamed(large)), 'storage_full');
  const { uploadId } = await store.createUpload('films', 'part');
  await assertCode(store.putPart({ bucket: 'films', key: 'part', uploadId }, 1, large), 'storage_full');
  await assertAbsent(store, { bucket: 'films', key: 'new' });
  const { temporary, blobs } = await contentOf(folder);
  assert.deepEqual([temporary.length, blobs.length], [0, 1]);
  await store.put('films', 'small', text('fits'));
  assert.equal(await textAt(store, 'films', 'small'), 'fits');
  assert.ok((await bytesAt(store, 'films', 'old')).equals(pattern(1_000_000)));
}

/** What matters most on a full disk: that deleting still works, and makes room. */
async function fillWithSmall(folder: string): Promise<void> {
  await using store = await openIn(folder);
  let count = 0;
  const fill = async (bytes: number) => {
    for (;;) await store.put('films', `small/${count++}`, pattern(bytes));
  };
  await assertCode(fill(100_000), 'storage_full');
  await assertCode(fill(9000), 'storage_full');
  await assertCode(fill(5000), 'storage_full');
  const { entries } = await store.list('films');
  assert.ok(entries.length > 10);
  for (const { key } of entries) await store.delete('films', key);
  await eventually('there is room again', async () => (await contentOf(folder)).blobs.length === 0);
  await store.put('films', 'again', pattern(1_000_000));
}
