import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planLadder } from './ladder.ts';

const ladder = (width: number, height: number, fps = 24) =>
  planLadder({ width, height, frameRate: { num: fps, den: 1 } });
const shapes = (width: number, height: number) =>
  ladder(width, height).map((rung) => `${rung.name} ${rung.width}x${rung.height}`);

test('a ladder goes up to the size of the master', () => {
  assert.deepEqual(shapes(1920, 1080), [
    '240p 426x240',
    '360p 640x360',
    '480p 854x480',
    '720p 1280x720',
    '1080p 1920x1080',
  ]);
  assert.deepEqual(shapes(1280, 720).at(-1), '720p 1280x720');
  assert.deepEqual(shapes(640, 360), ['240p 426x240', '360p 640x360']);
});

test('wide films fill the boxes on their long side and keep the usual names', () => {
  assert.deepEqual(shapes(1920, 818), [
    '240p 426x182',
    '360p 640x272',
    '480p 854x364',
    '720p 1280x546',
    '1080p 1920x818',
  ]);
  assert.deepEqual(shapes(1280, 544).at(-1), '720p 1280x544');
});

test('upright films are measured by their short side', () => {
  assert.deepEqual(
    shapes(1080, 1920).map((shape) => shape.split(' ')[0]),
    ['240p', '360p', '480p', '720p', '1080p'],
  );
  assert.deepEqual(shapes(720, 1280).at(-1), '720p 720x1280');
});

test('an odd master keeps its own size on top, and a rung too close to it is left out', () => {
  assert.deepEqual(shapes(768, 432), ['240p 426x240', '360p 640x360', '432p 768x432']);
  assert.deepEqual(shapes(1366, 768), ['240p 426x240', '360p 640x360', '480p 854x480', '768p 1366x768']);
});

test('nothing is made larger, not even for the smallest master', () => {
  assert.deepEqual(shapes(160, 90), ['90p 160x90']);
  assert.deepEqual(shapes(16, 16), ['16p 16x16']);
  assert.equal(ladder(160, 90)[0]?.preset, 'superfast');
});

test('a 4K master gets a ladder up to 1080p', () => {
  assert.deepEqual(shapes(3840, 2160).at(-1), '1080p 1920x1080');
  assert.deepEqual(shapes(4096, 1744).at(-1), '1080p 1920x818');
});

test('every size from 16 to 8192 gives at least one rung, all even, none larger, names apart, low to high', () => {
  const sides = [16, 18, 90, 144, 240, 426, 480, 576, 640, 854, 1080, 1920, 2160, 4096, 8192];
  for (const width of sides) {
    for (const height of sides) {
      const rungs = ladder(width, height);
      const at = `${width}x${height}: ${rungs.map((rung) => `${rung.name} ${rung.width}x${rung.height}`)}`;
      assert.ok(rungs.length >= 1, at);
      assert.equal(new Set(rungs.map(({ name }) => name)).size, rungs.length, at);
      for (const [index, rung] of rungs.entries()) {
        assert.ok(rung.width % 2 === 0 && rung.height % 2 === 0, at);
        assert.ok(rung.width >= 2 && rung.width <= width && rung.height <= height, at);
        assert.ok(Math.max(rung.width, rung.height) <= 1920, at);
        const below = rungs[index - 1];
        if (below) assert.ok(below.width * below.height < rung.width * rung.height, at);
        if (below) assert.ok(below.bitsPerSMax < rung.bitsPerSMax, at);
      }
    }
  }
});

test('fast films get higher caps', () => {
  assert.equal(ladder(1920, 1080, 60).at(-1)?.bitsPerSMax, 9_000_000);
  assert.equal(ladder(1920, 1080, 30).at(-1)?.bitsPerSMax, 6_000_000);
});
