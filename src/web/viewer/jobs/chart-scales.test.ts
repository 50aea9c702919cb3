import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawable, extentsOf, linearScale, logScale, sizesOf } from './chart-scales.ts';

const point = (width: number, height: number, bitsPerS: number, quality: number | null) => ({
  ...{ width, height, crf: 23, bitsPerS, quality },
});

test('equal ratios of rate are equally far apart, within the ends', () => {
  const scale = logScale([100_000, 8_000_000], [0, 700]);
  const [a, b, c] = [scale.at(200_000), scale.at(400_000), scale.at(800_000)];
  assert.ok(Math.abs(b - a - (c - b)) < 1e-6);
  assert.ok(scale.at(100_000) > 0 && scale.at(8_000_000) < 700);
  assert.deepEqual(
    scale.ticks.map((tick) => Math.round(tick)),
    [100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000],
  );
});

test('ticks of qualities are round and reach around the values, for one value as for many', () => {
  const scale = linearScale([61.3, 97.2], [400, 0]);
  assert.deepEqual(scale.ticks, [60, 70, 80, 90, 100]);
  assert.equal(scale.at(60), 400);
  assert.equal(scale.at(100), 0);
  const single = linearScale([0.98, 0.98], [400, 0]);
  assert.ok(single.ticks.length >= 2);
  assert.ok(Number.isFinite(single.at(0.98)));
  assert.ok(Number.isFinite(logScale([5000, 5000], [0, 9]).at(5000)));
});

test('what was not measured is not drawn, and nothing at all has no chart', () => {
  assert.equal(drawable([point(640, 360, 1000, null), point(640, 360, 0, 50)]).length, 0);
  const none = { metric: 'vmaf', points: [], hull: [], chosen: [], apple: [] };
  assert.equal(extentsOf(none), null);
  const some = { ...none, points: [point(640, 360, 1000, 50)], hull: [point(640, 360, 9000, 90)] };
  assert.deepEqual(extentsOf(some), { rates: [1000, 9000], qualities: [50, 90] });
});

test('sizes go from small to large, each once', () => {
  const points = [point(1280, 720, 1, 1), point(640, 360, 1, 1), point(1280, 720, 2, 2)];
  assert.deepEqual(sizesOf(points), ['640 × 360', '1280 × 720']);
});
