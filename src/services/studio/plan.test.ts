import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskSpec } from '../../contracts/tasks.ts';
import { IMAGES_TRACK, planFilm } from './plan.ts';
import { STANDARD, someAudio, someInspection, someText } from './studio.testing.ts';
import { readiness, type TaskState } from './tracks.ts';

const config = { segmentS: 4, chunkS: 24, gopS: 2 };

test('a film with sound and captions becomes tasks that the fleet understands', () => {
  const found = someInspection({
    durationS: 72.25,
    width: 1920,
    height: 818,
    audio: [someAudio({ index: 1, language: 'en' }), someAudio({ index: 2, channels: 1 })],
    text: [someText({ index: 3, language: 'de' })],
  });
  const { plan, tasks } = planFilm(found, config, STANDARD);
  assert.deepEqual(
    plan.rungs.map(({ name }) => name),
    ['240p', '360p', '480p', '720p', '1080p'],
  );
  const count = (kind: string) => tasks.filter((task) => task.kind === kind).length;
  assert.deepEqual(
    ['encode-video', 'encode-audio', 'extract-text', 'package', 'images', 'inspect'].map(count),
    [15, 2, 1, 7, 1, 0],
  );
  assert.equal(new Set(tasks.map(({ name }) => name)).size, tasks.length);
  for (const task of tasks) {
    assert.deepEqual(taskSpec.parse(task.spec), task.spec);
    assert.ok(task.cost > 0);
    assert.equal(task.waits, task.kind === 'package');
    assert.match(task.name, /^[a-z0-9-]+$/);
  }
  const bits = tasks.flatMap(({ spec }) => (spec.kind === 'encode-audio' ? [spec.bitsPerS] : []));
  assert.deepEqual(bits, [128_000, 96_000]);
  const languages = tasks.flatMap(({ spec }) =>
    spec.kind === 'package' && spec.media === 'audio' ? [spec.language] : [],
  );
  assert.deepEqual(languages, ['en', undefined], 'an unknown language is left to no language');
});

test('high dynamic range, interlacing and the start of the film reach every picture task', () => {
  const found = someInspection({ colour: 'hlg', interlaced: true, startS: 1.4 });
  for (const { spec } of planFilm(found, config, STANDARD).tasks) {
    if (spec.kind !== 'encode-video' && spec.kind !== 'images') continue;
    const { toneMap, deinterlace, startS } = spec.picture;
    assert.deepEqual({ toneMap, deinterlace, startS }, { toneMap: 'hlg', deinterlace: true, startS: 1.4 });
  }
});

test('an odd file with hundreds of tracks cannot fill the queue', () => {
  const many = <T>(make: (of: { index: number }) => T) =>
    Array.from({ length: 300 }, (_, index) => make({ index }));
  const { plan } = planFilm(
    someInspection({ audio: many(someAudio), text: many(someText) }),
    config,
    STANDARD,
  );
  assert.deepEqual([plan.audio.length, plan.text.length], [16, 48]);
});

test('a film is ready to play with its lowest rung, all sound and all text, and complete with everything', () => {
  const found = someInspection({ audio: [someAudio({ index: 1 })], text: [someText({ index: 2 })] });
  const { plan, tasks } = planFilm(found, config, STANDARD);
  const states = new Map<string, TaskState['state']>(tasks.map(({ name }) => [name, 'queued']));
  const now = () =>
    readiness(
      plan,
      IMAGES_TRACK,
      tasks.map((task) => ({
        ...task,
        id: task.name,
        progress: 0,
        state: states.get(task.name) as TaskState['state'],
      })),
    );
  const finish = (track: string, state: TaskState['state'] = 'done') => {
    for (const task of tasks) if (task.track === track) states.set(task.name, state);
  };
  assert.deepEqual(now(), { tracks: undefined, complete: false });
  finish('240p');
  finish('360p');
  assert.equal(now().tracks, undefined, 'sound and text are missing');
  finish('a1');
  finish('t2', 'dropped');
  assert.deepEqual(now(), { tracks: ['240p', '360p', 'a1'], complete: false });
  finish('images');
  assert.deepEqual(now(), { tracks: ['240p', '360p', 'a1', 'images'], complete: true });
});
