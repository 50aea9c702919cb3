import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskSpec } from '../../contracts/tasks.ts';
import { chooseLadder, withFixedLadder } from './choose-ladder.ts';
import { allOf } from './codec-policy.ts';
import { assembleFilm } from './film.ts';
import { ladderView } from './ladder-view.ts';
import { track as packagedTrack } from './manifests/films.testing.ts';
import { IMAGES_TRACK, type PlannedTask, planFilm } from './plan.ts';
import { presetOf, readPresets } from './presets.ts';
import { STANDARD, someAudio, someInspection, someText } from './studio.testing.ts';
import { readiness, type TaskState } from './tracks.ts';

const config = { segmentS: 4, chunkS: 24, gopS: 2 };

function packaged(track: string, media: 'video' | 'audio') {
  const result = {
    kind: 'package' as const,
    track: packagedTrack(media, 48_000, [[480_000, 1000]]),
    files: [],
  };
  return { track, path: `../${track}/`, result };
}

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

test('where a ladder is to be chosen, the lowest rung and an analysis come first, and the rest follows from that', () => {
  const found = someInspection({ durationS: 120, width: 1920, height: 1080 });
  const preset = presetOf(readPresets(), 'per-title');
  assert.ok(preset.kind === 'per-title');
  const first = planFilm(found, config, { name: 'per-title', preset });
  assert.deepEqual(
    first.plan.rungs.map(({ name }) => name),
    ['240p'],
  );
  assert.equal(first.plan.ladder?.state, 'pending');
  const spec = first.tasks.find(({ kind }) => kind === 'analyse')?.spec;
  assert.ok(spec?.kind === 'analyse' && spec.shapes.at(-1)?.width === 1920 && spec.shapes.length === 4);
  assert.ok(
    spec.looks.every((frame) => frame + spec.samples.frames <= spec.frames),
    JSON.stringify(spec),
  );
  const states = (tasks: readonly PlannedTask[]) =>
    tasks.map((task) => ({ ...task, id: task.name, state: 'done' as const, progress: 1 }));
  assert.ok(!readiness(first.plan, IMAGES_TRACK, states(first.tasks)).complete, 'rungs are still to come');

  const measured = spec.shapes.flatMap(({ width, height }, at) =>
    spec.crfs.map((crf) => ({
      ...{ width, height, crf, bitsPerS: width * height * 1.5 * 2 ** ((22 - crf) / 6) },
      quality: 14 + 2 * at - (crf - 22) * (0.3 + 0.08 * at),
    })),
  );
  const analysis = {
    metric: 'ssim' as const,
    preset: 'superfast',
    samples: [],
    points: measured,
    cuts: [],
    cpuS: 1,
  };
  const { plan, tasks } = chooseLadder(found, first.plan, config, preset, analysis);
  const names = plan.rungs.map(({ name }) => name);
  assert.equal(names[0], '240p');
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length >= 4, names.join());
  assert.equal(plan.ladder?.state, 'chosen');
  for (const name of names.slice(1)) {
    const own = tasks.filter(({ track }) => track === name);
    assert.equal(own.filter(({ kind }) => kind === 'package').length, 1, name);
    assert.ok(own.length >= 2);
  }
  assert.ok(readiness(plan, IMAGES_TRACK, states([...first.tasks, ...tasks])).complete);
  const newer = chooseLadder(found, first.plan, config, preset, analysis, allOf(['av1']));
  const shown = ladderView(newer.plan, found)?.chosen.filter(({ name }) => name.endsWith('-av1')) ?? [];
  assert.ok(shown.length > 0 && shown.every(({ codec, quality }) => codec === 'av1' && quality === null));
  const view = ladderView(plan, found);
  assert.equal(view?.chosen.length, names.length);
  assert.equal(view?.points.length, measured.length);
  assert.ok(view?.apple.some(({ name }) => name === '720p'));
});

test('a film that cannot be analysed gets the ladder of all others, and says why', () => {
  const found = someInspection({ width: 1280, height: 720 });
  const preset = presetOf(readPresets(), 'per-title');
  const first = planFilm(found, config, { name: 'per-title', preset });
  const { plan } = withFixedLadder(found, first.plan, config, 'it could not be analysed: no');
  assert.deepEqual(plan.rungs, planFilm(found, config, STANDARD).plan.rungs);
  assert.deepEqual([plan.ladder?.state, plan.ladder?.note], ['fixed', 'it could not be analysed: no']);
});

test('an analysis is a small part of the work, however short the film', () => {
  for (const durationS of [5, 10, 30, 90, 600, 7200]) {
    const found = someInspection({ durationS, width: 1920, height: 1080 });
    const preset = presetOf(readPresets(), 'per-title');
    const { tasks } = planFilm(found, config, { name: 'per-title', preset });
    const usual = planFilm(found, config, STANDARD).tasks.filter(({ kind }) => kind === 'encode-video');
    const cost = tasks.find(({ kind }) => kind === 'analyse')?.cost ?? 0;
    const all = usual.reduce((sum, task) => sum + task.cost, 0);
    // A chosen ladder costs about twice the usual one.
    assert.ok(cost < (durationS < 15 ? 0.8 : 0.55) * all, `${durationS} s: ${cost} of ${all}`);
  }
});

test('sound in further codecs has all tracks, 5.1 where the master brings it, and holds nothing up', () => {
  const audio = [
    someAudio({ index: 1, channels: 6, layout: '5.1(side)', language: 'en' }),
    someAudio({ index: 2, channels: 1, language: 'en', commentary: true, default: true }),
    someAudio({ index: 3, channels: 6, layout: 'hexagonal', language: 'de' }),
  ];
  const soundCodecs = ['eac3', 'opus'] as const;
  const { plan, tasks } = planFilm(someInspection({ audio }), config, { ...STANDARD, soundCodecs });
  const specs = new Map(
    tasks.flatMap(({ track, spec }) => (spec.kind === 'encode-audio' ? [[track, spec]] : [])),
  );
  assert.deepEqual(
    [...specs].map(([track, { codec, channels, bitsPerS }]) => [track, codec, channels, bitsPerS]),
    [
      ['a1', undefined, 2, 128_000],
      ['a2', undefined, 2, 96_000],
      ['a3', undefined, 2, 128_000],
      ['a1-eac3', 'eac3', 6, 384_000],
      ['a2-eac3', 'eac3', 2, 160_000],
      ['a3-eac3', 'eac3', 2, 160_000],
      ['a1-opus', 'opus', 2, 96_000],
      ['a2-opus', 'opus', 2, 64_000],
      ['a3-opus', 'opus', 2, 96_000],
    ],
  );
  const first = ['240p', 'a1', 'a2', 'a3'];
  const states = tasks.map((task) => ({
    ...{ ...task, id: task.name, progress: 0 },
    state: first.includes(task.track) ? ('done' as const) : ('queued' as const),
  }));
  assert.deepEqual(readiness(plan, IMAGES_TRACK, states), { tracks: first, complete: false });
  const sound = assembleFilm(plan, [
    packaged('240p', 'video'),
    ...[...specs.keys()].map((track) => packaged(track, 'audio')),
  ]).audio;
  assert.deepEqual(
    sound.slice(0, 3).map(({ label, default: plays }) => [label, plays]),
    [
      ['English', true],
      ['English (commentary)', false],
      ['German', false],
    ],
    'comments are never what plays by itself',
  );
  assert.deepEqual(sound.map(({ label }) => label).slice(3, 6), sound.map(({ label }) => label).slice(0, 3));
});

test('stereo films get no E-AC-3', () => {
  const { plan } = planFilm(someInspection({ audio: [someAudio({ index: 1 })] }), config, {
    ...STANDARD,
    soundCodecs: ['eac3'],
  });
  assert.deepEqual(
    plan.audio.map(({ id }) => id),
    ['a1'],
  );
});

test('other codecs are made of the upper rungs, in the range of the master, after those of H.264', () => {
  const found = someInspection({ durationS: 10, width: 1920, height: 1080, colour: 'pq' });
  const { plan, tasks } = planFilm(found, config, {
    ...STANDARD,
    policy: allOf(['hevc', 'av1']),
    loudnessLufs: -23,
  });
  assert.deepEqual(
    plan.rungs.slice(5).map(({ name, codec, range }) => `${name} ${codec} ${range}`),
    ['480p', '720p', '1080p']
      .map((name) => `${name}-hevc hevc pq`)
      .concat(['480p', '720p', '1080p'].map((name) => `${name}-av1 av1 pq`)),
  );
  assert.ok(plan.rungs.slice(0, 5).every(({ codec, range }) => !codec && !range));
  const least = (name: string) =>
    Math.min(...tasks.filter(({ track }) => track === name).map(({ priority }) => priority));
  assert.ok(least('480p-hevc') < least('1080p'));
  for (const { spec } of tasks) {
    taskSpec.parse({ ...spec, ...('master' in spec ? { master: 'http://x/' } : {}) });
    if (spec.kind === 'encode-audio') assert.equal(spec.loudnessLufs, -23);
  }
});
