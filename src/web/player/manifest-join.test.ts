import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinManifests, type ManifestLike, type StreamLike, type VariantLike } from './manifest-join.ts';

type Manifest = ManifestLike<StreamLike, VariantLike<StreamLike>>;

let nextId = 1;
function stream(type: string, originalId: string, more: Partial<StreamLike> = {}): StreamLike {
  return {
    id: nextId++,
    originalId,
    type,
    language: 'und',
    codecs: type === 'video' ? 'avc1.64001f' : 'mp4a.40.2',
    channelsCount: null,
    label: null,
    ...more,
  };
}

function manifest(videos: string[], audios: [string, string][], texts: string[] = []): Manifest {
  nextId = 1;
  const video = videos.map((name) => stream('video', name));
  const audio = audios.map(([name, language]) => stream('audio', name, { language }));
  const pairs =
    audio.length > 0
      ? audio.flatMap((a) => video.map((v) => [a, v] as const))
      : video.map((v) => [null, v] as const);
  return {
    variants: pairs.map(([a, v], id) => ({ id, bandwidth: 1, language: 'und', audio: a, video: v })),
    textStreams: texts.map((language) => stream('text', `t-${language}`, { language })),
    imageStreams: [],
  };
}

const SAME_LENGTH = { presentS: 90, nextS: 90.04 };

test('new renditions join, paired with the sound that already plays', () => {
  const present = manifest(['240p'], [['a1', 'en']]);
  const sound = present.variants[0]?.audio;
  const playing = present.variants[0];
  const next = manifest(['240p', '720p'], [['a1', 'en']]);
  assert.equal(joinManifests(present, next, SAME_LENGTH).way, 'joined');
  assert.equal(present.variants.length, 2);
  assert.equal(present.variants[0], playing, 'what plays stays the very same');
  assert.equal(present.variants[1]?.video?.originalId, '720p');
  assert.equal(present.variants[1]?.audio, sound);
});

test('what was assumed of a rendition that grows gives way to what is known of it', () => {
  const present = manifest(['240p'], [['a1', 'en']]);
  const next = manifest(['240p', '360p'], [['a1', 'en']]);
  for (const variant of present.variants) variant.bandwidth = 400_000;
  for (const [at, variant] of next.variants.entries()) variant.bandwidth = [90_000, 150_000][at] ?? 0;
  joinManifests(present, next, SAME_LENGTH);
  assert.deepEqual(
    present.variants.map(({ video, bandwidth }) => [video?.originalId, bandwidth]),
    [
      ['240p', 90_000],
      ['360p', 150_000],
    ],
  );
});

test('no two streams or variants share an id after several publications', () => {
  const present = manifest(['240p'], [['a1', 'en']], ['en']);
  joinManifests(present, manifest(['240p', '360p'], [['a1', 'en']], ['en']), SAME_LENGTH);
  joinManifests(present, manifest(['240p', '360p', '720p'], [['a1', 'en']], ['en', 'de']), SAME_LENGTH);
  const streams = new Set([
    ...present.variants.flatMap(({ audio, video }) => [audio, video]),
    ...present.textStreams,
  ]);
  const streamIds = [...streams].map((each) => each?.id);
  const variantIds = present.variants.map(({ id }) => id);
  assert.equal(new Set(streamIds).size, streamIds.length);
  assert.equal(new Set(variantIds).size, variantIds.length);
  assert.deepEqual(
    present.variants.map(({ video }) => video?.originalId),
    ['240p', '360p', '720p'],
  );
  assert.equal(present.textStreams.length, 2);
});

test('a new language joins with every rendition', () => {
  const present = manifest(['240p', '720p'], [['a1', 'en']]);
  joinManifests(
    present,
    manifest(
      ['240p', '720p'],
      [
        ['a1', 'en'],
        ['a2', 'de'],
      ],
    ),
    SAME_LENGTH,
  );
  assert.equal(present.variants.length, 4);
  const german = present.variants.filter(({ audio }) => audio?.language === 'de');
  assert.deepEqual(
    german.map(({ video }) => video),
    present.variants.slice(0, 2).map(({ video }) => video),
  );
});

test('the same publication again changes nothing', () => {
  const present = manifest(['240p'], [['a1', 'en']]);
  const before = [...present.variants];
  assert.equal(joinManifests(present, manifest(['240p'], [['a1', 'en']]), SAME_LENGTH).way, 'unchanged');
  assert.deepEqual(present.variants, before);
});

test('a longer film, or sound where there was none, has to be loaded', () => {
  const next = manifest(['240p', '720p'], [['a1', 'en']]);
  const longer = joinManifests(manifest(['240p'], [['a1', 'en']]), next, { presentS: 10, nextS: 90 });
  assert.equal(longer.way, 'reload');
  const silent = manifest(['240p'], []);
  assert.equal(joinManifests(silent, next, SAME_LENGTH).way, 'reload');
  assert.equal(silent.variants.length, 1);
});
