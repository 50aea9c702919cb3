import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TaskSpec } from '../../contracts/tasks.ts';
import { chunkFilters, type EncodeVideoSpec } from './encode-video.ts';
import { seekOptions } from './picture-filters.ts';
import { frameSums, makeClip, realClip, TEST_PICTURE } from './test-clips.ts';

/**
 * Pictures are compared before they are encoded, by the same options and filters as a chunk's encode uses, so that
 * the comparison is exact whatever the encoder does.
 */
type Case = {
  clip: string;
  num: number;
  den: number;
  startS: number;
  gop: number;
  frames: number;
  indexed?: boolean;
  detelecine?: 'top';
  /** How many different pictures there must be for the comparison to mean something. */
  distinctMin?: number;
};

async function picturesOf(given: Case, firstFrame: number, frames: number, last: boolean): Promise<string[]> {
  const { num, den, startS, gop } = given;
  const rung = { name: '90p', width: 160, height: 90, crf: 30, bitsPerSMax: 1e6, preset: 'ultrafast' };
  const treatment = { startS, deinterlace: false, toneMap: 'none' as const, fullRange: false };
  const picture = {
    ...treatment,
    frameRate: { num, den },
    ...(given.detelecine ? { detelecine: given.detelecine } : {}),
  };
  const range = { firstFrame, frames, gopFrames: gop, last };
  const spec: TaskSpec = { kind: 'encode-video', master: 'x', streamIndex: 0, rung, picture, ...range };
  const filters = chunkFilters(spec as EncodeVideoSpec, {
    index: 0,
    width: 1280,
    height: 720,
    pix_fmt: 'yuv420p',
  });
  const fromS = (firstFrame * den) / num;
  const seek = seekOptions(startS, fromS, given.indexed ?? true);
  return frameSums(...seek, '-i', given.clip, '-map', '0:v:0', '-vf', filters, '-frames:v', String(frames));
}

async function assertSeamless(given: Case, chunkFrames: number): Promise<void> {
  const whole = await picturesOf(given, 0, given.frames, true);
  assert.equal(whole.length, given.frames);
  const joined: string[] = [];
  for (let first = 0; first < given.frames; first += chunkFrames) {
    const frames = Math.min(chunkFrames, given.frames - first);
    const sums = await picturesOf(given, first, frames, first + frames === given.frames);
    assert.equal(sums.length, frames, `the chunk at ${first} is complete`);
    joined.push(...sums);
  }
  assert.deepEqual(joined, whole);
  assert.ok(new Set(whole).size >= (given.distinctMin ?? given.frames / 2), 'the pictures differ');
}

const montage = realClip('sintel-montage-1080p-multitrack.mkv');
const dog = realClip('sam2-dog-720p30.mp4');

test('chunks of a Matroska film that starts half a frame late join exactly', {
  skip: montage.skip,
}, async () => {
  const given = { clip: montage.path, num: 24, den: 1, startS: 0.021, gop: 48, frames: 288 };
  await assertSeamless(given, 96);
});

test('chunks at 29.97 frames a second join exactly and are what the master holds', {
  skip: dog.skip,
}, async () => {
  const given = { clip: dog.path, num: 30000, den: 1001, startS: 0, gop: 60, frames: 289 };
  await assertSeamless(given, 120);
  const scale =
    'scale=w=160:h=90:flags=lanczos+accurate_rnd+full_chroma_int:in_range=tv:in_color_matrix=bt709:out_range=tv:out_color_matrix=bt709';
  const decoded = await frameSums('-i', dog.path, '-map', '0:v:0', '-vf', scale, '-fps_mode', 'passthrough');
  assert.deepEqual(await picturesOf(given, 0, 289, true), decoded);
});

test('chunks of variable rate, of twice the rate, and of a transport stream join exactly', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-seams-'));
  try {
    const x264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '37', '-bf', '3', '-pix_fmt', 'yuv420p'];
    const vfr = join(folder, 'vfr.mp4');
    const drop = "select='not(mod(n,3))+not(mod(n,7))'";
    await makeClip(...TEST_PICTURE, '-t', '8', '-vf', drop, '-fps_mode', 'vfr', ...x264, vfr);
    // Half of the slots of the variable one repeat a picture.
    await assertSeamless(
      { clip: vfr, num: 30, den: 1, startS: 0, gop: 60, frames: 240, distinctMin: 90 },
      60,
    );
    const fast = join(folder, 'fast.mkv');
    await makeClip('-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=120', '-t', '5', ...x264, fast);
    await assertSeamless({ clip: fast, num: 60, den: 1, startS: 0, gop: 120, frames: 300 }, 120);
    const stream = join(folder, 'stream.ts');
    // Long enough that the last chunks are not read from the start.
    await makeClip(...TEST_PICTURE, '-t', '24', ...x264, stream);
    await assertSeamless(
      { clip: stream, num: 30, den: 1, startS: 1.466667, gop: 60, frames: 720, indexed: false },
      60,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('pulldown is undone to the very pictures of the film, and its chunks join exactly', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-film-'));
  try {
    const lossless = [
      '-c:v',
      'libx264',
      '-qp',
      '0',
      '-preset',
      'ultrafast',
      '-g',
      '24',
      '-pix_fmt',
      'yuv420p',
    ];
    const film = join(folder, 'film.mkv');
    const source = ['-f', 'lavfi', '-i', 'mandelbrot=size=320x180:rate=24000/1001', '-t', '9'];
    await makeClip(...source, ...lossless, film);
    const pulled = join(folder, 'pulled.mp4');
    const weave = ['-vf', 'telecine=pattern=23', '-flags', '+ilme+ildct', '-x264-params', 'tff=1'];
    await makeClip('-i', film, ...weave, ...lossless, pulled);
    const rate = { num: 24000, den: 1001, startS: 0, gop: 48, frames: 192 };
    const given: Case = { ...rate, clip: pulled, detelecine: 'top' };
    await assertSeamless(given, 48);
    const back = await picturesOf(given, 0, 192, true);
    const shown = await picturesOf({ ...rate, clip: film }, 0, 192, true);
    const same = back.filter((sum) => shown.includes(sum)).length;
    assert.ok(same >= 188, `${same} of 192 pictures are the film's own`);
    assert.equal(new Set(back).size, 192);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
