/** Analyses of made and real films by a worker: what is measured is what the encodes are. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TaskSpec } from '../../contracts/tasks.ts';
import { pickEvenly } from './analyse.ts';
import { openFakeStudio } from './fake-studio.ts';
import { FAST_X264, makeClip, TEST_PICTURE } from './test-clips.ts';

type AnalyseSpec = Extract<TaskSpec, { kind: 'analyse' }>;

const specOf = (master: string): AnalyseSpec => ({
  ...{ kind: 'analyse', master, streamIndex: 0, frames: 240, gopFrames: 30, preset: 'superfast' },
  picture: {
    frameRate: { num: 30, den: 1 },
    ...{ startS: 0, deinterlace: false, toneMap: 'none', fullRange: false },
  },
  // One more place than is taken, so that it is felt for.
  looks: [0, 90, 180],
  samples: { count: 2, frames: 24 },
  shapes: [
    { width: 160, height: 90 },
    { width: 320, height: 180 },
  ],
  crfs: [24, 36],
});

test('more bits and more pixels are measured as better, and a cut is found', async () => {
  await using studio = await openFakeStudio();
  const clip = join(studio.folder, 'clip.mp4');
  // Two pictures that have nothing in common, one after the other at frame 100.
  const cut = "geq=lum='if(lt(N,100),mod(X*3+N,200),255-mod(Y*7+N,180))':cb=128:cr=128";
  await makeClip(...TEST_PICTURE, '-vf', cut, ...FAST_X264, '-g', '30', '-t', '8', clip);
  const stop = await studio.startWorker();
  const end = await studio.run(specOf(studio.url(clip)));
  await stop();
  assert.ok(end.end === 'done' && end.result.kind === 'analyse', JSON.stringify(end));
  const { points, samples, cuts, metric, cpuS } = end.result.analysis;
  assert.ok(metric === 'ssim' || metric === 'vmaf');
  assert.equal(points.length, 4);
  assert.equal(samples.length, 2);
  assert.ok(cpuS > 0);
  const of = (width: number, crf: number) => points.find((one) => one.width === width && one.crf === crf);
  for (const width of [160, 320]) {
    const [good, poor] = [of(width, 24), of(width, 36)];
    assert.ok(
      good && poor && good.bitsPerS > poor.bitsPerS && good.quality > poor.quality,
      JSON.stringify(points),
    );
  }
  assert.ok((of(320, 24)?.quality ?? 0) > (of(160, 24)?.quality ?? 0) + 1, JSON.stringify(points));
  // Unrelated pictures have an SSIM of a few tenths of a decibel: pictures were compared with their own.
  assert.ok((of(320, 24)?.quality ?? 0) > 8, JSON.stringify(points));
  const isSeen = samples.some(({ firstFrame, frames }) => firstFrame < 100 && 100 < firstFrame + frames);
  assert.deepEqual(cuts, isSeen ? [100] : []);
});

test('samples stand for the easy and the hard parts alike', () => {
  const looks = [5, 1, 4, 2, 3, 6].map((bytes) => ({ bytes }));
  assert.deepEqual(
    pickEvenly(looks, 3).map(({ bytes }) => bytes),
    [2, 4, 6],
  );
  assert.deepEqual(
    pickEvenly(looks, 1).map(({ bytes }) => bytes),
    [4],
  );
});
