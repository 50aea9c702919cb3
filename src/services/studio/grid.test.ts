import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planChunks, planGrid } from './grid.ts';
import { someInspection } from './studio.testing.ts';

const config = { segmentS: 4, chunkS: 24, gopS: 2 };
const gridOf = (durationS: number, num: number, den = 1) =>
  planGrid(someInspection({ durationS, frameRate: { num, den } }), config);

test('the grid is counted in frames', () => {
  const grid = gridOf(72.25, 24);
  assert.deepEqual(grid, {
    frames: 1734,
    gopFrames: 48,
    segmentFrames: 96,
    segmentS: 4,
    durationS: 72.25,
  });
  const ntsc = gridOf(600.6, 30_000, 1001);
  assert.deepEqual([ntsc.frames, ntsc.gopFrames, ntsc.segmentFrames], [18_000, 60, 120]);
  assert.ok(Math.abs(ntsc.segmentS - 4.004) < 1e-9);
});

test('chunks cover every frame once, on the grid, and none is a splinter', () => {
  const rates = [
    [5, 1],
    [10, 1],
    [24_000, 1001],
    [24, 1],
    [25, 1],
    [30_000, 1001],
    [60, 1],
    [13, 1],
  ] as const;
  for (const [num, den] of rates) {
    for (const seconds of [
      0.04, 1, 3.9, 4, 11, 12, 24, 25, 35, 36, 37, 47.9, 48, 72.25, 139.4, 7200, 43_200,
    ]) {
      const grid = gridOf(seconds, num, den);
      const chunks = planChunks(grid, config);
      const at = `${seconds} s at ${num}/${den}`;
      let next = 0;
      for (const chunk of chunks) {
        assert.equal(chunk.firstFrame, next, at);
        assert.equal(chunk.firstFrame % grid.segmentFrames, 0, at);
        assert.equal(chunk.last, chunk === chunks.at(-1), at);
        next += chunk.frames;
      }
      assert.equal(next, grid.frames, at);
      const chunkFrames = 6 * grid.segmentFrames;
      for (const chunk of chunks) {
        assert.ok(chunk.frames > 0 && chunk.frames <= 1.5 * chunkFrames, at);
        assert.ok(chunks.length === 1 || chunk.frames >= chunkFrames / 2, at);
      }
    }
  }
});
