import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, film, SHEETS, text, track, video } from './films.testing.ts';
import { besideRates, peakBitsPerS, segmentMicros, sheetBitsPerS, targetDurationS } from './rates.ts';

test('the peak is that of any segments in a row around the target duration', () => {
  const seconds = (...rows: Array<[number, number]>) => track('video', 1, rows);
  assert.equal(peakBitsPerS(seconds([4, 4000], [4, 2000]), 4), 8000);
  // The last second alone is too short to count; with the one before it, it makes the peak.
  assert.equal(peakBitsPerS(seconds([4, 4000], [1, 6000]), 4), 16_000);
  // Seven seconds are more than one and a half targets.
  assert.equal(peakBitsPerS(seconds([4, 4000], [3, 6000]), 4), 16_000);
  assert.equal(peakBitsPerS(seconds([1, 500], [1, 1000], [1, 1000], [1, 500]), 4), 8000);
});

test('what the encoder measured is never understated', () => {
  assert.equal(peakBitsPerS(track('video', 1, [[4, 4000]], { bitsPerSPeak: 9999 }), 4), 9999);
});

test('a variant bears the loudest sound and captions', () => {
  const loud = {
    ...audio('a2'),
    track: { ...audio('a2').track, bitsPerSPeak: 300_000, bitsPerSMean: 200_000 },
  };
  const of = (...more: Parameters<typeof film>) => besideRates(film(...more), 4);
  assert.deepEqual(of(), { peak: 0, mean: 0 });
  assert.deepEqual(of({ audio: [audio('a1'), loud] }), { peak: 300_000, mean: 200_000 });
  assert.deepEqual(of({ text: [text('t1')] }), { peak: 256, mean: 256 });
});

test('the target duration is the longest segment to the nearest second, at least one', () => {
  const target = (timescale: number, ticks: number) =>
    targetDurationS(film({ video: [{ ...video(360), track: track('video', timescale, [[ticks, 1]]) }] }));
  assert.equal(target(30_000, 120_120), 4);
  assert.equal(target(10, 45), 5);
  assert.equal(target(10, 2), 1);
});

test('segments of 29.97 frames a second last exactly as long as they do', () => {
  assert.deepEqual(
    segmentMicros(
      track('video', 30_000, [
        [120_120, 1],
        [1001, 1],
      ]),
    ),
    [4_004_000, 33_367],
  );
});

test('the rate of thumbnails is that of one sheet', () => {
  assert.equal(sheetBitsPerS(SHEETS, 100), (4 * 160 * 90 * 6) / 8);
  assert.equal(sheetBitsPerS(SHEETS, 2), (4 * 160 * 90 * 6) / 2);
});
