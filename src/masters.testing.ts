/**
 * For tests only: the table of masters that Matinee takes, each made small by ffmpeg, with what inspection must say of it.
 * A row is a container and a codec with one or two further traits; not every pair, but every value of each.
 */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { lowestRung } from './lowest-rung.testing.ts';
import type { FakeStudio } from './services/encoder/fake-studio.ts';
import { makeClip } from './services/encoder/test-clips.ts';

export type MasterRow = {
  name: string;
  /** Of the pictures as they are made: size and frames a second. */
  source?: string;
  args: string[];
  /** As shown. */
  size: [width: number, height: number];
  codec: string;
  rate?: [num: number, den: number];
  frames?: number;
  bitDepth?: number;
  cadence?: 'constant' | 'variable' | 'interlaced' | 'telecine';
  rotation?: number;
  /** Language and channels of the tracks. */
  sound?: Array<[language: string, channels: number]>;
};

const SECONDS = 1.6;
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast'];
const X265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:pools=1'];
const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'];
const AV1 = ['-c:v', 'libsvtav1', '-preset', '12', '-svtav1-params', 'lp=1'];
const format = (name: string) => ['-pix_fmt', name];
const tracks = (count: number) => ['-map', '0', ...Array.from({ length: count }, () => ['-map', '1']).flat()];
const STEREO: MasterRow['sound'] = [['und', 2]];

/** Few enough for the quick run of the tests. */
export const FEW: readonly MasterRow[] = [
  {
    ...{ name: 'h264.mp4', codec: 'h264', size: [320, 180], sound: STEREO },
    args: [...X264, ...format('yuv420p'), '-c:a', 'aac'],
  },
  {
    ...{ name: 'vp9-10.webm', codec: 'vp9', size: [320, 180], bitDepth: 10, sound: [['en', 2]] },
    args: [...VP9, ...format('yuv420p10le'), '-c:a', 'libopus', '-metadata:s:a', 'language=eng'],
  },
];

export const MANY: readonly MasterRow[] = [
  {
    ...{ name: 'h264-422-10.mov', codec: 'h264', size: [320, 180], bitDepth: 10, sound: [['und', 1]] },
    args: [...X264, ...format('yuv422p10le'), '-c:a', 'pcm_s16le', '-ac', '1'],
  },
  {
    ...{ name: 'prores.mov', codec: 'prores', size: [320, 180], bitDepth: 10, sound: STEREO },
    args: ['-c:v', 'prores_ks', '-profile:v', '3', '-c:a', 'pcm_s24le'],
  },
  {
    ...{ name: 'dnxhr.mov', codec: 'dnxhd', size: [320, 180], bitDepth: 10 },
    args: ['-c:v', 'dnxhd', '-profile:v', 'dnxhr_hqx', ...format('yuv422p10le'), '-an'],
  },
  {
    ...{ name: 'dnxhr.mxf', codec: 'dnxhd', source: 'size=1280x720:rate=25', size: [1280, 720] },
    ...{ sound: [['und', 1]] },
    args: ['-c:v', 'dnxhd', '-profile:v', 'dnxhr_sq', ...format('yuv422p'), '-c:a', 'pcm_s16le', '-ac', '1'],
  },
  {
    ...{ name: 'mpeg2-422i.mxf', codec: 'mpeg2video', source: 'size=720x576:rate=50', size: [1024, 576] },
    ...{ cadence: 'interlaced', sound: [['und', 1]] },
    args: [
      ...['-vf', 'tinterlace=interleave_top,setsar=64/45,setfield=tff', '-c:v', 'mpeg2video', '-b:v', '8M'],
      ...[...format('yuv422p'), '-flags', '+ilme+ildct', '-top', '1', '-c:a', 'pcm_s16le', '-ac', '1'],
    ],
  },
  {
    ...{ name: 'mpeg2i.ts', codec: 'mpeg2video', source: 'size=720x576:rate=50', size: [768, 576] },
    ...{ cadence: 'interlaced', sound: STEREO },
    args: [
      ...['-vf', 'tinterlace=interleave_top,setsar=16/15,setfield=tff', '-c:v', 'mpeg2video', '-b:v', '6M'],
      ...['-flags', '+ilme+ildct', '-top', '1', '-c:a', 'mp2'],
    ],
  },
  {
    ...{ name: 'h264-51.ts', codec: 'h264', size: [320, 180], sound: [['de', 6]] },
    args: [...X264, ...format('yuv420p'), '-c:a', 'ac3', '-ac', '6', '-metadata:s:a', 'language=ger'],
  },
  {
    ...{ name: 'hevc.ts', codec: 'hevc', size: [320, 180], sound: STEREO },
    args: [...X265, ...format('yuv420p'), '-c:a', 'aac'],
  },
  {
    ...{ name: 'hevc-10.mkv', codec: 'hevc', size: [320, 180], bitDepth: 10 },
    sound: [
      ['en', 2],
      ['fr', 6],
    ],
    args: [
      ...[...tracks(2), ...X265, ...format('yuv420p10le'), '-c:a', 'flac', '-ac:a:0', '2', '-ac:a:1', '6'],
      ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fre'],
    ],
  },
  {
    ...{ name: 'hevc.mp4', codec: 'hevc', source: 'size=320x180:rate=60000/1001', size: [320, 180] },
    ...{ rate: [60_000, 1001], frames: 96, sound: STEREO },
    args: [...X265, ...format('yuv420p'), '-tag:v', 'hvc1', '-c:a', 'aac'],
  },
  {
    ...{ name: 'av1-10.mkv', codec: 'av1', size: [320, 180], bitDepth: 10, sound: STEREO },
    args: [...AV1, ...format('yuv420p10le'), '-c:a', 'libopus'],
  },
  {
    ...{ name: 'av1.mp4', codec: 'av1', source: 'size=320x180:rate=24000/1001', size: [320, 180] },
    ...{ rate: [24_000, 1001], frames: 38, sound: STEREO },
    args: [...AV1, ...format('yuv420p'), '-c:a', 'aac'],
  },
  {
    ...{ name: 'odd-size.webm', codec: 'vp9', source: 'size=321x241:rate=25', size: [320, 240] },
    args: [...VP9, ...format('yuv420p'), '-an'],
  },
  {
    ...{ name: 'odd-size-444.mp4', codec: 'h264', source: 'size=321x241:rate=25', size: [320, 240] },
    args: [...X264, ...format('yuv444p'), '-an'],
  },
  {
    ...{ name: 'anamorphic.mkv', codec: 'h264', source: 'size=360x288:rate=25', size: [512, 288] },
    args: ['-vf', 'setsar=64/45', ...X264, ...format('yuv420p'), '-an'],
  },
  {
    ...{ name: 'upright.mov', codec: 'h264', size: [180, 320], rotation: 270, sound: [['und', 1]] },
    args: [...X264, ...format('yuv420p'), '-c:a', 'aac', '-ac', '1'],
  },
  {
    ...{ name: 'variable.mkv', codec: 'h264', source: 'size=320x180:rate=30', size: [320, 180] },
    ...{ rate: [30, 1], frames: 48, cadence: 'variable', sound: STEREO },
    args: [
      ...['-vf', "select='not(mod(n,3))+not(mod(n,7))+gte(n,47)'", '-fps_mode', 'vfr', ...X264],
      ...[...format('yuv420p'), '-c:a', 'aac'],
    ],
  },
  {
    ...{ name: '8k.mp4', codec: 'h264', source: 'size=7680x4320:rate=25', size: [7680, 4320], frames: 3 },
    args: ['-frames:v', '3', ...X264, ...format('yuv420p'), '-an'],
  },
];

/** Makes the master, takes it through, and holds what comes out to the row. */
export async function assertTaken(studio: FakeStudio, row: MasterRow): Promise<void> {
  const path = join(studio.folder, row.name);
  const picture = ['-f', 'lavfi', '-i', `testsrc2=${row.source ?? 'size=320x180:rate=25'}`];
  const tone = ['-f', 'lavfi', '-i', 'sine=440:r=48000'];
  const stereo = row.args.includes('-ac') || row.args.includes('-ac:a:1') ? [] : ['-ac', '2'];
  await makeClip(...picture, ...tone, '-t', String(SECONDS), '-threads', '1', ...stereo, ...row.args, path);
  if (row.rotation) await turn(path);
  const made = await lowestRung(studio, path);
  const { video, audio } = made.found;
  assert.deepEqual([video.codec, video.width, video.height], [row.codec, ...row.size]);
  const [num, den] = row.rate ?? [25, 1];
  assert.deepEqual(video.frameRate, { num, den });
  assert.equal(video.bitDepth, row.bitDepth ?? 8);
  assert.equal(video.cadence, row.cadence ?? 'constant');
  assert.equal(video.rotation, row.rotation ?? 0);
  const frames = row.frames ?? 40;
  assert.deepEqual([made.frames, made.framesDue], [frames, frames]);
  assert.equal(made.size, `${made.rung.width}x${made.rung.height}`);
  const aspect = (width: number, height: number) => Math.round((100 * width) / height) / 100;
  assert.ok(Math.abs(aspect(made.rung.width, made.rung.height) - aspect(...row.size)) < 0.03);
  assert.deepEqual(
    audio.map(({ language, channels }) => [language, channels]),
    row.sound ?? [],
  );
  assert.equal(made.sound.length > 0, audio.length > 0);
  for (const { lengthS } of made.sound) assert.ok(Math.abs(lengthS - (frames * den) / num) < 0.05);
  for (const { loudness } of audio) assert.ok(loudness && loudness.integratedLufs < -10);
}

/** ffmpeg 5 writes the display matrix from this tag when it copies: a quarter turn against the clock. */
async function turn(path: string): Promise<void> {
  const flat = `${path}.flat.mov`;
  await rename(path, flat);
  await makeClip('-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90', path);
}
