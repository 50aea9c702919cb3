import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Lease } from '../../contracts/tasks.ts';
import { systemClock } from '../../platform/clock.ts';
import { FILMS, MEDIA, openRig, type Rig } from './rig.testing.ts';
import { someAudio, someText } from './studio.testing.ts';

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

const isReady = ({ now }: { now: { state?: string } }) => now.state === 'ready';
const isRefused = ({ now }: { now: { state?: string } }) => now.state === 'refused';
const kindsOf = (key: string) =>
  rig.fleet.leases
    .filter(({ task }) => task.startsWith(rig.catalog.titleOf(key)?.id ?? '?'))
    .map(({ spec }) => spec.kind);
const isRung = ({ spec }: Lease, name: string) => spec.kind === 'encode-video' && spec.rung.name === name;

test('a film goes from its event to ready, first light first, and its work is tidied up', async () => {
  const film = {
    durationS: 50,
    audio: [someAudio({ index: 1, language: 'en' }), someAudio({ index: 2, language: 'de', default: true })],
    text: [someText({ index: 3, language: 'de' })],
  };
  await rig.put('film.mp4', film);
  const title = await rig.until('film.mp4', isReady);
  const progress = title.reports.map((report) => report.progress ?? 0);
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  );
  const stages = title.reports.map(({ stage }) => stage);
  assert.equal(stages[0], 'Inspecting');
  assert.ok(
    stages.some((stage) => stage?.startsWith('Encoding ')),
    stages.join(),
  );
  assert.equal(stages.at(-1), 'Ready');
  assert.equal(title.now.progress, 1);
  assert.deepEqual([title.now.durationS, title.now.width, title.now.height], [50, 640, 360]);

  const [first] = title.publications;
  const last = title.publications.at(-1);
  assert.ok(first && last);
  assert.deepEqual(
    title.publications.map(({ number }) => number),
    title.publications.map((_, index) => index + 1),
  );
  assert.deepEqual(first.audioLanguages, ['en', 'de']);
  assert.deepEqual(first.captionLanguages, ['de']);
  assert.equal(first.renditions[0], '240p');
  assert.deepEqual(last.renditions, ['240p', '360p']);
  assert.equal(last.prefix, `titles/${title.id}/`);
  const keys = await rig.keys(last.prefix);
  for (const key of [first.hls, first.dash, last.hls, last.dash, last.poster, last.thumbnails]) {
    assert.ok(key && keys.includes(key), `${key}`);
  }
  const media = await Promise.all(keys.filter((key) => key.endsWith('/00001.m4s')).map(rig.text));
  assert.ok(
    media.some((text) => text === '360p:0+576;360p:576+624;'),
    'chunks are joined in order',
  );
  for (let tries = 0; (await rig.keys('work/')).length > 0; tries++) {
    assert.ok(tries < 200, 'work in progress is removed');
    await systemClock.sleep(100);
  }
  assert.equal(
    (await rig.db.selectFrom('studio.tasks').selectAll().where('title', '=', title.id).execute()).length,
    0,
  );
});

test('a manifest leads to files that are there', async () => {
  await rig.put('manifest.mp4', { audio: [someAudio({ index: 1 })] });
  const title = await rig.until('manifest.mp4', isReady);
  const { hls, dash, prefix } = title.publications.at(-1) ?? assert.fail();
  const keys = new Set(await rig.keys(prefix));
  const seen: string[] = [];
  const follow = async (key: string): Promise<void> => {
    seen.push(key);
    const text = await rig.text(key);
    const uris = text
      .split('\n')
      .flatMap((line) =>
        line && !line.startsWith('#')
          ? [line]
          : [...line.matchAll(/URI="([^"]+)"/g)].map((m) => m[1] as string),
      );
    for (const uri of uris) {
      const target = new URL(uri, `http://x/${key}`).pathname.slice(1);
      assert.ok(keys.has(target), `${key} names ${uri}`);
      if (target.endsWith('.m3u8') && !seen.includes(target)) await follow(target);
    }
  };
  await follow(hls);
  assert.ok(seen.length >= 4, `${seen}`);
  assert.match(await rig.text(dash), /<MPD/);
});

test('what is no film is refused with its reason', async () => {
  await rig.put('notes.txt', 'refuse me');
  const title = await rig.until('notes.txt', isRefused);
  assert.equal(title.now.reasonCode, 'not_media');
  assert.match(title.now.reason ?? '', /text file/);
  assert.equal(title.publications.length, 0);
});

test('hidden files, folders and the media bucket make no titles', async () => {
  for (const key of ['.DS_Store', 'folder/', 'folder/._film.mp4']) await rig.put(key, 'x');
  await rig.send({ kind: 'created', sequence: 9e9, bucket: MEDIA, key: 'x.mp4', etag: '"x"', size: 1 });
  await rig.put('after.mp4', {});
  await rig.until('after.mp4', isReady);
  for (const title of rig.catalog.titles.values()) assert.doesNotMatch(title.key, /DS_Store|\/$|\._|x\.mp4/);
});

test('the studio crashes at every task of a film, and nothing that was done is done again', async () => {
  const crashes: Promise<void>[] = [];
  let crashing: Promise<void> = Promise.resolve();
  rig.fleet.conduct = () => {
    crashing = crashing.then(() => rig.crash());
    crashes.push(crashing);
    return { wait: crashing };
  };
  await rig.put('crash.mp4', { durationS: 30, audio: [someAudio({ index: 1 })] });
  const title = await rig.until('crash.mp4', isReady);
  await Promise.all(crashes);
  const tasks = rig.fleet.leases.map(({ task }) => task);
  assert.equal(new Set(tasks).size, tasks.length, `${tasks}`);
  assert.deepEqual(title.publications.at(-1)?.renditions, ['240p', '360p']);
});

test('a crash between the manifests and the switch is healed', async () => {
  rig.catalog.failPublish = true;
  await rig.put('switch.mp4', {});
  const title = await rig.until('switch.mp4', ({ now }) => now.stage === 'Publishing');
  await rig.crash();
  await systemClock.sleep(300);
  assert.equal(title.publications.length, 0);
  rig.catalog.failPublish = false;
  await rig.until('switch.mp4', isReady);
  assert.deepEqual(
    title.publications.map(({ number }) => number),
    title.publications.map((_, index) => index + 1),
  );
});

test('the first publication comes with the lowest rung, the next one with the rest', async () => {
  const rest = Promise.withResolvers<void>();
  rig.fleet.conduct = (lease) => (isRung(lease, '360p') ? { wait: rest.promise } : 'do');
  await rig.put('light.mp4', { audio: [someAudio({ index: 1 })] });
  const title = await rig.until('light.mp4', ({ publications }) => publications.length > 0);
  await rig.until('light.mp4', ({ now }) => now.state === 'playable');
  assert.deepEqual(title.publications.at(-1)?.renditions, ['240p']);
  rest.resolve();
  await rig.until('light.mp4', isReady);
  assert.deepEqual(title.publications.at(-1)?.renditions, ['240p', '360p']);
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
  await rig.until('replaced.mp4', ({ publications }) => publications.length > 0);
  rig.fleet.conduct = () => 'do';
  await rig.put('replaced.mp4', { durationS: 12 });
  const title = await rig.until('replaced.mp4', (now) => isReady(now) && now.now.durationS === 12);
  held.resolve();
  await rig.until('replaced.mp4', () => rig.fleet.refusals.includes('not_found'));
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

test('a worker that dies loses its task and nothing else; the late finisher is refused', async () => {
  let dead: Lease | undefined;
  rig.fleet.conduct = (lease) => {
    if (dead || !isRung(lease, '240p')) return 'do';
    dead = lease;
    return 'vanish';
  };
  await rig.put('dead.mp4', { durationS: 50 });
  const title = await rig.until('dead.mp4', ({ now }) => dead !== undefined && now.stage === 'Encoding 240p');
  await rig.until('dead.mp4', () =>
    rig.fleet.leases.some(({ task, attempt }) => task === dead?.task && attempt === 2),
  );
  const lost = dead ?? assert.fail();
  const params = { task: lost.task };
  const result = { kind: 'encode-video' as const, file: 'video.mp4', bytes: 1, frames: 576, cpuS: 1 };
  const stale = /stale_attempt|not_found/;
  await assert.rejects(rig.studio.completeTask({ params, body: { attempt: 1, result } }), ({ code }) =>
    stale.test(code),
  );
  await assert.rejects(rig.studio.heartbeatTask({ params, body: { attempt: 1, progress: 1 } }), ({ code }) =>
    stale.test(code),
  );
  await assert.rejects(rig.studio.signOutputs({ params, body: { attempt: 1, names: ['a'] } }), ({ code }) =>
    stale.test(code),
  );
  const failure = { attempt: 1, code: 'x', message: 'x', retry: false };
  await assert.rejects(rig.studio.failTask({ params, body: failure }), ({ code }) => stale.test(code));
  await rig.until('dead.mp4', isReady);
  assert.equal(title.now.reason, null);
  assert.equal(
    rig.fleet.leases.filter(({ task }) => task.startsWith(title.id)).length,
    2 + kindCount(title.id),
  );
});

const kindCount = (id: string) =>
  new Set(rig.fleet.leases.filter(({ task }) => task.startsWith(id)).map(({ task }) => task)).size - 1;

test('a result that does not answer its task is refused', async () => {
  const held = Promise.withResolvers<void>();
  let lease: Lease | undefined;
  rig.fleet.conduct = (granted) => {
    if (granted.spec.kind !== 'encode-video' || granted.spec.last) return 'do';
    lease ??= granted;
    return { wait: held.promise };
  };
  await rig.put('wrong.mp4', { durationS: 50 });
  await rig.until('wrong.mp4', () => lease !== undefined);
  const { task, attempt } = lease as Lease;
  const complete = (result: Parameters<typeof rig.studio.completeTask>[0]['body']['result']) =>
    rig.studio.completeTask({ params: { task }, body: { attempt, result } });
  await assert.rejects(complete({ kind: 'extract-text', file: null, cues: 0 }), { code: 'invalid_request' });
  const short = { kind: 'encode-video' as const, file: 'video.mp4', bytes: 1, frames: 3, cpuS: 1 };
  await assert.rejects(complete(short), { code: 'invalid_request' });
  held.resolve();
  await rig.until('wrong.mp4', isReady);
});

test('a lowest rung that cannot be encoded refuses the film, and the same bytes may be tried again', async () => {
  rig.fleet.conduct = (lease) => (isRung(lease, '240p') ? { fail: 'program_failed', retry: false } : 'do');
  await rig.put('broken.mp4', {});
  const title = await rig.until('broken.mp4', isRefused);
  assert.equal(title.now.reasonCode, 'undecodable');
  assert.equal((await rig.queue.depth('tasks')).waiting, 0);
  rig.fleet.conduct = () => 'do';
  await rig.put('broken.mp4', {});
  await rig.until('broken.mp4', isReady);
  assert.equal(title.now.reason, null);
});

test('a failure that passes is tried again, and does not cost the film', async () => {
  const failed = new Set<string>();
  rig.fleet.conduct = (lease) => {
    if (failed.has(lease.task) || lease.spec.kind === 'inspect') return 'do';
    failed.add(lease.task);
    return { fail: 'drained', retry: true };
  };
  await rig.put('drained.mp4', { audio: [someAudio({ index: 1 })] });
  const title = await rig.until('drained.mp4', isReady);
  assert.ok(failed.size >= 5);
  assert.equal(title.now.reason, null);
});

test('the film goes on without what nobody needs to see it', async () => {
  rig.fleet.conduct = (lease) => {
    const { spec } = lease;
    const lost = spec.kind === 'images' || spec.kind === 'extract-text' || isRung(lease, '360p');
    const language = spec.kind === 'encode-audio' && spec.streamIndex === 2;
    return lost || language ? { fail: 'wrong_output', retry: false } : 'do';
  };
  const audio = [someAudio({ index: 1, language: 'en' }), someAudio({ index: 2, language: 'de' })];
  await rig.put('less.mp4', { audio, text: [someText({ index: 3 })] });
  const title = await rig.until('less.mp4', isReady);
  const last = title.publications.at(-1);
  assert.deepEqual(
    [last?.renditions, last?.audioLanguages, last?.captionLanguages, last?.poster],
    [['240p'], ['en'], [], null],
  );
  assert.match(title.now.reason ?? '', /could not be made/);
});

test('a stream without sound and captions without cues are left out silently', async () => {
  rig.fleet.conduct = ({ spec }) => {
    if (spec.kind === 'encode-audio' && spec.streamIndex === 1) {
      return { result: { kind: 'encode-audio', file: null, bytes: 0, cpuS: 0 } };
    }
    if (spec.kind === 'extract-text') return { result: { kind: 'extract-text', file: null, cues: 0 } };
    return 'do';
  };
  await rig.put('silent.mp4', { audio: [someAudio({ index: 1 })], text: [someText({ index: 2 })] });
  const title = await rig.until('silent.mp4', isReady);
  const last = title.publications.at(-1);
  assert.deepEqual([last?.audioLanguages, last?.captionLanguages, title.now.reason], [[], [], null]);
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

test('an outage of the catalog is waited out', async () => {
  rig.catalog.away = true;
  await rig.put('patient.mp4', {});
  await systemClock.sleep(500);
  rig.catalog.away = false;
  await rig.until('patient.mp4', isReady);
});

test('tasks that the queue has lost are sent again', async () => {
  const held = Promise.withResolvers<void>();
  rig.fleet.conduct = ({ spec }) => (spec.kind === 'encode-video' ? { wait: held.promise } : 'do');
  await rig.put('requeued.mp4', { durationS: 200 });
  const title = await rig.until('requeued.mp4', ({ now }) => now.stage === 'Encoding 240p');
  const rows = await rig.db.selectFrom('studio.tasks').select('id').where('title', '=', title.id).execute();
  await rig.queue.cancel(
    'tasks',
    rows.map(({ id }) => id),
  );
  await rig.crash();
  held.resolve();
  await rig.until('requeued.mp4', isReady);
});

test('two studios beside each other do everything once', async () => {
  const stop = rig.addStudio();
  const keys = ['one', 'two', 'three', 'four'].map((name) => `beside-${name}.mp4`);
  for (const key of keys) await rig.put(key, { durationS: 60, audio: [someAudio({ index: 1 })] });
  for (const key of keys) {
    const { publications } = await rig.until(key, isReady);
    assert.deepEqual(publications.at(-1)?.renditions, ['240p', '360p']);
  }
  await stop();
  const tasks = rig.fleet.leases.map(({ task }) => task);
  assert.equal(new Set(tasks).size, tasks.length);
});

test('it is healthy while its stores answer', async () => {
  assert.equal(rig.health().ready, true);
});
