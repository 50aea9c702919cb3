import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedLadder, named } from './ladder.ts';
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
  assert.throws(() => presetOf(readPresets(), 'none'), {
    code: 'invalid_config',
    message: /there are .*apple/,
  });
});

test('names are unique, also beside those of others', () => {
  const rung = { name: '', width: 1280, height: 720, crf: 22, bitsPerSMax: 1, preset: 'veryfast' };
  assert.deepEqual(
    named([rung, rung], ['720p']).map(({ name }) => name),
    ['720p-3', '720p-2'],
  );
});
