/** Ladders chosen from what encodes of real clips measured. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QualityPoint } from '../../contracts/analysis.ts';
import { convexHull, operations, paretoFront } from './hull.ts';
import { deviceCap } from './ladder.ts';
import { analysisOf, CLIPS } from './per-title.testing.ts';
import { chooseRungs, ladderHull } from './per-title.ts';

const limits = { rungsMax: 7, preset: 'veryfast', frameRate: { num: 24, den: 1 } };
const clips = Object.keys(CLIPS) as Array<keyof typeof CLIPS>;
const metrics = ['ssim', 'vmaf'] as const;

test('a hull leaves out what costs more for the same quality, and bends one way only', () => {
  const point = (bitsPerS: number, quality: number, width = 640) => ({
    width,
    height: 360,
    crf: 30,
    bitsPerS,
    quality,
  });
  const good = [point(100, 10), point(200, 15), point(400, 18), point(800, 19)];
  assert.deepEqual(convexHull([...good, point(300, 14), point(400, 12), point(1600, 18.5)]), good);
  // Of three on a line the middle one says nothing.
  assert.equal(convexHull([point(128, 10), point(256, 12), point(512, 14)]).length, 2);
  assert.deepEqual(paretoFront([point(100, 10), point(200, 12), point(400, 14), point(300, 11)]).length, 3);
});

test('settings between measured ones lie between them, and a little beyond are still believed', () => {
  const points: QualityPoint[] = [25, 31].map((crf) => ({
    ...{ width: 640, height: 360, crf },
    ...{ bitsPerS: crf === 25 ? 800_000 : 400_000, quality: crf === 25 ? 16 : 13 },
  }));
  const all = operations(points);
  const at = (crf: number) => all.find((one) => one.crf === crf);
  assert.equal(Math.round(at(28)?.bitsPerS ?? 0), Math.round(400_000 * Math.SQRT2));
  assert.equal(at(28)?.quality, 14.5);
  assert.equal(Math.round(at(35)?.bitsPerS ?? 0), Math.round(400_000 / 2 ** (4 / 6)));
  assert.equal(at(36), undefined);
});

for (const clip of clips) {
  for (const metric of metrics) {
    test(`${clip} by ${metric}: rungs rise in size, rate and quality, in steps that show, none above the master`, () => {
      const analysis = analysisOf(clip, metric);
      const rungs = chooseRungs(analysis, limits);
      assert.ok(rungs.length >= 3 && rungs.length <= 7, JSON.stringify(rungs));
      const widest = Math.max(...analysis.points.map(({ width }) => width));
      const all = operations(analysis.points);
      const of = rungs.map((rung) => all.find(({ width, crf }) => width === rung.width && crf === rung.crf));
      for (const [i, rung] of rungs.entries()) {
        assert.ok(rung.width <= widest && rung.crf >= 18 && rung.crf <= 42);
        assert.ok(rung.bitsPerSMax <= deviceCap(rung, limits.frameRate));
        const [below, own] = [of[i - 1], of[i]];
        if (!below || !own) continue;
        assert.ok(own.bitsPerS >= 1.6 * below.bitsPerS, `${i}: ${below.bitsPerS} to ${own.bitsPerS}`);
        assert.ok(own.quality - below.quality >= (metric === 'vmaf' ? 3 : 0.6));
        assert.ok(rung.width >= (rungs[i - 1]?.width ?? 0));
      }
    });
  }
}

test('an easy film gets fewer bits on top than a hard one', () => {
  const top = (clip: keyof typeof CLIPS) => {
    const rung = chooseRungs(analysisOf(clip, 'vmaf'), limits).at(-1);
    const { points } = analysisOf(clip, 'vmaf');
    return (
      operations(points).find(({ width, crf }) => width === rung?.width && crf === rung?.crf)?.bitsPerS ?? 0
    );
  };
  // The montage has nearly twice the pixels of the other.
  assert.ok(top('montage') < top('dog'), `${top('montage')} ${top('dog')}`);
});

test('a film whose quality hardly changes gets few rungs', () => {
  const points = [25, 31, 37].map((crf) => ({
    ...{ width: 1280, height: 720, crf, bitsPerS: 2_000_000 / 2 ** ((crf - 25) / 6) },
    quality: 99 - (crf - 25) / 20,
  }));
  const flat = { ...analysisOf('dog', 'vmaf'), points };
  assert.equal(chooseRungs(flat, limits).length, 1);
});

test('the hull for people is that of the settings that rungs may have', () => {
  const hull = ladderHull(analysisOf('dog', 'ssim'));
  assert.ok(hull.length >= 2 && hull.every(({ crf }) => crf >= 18 && crf <= 42));
});
