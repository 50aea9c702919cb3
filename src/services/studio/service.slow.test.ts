import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { hashManifest } from '../../contracts/fill.ts';
import { systemClock } from '../../platform/clock.ts';
import { isReady, isRefused, isRung, openRig, type Rig } from './rig.testing.ts';
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
  assert.deepEqual([first.audioLanguages, last.audioLanguages], [['de'], ['en', 'de']]);
  assert.deepEqual([first.captionLanguages, last.captionLanguages], [[], ['de']]);
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
  const rows = await rig.db.selectFrom('studio.tasks').selectAll().where('title', '=', title.id).execute();
  assert.ok(rows.length > 0 && rows.every(({ state }) => state === 'done'), 'operators can look back');
});

test('edges are told of a manifest of hashes, and it is true of every file that viewers may ask for', async () => {
  await rig.put('hashes.mp4', { audio: [someAudio({ index: 1 })], text: [someText({ index: 2 })] });
  const { id, publications } = await rig.until('hashes.mp4', isReady);
  const told = () => rig.announced.get(id);
  for (let tries = 0; told()?.number !== publications.at(-1)?.number; tries++) {
    assert.ok(tries < 100, 'edges are told of the last publication');
    await systemClock.sleep(20);
  }
  const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
  const text = await rig.text(told()?.hashes ?? '');
  assert.equal(digest(text), told()?.sha256);
  const { files } = hashManifest.parse(JSON.parse(text));
  for (const { key, sha256 } of files)
    assert.equal(digest(await rig.text(`titles/${id}/${key}`)), sha256, key);
  const listed = files.map(({ key }) => key);
  for (const part of ['/240p/', '/360p/', '/a1/', '/t2/', 'master.m3u8', 'manifest.mpd', 'poster.jpg'])
    assert.ok(
      listed.some((key) => key.includes(part)),
      `${part} in ${listed}`,
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

test('an outage of the catalog is waited out', async () => {
  rig.catalog.away = true;
  await rig.put('patient.mp4', {});
  await systemClock.sleep(500);
  rig.catalog.away = false;
  await rig.until('patient.mp4', isReady);
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
