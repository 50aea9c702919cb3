import assert from 'node:assert/strict';
import { test } from 'node:test';
import { presetOf, readPresets } from '../../src/services/studio/presets.ts';
import { GRID } from '../encode/ours.ts';
import { batchOf, filmOf } from './films.ts';
import { judge } from './fleet.ts';
import { modelOf } from './model.ts';
import { type Film, type Model, simulate } from './simulate.ts';

const preset = presetOf(readPresets(), 'per-title');
assert.equal(preset.kind, 'per-title');
const usual = modelOf({}, 8000);
const run = (films: readonly Film[], workers: number, model: Model = usual) =>
  simulate({ films, workers, model, grid: GRID, preset });
const near = (value: number, wanted: number) =>
  assert.ok(Math.abs(value / wanted - 1) < 0.01, `${value} instead of ${wanted}`);

test('one worker takes as long as all tasks together, and every number of workers does the same tasks', () => {
  const one = run([filmOf(1200)], 1);
  near(one.wallMs, one.workMs);
  const many = run([filmOf(1200)], 50);
  assert.equal(many.tasks, one.tasks);
  near(many.workMs, one.workMs);
  assert.deepEqual(run([filmOf(1200)], 50), many);
});

test('no fleet is faster than the longest path, and that is told task by task', () => {
  const slowSound: Model = (task, film) => usual(task, film) * (task.name === 'a2-encode' ? 20 : 1);
  const longest = run([filmOf(600)], 1_000_000, slowSound);
  assert.deepEqual(
    longest.path.map(({ name }) => name),
    ['inspect', 'a2-encode', 'a2-package'],
  );
  const pathMs = longest.path.reduce((sum, { ms }) => sum + ms, 0);
  near(longest.wallMs, pathMs);
  assert.ok(run([filmOf(600)], 200, slowSound).wallMs >= pathMs);
});

test('the shape of the work lets fleets of 2 to 200 workers reach eight tenths of what there is to gain', () => {
  const films = [filmOf(7200)];
  const longest = run(films, 1_000_000);
  for (const workers of [2, 32, 200]) {
    const { share } = judge(run(films, workers), longest, workers);
    assert.ok(share >= 0.8 && share <= 1.001, `${workers} workers: ${share}`);
  }
});

test('films that come together are done at nearly linear speed', () => {
  const films = batchOf(6);
  const { share, most } = judge(run(films, 16), run(films, 1_000_000), 16);
  assert.equal(most, 16);
  assert.ok(share >= 0.9, String(share));
});
