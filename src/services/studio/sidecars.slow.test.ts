import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { FakeTitle } from './fake-catalog.ts';
import { FILMS, isReady, openRig, type Rig } from './rig.testing.ts';
import { someAudio } from './studio.testing.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig?.[Symbol.asyncDispose]());
beforeEach(() => {
  rig.fleet.conduct = () => 'do';
  rig.fleet.leases.length = 0;
});

const kinds = () => rig.fleet.leases.map(({ spec }) => spec.kind);
const languages = (title: FakeTitle) => title.publications.at(-1)?.captionLanguages;
const playlist = (title: FakeTitle) => rig.text(title.publications.at(-1)?.hls ?? '');
const titles = () => [...rig.catalog.titles.values()].map(({ key }) => key);

test('captions that come before their master wait for it, and are no titles', async () => {
  await rig.put('early.en.forced.srt', 'x');
  await rig.put('early.en.sdh.vtt', 'x');
  await rig.put('lonely.de.srt', 'x');
  await rig.put('early.mp4', {});
  const title = await rig.until('early.mp4', isReady);
  assert.deepEqual(languages(title), ['en']);
  const text = await playlist(title);
  assert.match(text, /TYPE=SUBTITLES[^\n]*NAME="English \(forced\)"[^\n]*FORCED=YES/);
  assert.match(
    text,
    /NAME="English \(SDH\)"[^\n]*FORCED=NO,CHARACTERISTICS="[^"]*describes-music-and-sound"/,
  );
  const mpd = await rig.text(title.publications.at(-1)?.dash ?? '');
  assert.match(mpd, /value="forced-subtitle"/);
  assert.match(mpd, /<Accessibility[^>]*value="2"/);
  assert.deepEqual(titles(), ['early.mp4']);
});

test('captions that come, change and go after the film is ready change only themselves', async () => {
  await rig.put('late.mp4', {});
  const title = await rig.until('late.mp4', isReady);
  const segments = /^\S+\.m3u8$/m.exec(await playlist(title))?.[0];
  rig.fleet.leases.length = 0;
  const job = () =>
    rig.db
      .selectFrom('studio.jobs')
      .select(['state', 'ended_ms'])
      .where('title', '=', title.id)
      .executeTakeFirst();
  const ended = await job();
  await rig.put('late.de.srt', 'first');
  await rig.until('late.mp4', (now) => isReady(now) && languages(now)?.includes('de') === true);
  assert.deepEqual(kinds(), ['extract-text']);
  const first = (await playlist(title)).match(/s[0-9a-f]{12}/)?.[0];
  assert.equal(/^\S+\.m3u8$/m.exec(await playlist(title))?.[0], segments);

  await rig.put('late.de.srt', 'second');
  const published = title.publications.length;
  await rig.until('late.mp4', (now) => isReady(now) && now.publications.length > published);
  const text = await playlist(title);
  assert.equal(text.match(/LANGUAGE="de"/g)?.length, 1);
  assert.doesNotMatch(text, new RegExp(first ?? 'none'));

  await rig.objects.delete(FILMS, 'late.de.srt');
  await rig.until('late.mp4', (now) => isReady(now) && languages(now)?.length === 0);
  assert.deepEqual(kinds(), ['extract-text', 'extract-text']);
  assert.deepEqual(await job(), ended, 'the job took no longer for it');
  assert.deepEqual(titles().toSorted(), ['early.mp4', 'late.mp4']);
});

test('captions that cannot be read are left out with a sentence, until they are mended', async () => {
  rig.fleet.conduct = ({ spec }) =>
    spec.kind === 'extract-text' ? { fail: 'unsupported', retry: false } : 'do';
  await rig.put('odd.fr.srt', 'no captions');
  await rig.put('odd.mp4', {});
  const title = await rig.until('odd.mp4', (now) => isReady(now) && now.now.reason !== null);
  assert.match(title.now.reason ?? '', /odd\.fr\.srt are left out/);
  assert.deepEqual(languages(title), []);
  // What comes beside it changes nothing of that.
  rig.fleet.conduct = () => 'do';
  await rig.put('odd.sv.srt', 'good');
  await rig.until('odd.mp4', (now) => isReady(now) && languages(now)?.includes('sv') === true);
  assert.match(title.now.reason ?? '', /odd\.fr\.srt/);
  // The same master again is no reason to encode anything.
  rig.fleet.leases.length = 0;
  await rig.put('odd.mp4', {});
  await rig.put('odd.fr.srt', 'mended');
  await rig.until('odd.mp4', (now) => isReady(now) && languages(now)?.includes('fr') === true);
  assert.equal(title.now.reason, null);
  assert.deepEqual(kinds(), ['extract-text']);
});

test('rows of jobs that were forgotten do not keep a film from getting captions', async () => {
  await using short = await openRig({ jobsKeptS: 0 });
  await short.put('old.mp4', {});
  await short.until('old.mp4', isReady);
  for (const end = Date.now() + 15_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const jobs = await short.db.selectFrom('studio.jobs').select('title').execute();
    if (jobs.length === 0) break;
    assert.ok(Date.now() < end, 'the job is never forgotten');
  }
  await short.put('old.it.srt', 'x');
  const title = await short.until(
    'old.mp4',
    (now) => isReady(now) && languages(now)?.includes('it') === true,
  );
  assert.equal(title.publications.at(-1)?.renditions.length, title.publications.at(-2)?.renditions.length);
});

test('captions by speech recognition come last, say what they are, and give way to written ones', async () => {
  await using heard = await openRig({ speechLanguages: ['en'] });
  const held = Promise.withResolvers<void>();
  heard.fleet.conduct = ({ spec }) => (spec.kind === 'transcribe' ? { wait: held.promise } : 'do');
  const english = someAudio({ index: 1, language: 'en-US', default: true });
  await heard.put('said.mp4', { audio: [english, someAudio({ index: 2, language: 'de' })] });
  await heard.until('said.mp4', ({ publications }) => publications.length > 0);
  held.resolve();
  const title = await heard.until('said.mp4', (now) => isReady(now) && languages(now)?.length === 1);
  const names = async () =>
    (await heard.text(title.publications.at(-1)?.hls ?? '')).match(/SUBTITLES,[^\n]*/g) ?? [];
  assert.match((await names()).join(), /NAME="American English \(automatic\)",LANGUAGE="en-US"/);
  assert.equal(title.publications[0]?.captionLanguages.length, 0, 'nobody waits for them');

  await heard.put('said.en.srt', 'written');
  await heard.until('said.mp4', (now) => isReady(now) && languages(now)?.includes('en') === true);
  assert.doesNotMatch((await names()).join(), /automatic/);
  await heard.objects.delete(FILMS, 'said.en.srt');
  await heard.until('said.mp4', (now) => isReady(now) && languages(now)?.includes('en-US') === true);
  assert.match((await names()).join(), /automatic/);
  const count = heard.fleet.leases.filter(({ spec }) => spec.kind === 'transcribe').length;
  assert.equal(count, 1, 'what was heard once is kept');

  // Sound in other languages, or in none that is known, gets no captions.
  await heard.put('other.mp4', { audio: [someAudio({ index: 1, language: 'de' })] });
  await heard.put('unknown.mp4', { audio: [someAudio({ index: 1 })] });
  for (const key of ['other.mp4', 'unknown.mp4'])
    assert.deepEqual(languages(await heard.until(key, isReady)), []);
});
