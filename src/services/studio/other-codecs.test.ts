import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rung } from '../../contracts/tasks.ts';
import { inOtherCodecs } from './other-codecs.ts';

const rung = (height: number): Rung => ({
  ...{ name: `${height}p`, width: (height * 16) / 9, height, crf: 24, bitsPerSMax: 4_000_000 },
  preset: 'veryfast',
});
const RUNGS = [rung(540), rung(1080)];
const grainIn = (grain: number | undefined, height = 1080) =>
  inOtherCodecs(RUNGS, ['hevc', 'av1'], {
    colour: 'sdr',
    height,
    ...(grain === undefined ? {} : { grain }),
  }).map(({ name, filmGrain }) => [name, filmGrain]);

test('AV1 players add the grain that is left after scaling, where it is worth it', () => {
  assert.deepEqual(grainIn(4), [
    ['540p-hevc', undefined],
    ['1080p-hevc', undefined],
    ['540p-av1', 8],
    ['1080p-av1', 16],
  ]);
  assert.deepEqual(
    grainIn(2).map(([, strength]) => strength),
    [undefined, undefined, undefined, 8],
  );
  assert.deepEqual(
    grainIn(40).map(([, strength]) => strength),
    [undefined, undefined, 50, 50],
  );
});

test('clean films and those of older versions have none', () => {
  for (const grain of [0, 0.4, undefined])
    assert.ok(grainIn(grain).every(([, strength]) => strength === undefined));
});
