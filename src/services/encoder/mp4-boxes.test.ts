import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readMovieFile } from './movie-file.ts';
import { boxes, findBox, readMovie, readSegment } from './mp4-boxes.ts';
import { makeClip, TEST_PICTURE } from './test-clips.ts';

let folder = '';
const at = (name: string) => join(folder, name);
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-boxes-'));
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-g', '30', '-pix_fmt', 'yuv420p'];
  await makeClip(...TEST_PICTURE, '-t', '2', ...video, '-video_track_timescale', '30000', at('video.mp4'));
  await makeClip('-f', 'lavfi', '-i', 'sine=d=1:r=48000', '-ac', '2', '-c:a', 'aac', at('audio.mp4'));
  const fragments = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof'];
  await makeClip('-i', at('video.mp4'), '-c', 'copy', ...fragments, at('fragments.mp4'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a film header tells codec, size, samples, key samples and the delay of its B-frames', async () => {
  const movie = await readMovieFile(at('video.mp4'));
  assert.match(movie.codecs, /^avc1\.64[0-9a-f]{4}$/);
  assert.deepEqual(movie.video, { width: 320, height: 180 });
  assert.deepEqual([movie.timescale, movie.samples, movie.ticks], [30_000, 60, 60_000]);
  assert.deepEqual(movie.keySamples, [0, 30]);
  assert.equal(movie.editTicks, 2000);
});

test('a sound header tells codec, channels, rate and priming', async () => {
  const movie = await readMovieFile(at('audio.mp4'));
  assert.equal(movie.codecs, 'mp4a.40.2');
  assert.deepEqual(movie.audio, { channels: 2, sampleRate: 48_000 });
  assert.equal(movie.editTicks, 1024);
});

test('fragments tell their times and whether they start with a key frame', async () => {
  const file = await readFile(at('fragments.mp4'));
  const movie = readMovie(file);
  const segment = readSegment(file, movie.defaultSampleTicks);
  assert.deepEqual([segment.decodeTicks, segment.samples, segment.ticks], [0, 60, 60_000]);
  assert.equal(segment.shownToTicks - segment.shownFromTicks, 60_000);
  assert.equal(segment.startsWithKey, true);
});

test('broken and missing boxes are errors, never endless loops', () => {
  assert.throws(() => boxes(Buffer.from('00000004667265650000', 'hex')), /broken/);
  assert.throws(() => boxes(Buffer.from('000000ff66726565', 'hex')), /broken/);
  assert.equal(findBox(Buffer.from('0000000866726565', 'hex'), 'moov'), undefined);
  assert.throws(() => readMovie(Buffer.alloc(0)), /moov/);
  assert.throws(() => readSegment(Buffer.from('0000000866726565', 'hex'), 0), /no movie fragment/);
});
