import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presetView } from '../../contracts/jobs.ts';
import { fixedLadder, named } from './ladder.ts';
import { presetViews } from './preset-views.ts';
import { presetOf, readPresets } from './presets.ts';

const frameRate = { num: 24, den: 1 };

test("Apple's ladder keeps both rungs of a size, with names of their own, and ends at the master's size", () => {
  const preset = presetOf(readPresets(), 'apple');
  assert.ok(preset.kind === 'fixed');
  const names = (width: number, height: number) =>
    fixedLadder(preset.steps, { width, height, frameRate }).map(
      ({ name, bitsPerSMax }) => `${name} ${bitsPerSMax / 1000}`,
    );
  assert.deepEqual(names(1920, 1080), [
    ...['234p 145', '360p 365', '432p-2 730', '432p 1100', '540p 2000'],
    ...['720p-2 3000', '720p 4500', '1080p-2 6000', '1080p 7800'],
  ]);
  assert.deepEqual(names(1280, 720).slice(-3), ['540p 2000', '720p-2 3000', '720p 4500']);
  assert.deepEqual(names(320, 180), ['180p 145']);
});

test('an archive is of the size of the master, whatever that is', () => {
  const preset = presetOf(readPresets(), 'archive');
  assert.ok(preset.kind === 'fixed');
  const rungs = fixedLadder(preset.steps, { width: 3840, height: 2160, frameRate });
  assert.deepEqual(
    rungs.map(({ name, width }) => `${name} ${width}`),
    ['360p 640', '2160p 3840'],
  );
});

test('a file adds presets and replaces those that there are', () => {
  const text = JSON.stringify({
    school: { kind: 'fixed', steps: [{ lines: 480, crf: 25, bitsPerSMax: 1_000_000 }] },
    apple: { kind: 'per-title', rungsMax: 3 },
  });
  const presets = readPresets(text);
  assert.deepEqual(presetOf(presets, 'school'), {
    kind: 'fixed',
    steps: [{ lines: 480, crf: 25, bitsPerSMax: 1_000_000, preset: 'veryfast' }],
  });
  assert.deepEqual(presetOf(presets, 'apple'), { kind: 'per-title', rungsMax: 3, preset: 'veryfast' });
  assert.equal(presetOf(presets, 'per-title').kind, 'per-title');
});

test('what is wrong in a file, or not there, is said', () => {
  const fails = (text: string, message: RegExp) =>
    assert.throws(() => readPresets(text), { code: 'invalid_config', message });
  fails('{', /not JSON/);
  fails('{"a b": {"kind": "standard"}}', /a b/);
  fails('{"x": {"kind": "fixed", "steps": []}}', /x\.steps/);
  fails(
    '{"x": {"kind": "fixed", "steps": [{"lines": 480, "crf": 99, "bitsPerSMax": 1000000}]}}',
    /x\.steps\.0\.crf/,
  );
  fails('{"x": {"kind": "per-title", "colour": 1}}', /colour/);
  const twice = { lines: 480, crf: 25, bitsPerSMax: 1_000_000 };
  fails(
    JSON.stringify({ x: { kind: 'fixed', steps: [twice, { ...twice, crf: 20 }] } }),
    /x\.steps: two steps/,
  );
  fails('{"x": {"kind": "standard", "meaning": ""}}', /x\.meaning/);
  assert.throws(() => presetOf(readPresets(), 'none'), {
    code: 'invalid_config',
    message: /there are .*apple/,
  });
});

test('each preset says what it is for and what it makes, and which one is taken unless another is asked', () => {
  const school = {
    ...{ kind: 'fixed', meaning: 'For the school network.' },
    steps: [
      { lines: 720, crf: 24, bitsPerSMax: 2_000_000 },
      { lines: 360, crf: 27, bitsPerSMax: 500_000 },
    ],
  };
  const presets = readPresets(JSON.stringify({ school, archive: { kind: 'standard' } }));
  const views = presetViews({ presets, ladder: 'school' });
  assert.deepEqual(
    views.map(({ name, from, default: isDefault }) => [name, from, isDefault]),
    [
      ['per-title', 'built-in', false],
      ['standard', 'built-in', false],
      ['apple', 'built-in', false],
      ['archive', 'file', false],
      ['school', 'file', true],
    ],
  );
  const own = views.at(-1);
  assert.equal(own?.meaning, 'For the school network.');
  assert.match(own?.contains ?? '', /^Up to 2 renditions.* 360 \(to 0\.5 Mbit\/s\), 720 \(to 2\.0 Mbit\/s\)/);
  assert.equal(views[1]?.steps.length, 5);
  assert.match(views[0]?.contains ?? '', /up to 7/);
  for (const view of views) presetView.parse(view);
});

test('names are unique, also beside those of others', () => {
  const rung = { name: '', width: 1280, height: 720, crf: 22, bitsPerSMax: 1, preset: 'veryfast' };
  assert.deepEqual(
    named([rung, rung], ['720p']).map(({ name }) => name),
    ['720p-3', '720p-2'],
  );
});
