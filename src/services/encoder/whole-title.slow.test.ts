import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Inspection, PackagedTrack, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { planTiles } from './make-images.ts';
import { frameSums, makeClip, printed, realClip } from './test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;

before(async () => {
  studio = await openFakeStudio();
  stop = await studio.startWorker();
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

type Kind = TaskSpec['kind'];
type ResultOf<K extends Kind> = Extract<TaskResult, { kind: K }>;

async function done<K extends Kind>(spec: Extract<TaskSpec, { kind: K }>) {
  const run = studio.run(spec);
  const end = await run;
  assert.ok(end.end === 'done', JSON.stringify(end));
  return { result: end.result as ResultOf<K>, task: run.task };
}

async function inspected(path: string): Promise<{ master: string; found: Inspection }> {
  const master = studio.url(path);
  const { result } = await done({ kind: 'inspect', master, bytes: (await stat(path)).size });
  assert.ok(result.outcome.verdict === 'accepted', JSON.stringify(result));
  return { master, found: result.outcome.inspection };
}

function pictureOf({ video, startS }: Inspection) {
  const { frameRate, interlaced: deinterlace, colour, fullRange } = video;
  return {
    frameRate,
    startS,
    deinterlace,
    toneMap: colour === 'sdr' ? ('none' as const) : colour,
    fullRange,
  };
}

/** Encodes in chunks of two groups of pictures and packages them. */
async function videoTrack(master: string, found: Inspection, frames: number) {
  const { num, den } = found.video.frameRate;
  const gopFrames = Math.round((2 * num) / den);
  const width = 2 * Math.round((45 * found.video.width) / found.video.height);
  const rung = { name: '90p', width, height: 90, crf: 30, bitsPerSMax: 150_000, preset: 'ultrafast' };
  const stream = { master, streamIndex: found.video.index, rung, picture: pictureOf(found), gopFrames };
  const inputs: string[] = [];
  for (let firstFrame = 0; firstFrame < frames; firstFrame += 3 * gopFrames) {
    const count = Math.min(3 * gopFrames, frames - firstFrame);
    const last = firstFrame + count >= frames;
    const { result, task } = await done({ kind: 'encode-video', ...stream, firstFrame, frames: count, last });
    assert.equal(result.frames, count);
    assert.ok(result.cpuS > 0);
    inputs.push(studio.url(studio.output(task, result.file)));
  }
  const segmentS = (gopFrames * den) / num;
  const { result, task } = await done({ kind: 'package', inputs, media: 'video', segmentS });
  return { track: result.track, task, ticksOfFrame: (result.track.timescale * den) / num, gopFrames, inputs };
}

/** The track as a player sees it: init segment and media segments, one after the other. */
async function joined(task: string, track: PackagedTrack): Promise<string> {
  const names = [track.init, ...track.segments.map((segment) => segment.name)];
  const parts = await Promise.all(names.map((name) => readFile(studio.output(task, name))));
  const path = join(studio.folder, `${task}.mp4`);
  await writeFile(path, Buffer.concat(parts));
  return path;
}

async function assertTrackFiles(task: string, track: PackagedTrack): Promise<void> {
  assert.deepEqual(JSON.parse(await readFile(studio.output(task, 'track.json'), 'utf8')), track);
  for (const { name, bytes } of track.segments)
    assert.equal((await stat(studio.output(task, name))).size, bytes);
}

async function audioTrack(master: string, found: Inspection, at: number, durationS: number) {
  const { index, language } = found.audio[at] as Inspection['audio'][number];
  const limits = { startS: found.startS, durationS, channels: 2, bitsPerS: 96_000 };
  const { result, task } = await done({ kind: 'encode-audio', master, streamIndex: index, ...limits });
  assert.ok(result.file !== null);
  const inputs = [studio.url(studio.output(task, result.file))];
  return done({ kind: 'package', inputs, media: 'audio', segmentS: 2, language });
}

const sum = (track: PackagedTrack) => track.segments.reduce((ticks, segment) => ticks + segment.ticks, 0);

const montage = realClip('sintel-montage-1080p-multitrack.mkv');
test('a film with many tracks becomes tracks of one length', { skip: montage.skip }, async () => {
  const path = join(studio.folder, 'montage.mkv');
  await makeClip('-i', montage.path, '-t', '12', '-map', '0', '-c', 'copy', path);
  const { master, found } = await inspected(path);
  const frames = Math.round(found.durationS * 24);
  assert.ok(Math.abs(frames - 288) <= 3);
  const video = await videoTrack(master, found, frames);
  assert.match(video.track.codecs, /^avc1\.[0-9a-f]{6}$/);
  assert.deepEqual(video.track.frameRate, { num: 24, den: 1 });
  assert.equal(video.track.startTicks, 0);
  assert.equal(sum(video.track), frames * video.ticksOfFrame);
  for (const segment of video.track.segments.slice(0, -1))
    assert.equal(segment.ticks, 48 * video.ticksOfFrame);
  await assertTrackFiles(video.task, video.track);

  const decoded = await frameSums('-i', await joined(video.task, video.track), '-map', '0:v');
  assert.equal(decoded.length, frames);
  const chunks = await Promise.all(video.inputs.map((url) => frameSums('-i', url)));
  assert.deepEqual(decoded, chunks.flat(), 'packaging changes no picture');

  for (const at of [0, 3]) {
    const { result, task } = await audioTrack(master, found, at, found.durationS);
    assert.equal(result.track.codecs, 'mp4a.40.2');
    assert.deepEqual(
      [result.track.sampleRate, result.track.channels, result.track.startTicks],
      [48_000, 2, 0],
    );
    assert.ok(Math.abs(sum(result.track) / 48_000 - found.durationS) < 0.03);
    await assertTrackFiles(task, result.track);
  }
  const text = found.text[1] as Inspection['text'][number];
  const limits = { startS: found.startS, durationS: found.durationS };
  const { result, task } = await done({ kind: 'extract-text', master, streamIndex: text.index, ...limits });
  const vtt = await readFile(studio.output(task, 'text.vtt'), 'utf8');
  const digest = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('base64url');
  assert.deepEqual([result.file, result.cues], ['text.vtt', 2]);
  const names = ['text.vtt', 'imsc-init.mp4', 'imsc-00001.m4s'];
  assert.deepEqual(
    result.files?.map(({ name, sha256 }) => [name, sha256]),
    await Promise.all(
      names.map(async (name) => [name, digest(await readFile(studio.output(task, name)))] as const),
    ),
  );
  assert.equal(result.imsc && sum(result.imsc), Math.round(found.durationS * 1000));
  assert.ok(vtt.startsWith('WEBVTT\n\n00:00:01.000 --> 00:00:05.500\nEin Mädchen'));
});

const person = realClip('intel-person-432p10.mp4');
test('a long film at ten frames a second without sound gets its pictures', {
  skip: person.skip,
}, async () => {
  const { master, found } = await inspected(person.path);
  assert.deepEqual(
    [found.video.frameRate, found.durationS, found.audio.length],
    [{ num: 10, den: 1 }, 139.4, 0],
  );
  const video = await videoTrack(master, found, 130);
  assert.equal(sum(video.track), 130 * video.ticksOfFrame);
  const { width, height } = found.video;
  const spec = { kind: 'images' as const, master, streamIndex: found.video.index, picture: pictureOf(found) };
  const { result, task } = await done({ ...spec, durationS: found.durationS, width, height });
  assert.deepEqual(result.sheets, {
    files: ['sheet-00001.jpg', 'sheet-00002.jpg', 'sheet-00003.jpg'],
    columns: 5,
    rows: 5,
    width: 160,
    height: 90,
    everyS: 2,
    count: 70,
  });
  const size = ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0'];
  assert.equal((await printed('ffprobe', ...size, studio.output(task, 'sheet-00003.jpg'))).trim(), '800,450');
  assert.equal((await printed('ffprobe', ...size, studio.output(task, 'poster.jpg'))).trim(), '768,432');
});

const graphics = realClip('mediabunny-motion-graphics-1080p25.mp4');
test('full-range pictures come out in the limited range', { skip: graphics.skip }, async () => {
  const { master, found } = await inspected(graphics.path);
  assert.equal(found.video.fullRange, true);
  const video = await videoTrack(master, found, 125);
  const path = await joined(video.task, video.track);
  const stats = ['-vf', 'signalstats,metadata=print:file=-', '-f', 'null', '-'];
  const luma = async (input: string) => {
    const text = await printed('ffmpeg', '-v', 'error', '-i', input, '-frames:v', '30', ...stats);
    const values = (key: string) =>
      [...text.matchAll(new RegExp(`${key}=([\\d.]+)`, 'g'))].map((match) => Number(match[1]));
    return { high: Math.max(...values('YHIGH')), mean: values('YAVG').reduce((a, b) => a + b, 0) / 30 };
  };
  const [source, result] = [await luma(graphics.path), await luma(path)];
  assert.ok(source.high > 240);
  assert.ok(result.high <= 238);
  assert.ok(Math.abs(16 + (source.mean * 219) / 255 - result.mean) < 3);
  const range = [
    '-v',
    'error',
    '-show_entries',
    'stream=color_range,color_space,pix_fmt',
    '-of',
    'csv=p=0',
    path,
  ];
  assert.equal((await printed('ffprobe', ...range)).trim(), 'yuv420p,tv,bt709');
});

const slides = realClip('screen-slides-1080p15.mp4');
test('mono speech at 44.1 kHz becomes stereo at 48 kHz, exactly as long as the film', {
  skip: slides.skip,
}, async () => {
  const { master, found } = await inspected(slides.path);
  const { result, task } = await audioTrack(master, found, 0, 21.5);
  assert.ok(Math.abs(sum(result.track) - 21.5 * 48_000) < 1024);
  // The edit list puts the priming samples before zero.
  const filters = 'atrim=start=0,aresample=8000,asetnsamples=n=800:p=0,astats=metadata=1:reset=1';
  const print = 'ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-';
  const levels = async (input: string) => {
    const output = ['-t', '21', '-ac', '1', '-af', `${filters},${print}`, '-f', 'null', '-'];
    const args = ['-v', 'error', '-copyts', '-i', input, ...output];
    const found = (await printed('ffmpeg', ...args)).matchAll(/RMS_level=(-?[\d.]+|-inf)/g);
    return [...found].map((match) => (match[1] === '-inf' ? -99 : Number(match[1])));
  };
  const [before, after] = [await levels(slides.path), await levels(await joined(task, result.track))];
  assert.ok(before.length >= 200);
  const loud = before.flatMap((level, i) => (level > -30 ? [Math.abs(level - (after[i] ?? -99))] : []));
  assert.ok(loud.length > 20);
  assert.ok(
    loud.filter((apart) => apart > 1).length < loud.length / 10,
    'loud passages stand where they stood',
  );
});

test('sound that starts late is filled up, and a track without sound in the film gives none', async () => {
  const path = join(studio.folder, 'late.mkv');
  const inputs = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=160x90:r=25:d=3',
    '-itsoffset',
    '1.5',
    '-f',
    'lavfi',
    '-i',
    'sine=d=1',
  ];
  await makeClip(...inputs, '-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'pcm_s16le', path);
  const { master, found } = await inspected(path);
  const { result, task } = await audioTrack(master, found, 0, found.durationS);
  assert.ok(Math.abs(sum(result.track) / 48_000 - 3) < 0.03);
  const silence = [
    '-v',
    'info',
    '-i',
    await joined(task, result.track),
    '-af',
    'silencedetect=n=-50dB:d=0.5,ametadata=print:file=-',
    '-f',
    'null',
    '-',
  ];
  const ends = [...(await printed('ffmpeg', ...silence)).matchAll(/silence_end=([\d.]+)/g)].map((match) =>
    Number(match[1]),
  );
  assert.ok(Math.abs((ends[0] ?? 0) - 1.5) < 0.03, `silence ends at ${ends[0]}`);
  const limits = { startS: 0, durationS: 1, channels: 2, bitsPerS: 96_000 };
  const none = await done({ kind: 'encode-audio', master, streamIndex: 1, ...limits });
  assert.equal(none.result.file, null);
});

test('high dynamic range, interlaced and turned pictures are encoded in the shape that was asked for', async () => {
  const source = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=30',
    '-t',
    '2',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
  ];
  const hdr = [
    '-pix_fmt',
    'yuv420p10le',
    '-color_primaries',
    'bt2020',
    '-color_trc',
    'smpte2084',
    '-colorspace',
    'bt2020nc',
  ];
  const combed = [
    '-vf',
    'tinterlace=interleave_top,setfield=tff',
    '-flags',
    '+ilme+ildct',
    '-pix_fmt',
    'yuv420p',
  ];
  for (const [name, args] of Object.entries({ hdr, combed })) {
    const path = join(studio.folder, `${name}.mp4`);
    await makeClip(...source, ...args, path);
    const { master, found } = await inspected(path);
    assert.ok(name === 'hdr' ? found.video.colour === 'pq' : found.video.interlaced);
    const { num, den } = found.video.frameRate;
    const { track } = await videoTrack(master, found, Math.round((found.durationS * num) / den));
    assert.deepEqual([track.width, track.height], [160, 90]);
    assert.ok(Math.abs(sum(track) / track.timescale - 2) < 0.05);
    const { width, height } = found.video;
    const spec = {
      kind: 'images' as const,
      master,
      streamIndex: found.video.index,
      picture: pictureOf(found),
    };
    const { result } = await done({ ...spec, durationS: found.durationS, width, height });
    assert.equal(result.sheets?.count, 1);
  }
});

test('chunks that do not belong together are not joined', async () => {
  const make = async (name: string, ...args: string[]) => {
    const path = join(studio.folder, name);
    await makeClip(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=160x90:rate=25',
      '-t',
      '2',
      '-c:v',
      'libx264',
      ...args,
      path,
    );
    return studio.url(path);
  };
  const inputs = [await make('a.mp4', '-preset', 'ultrafast'), await make('b.mp4', '-preset', 'medium')];
  const end = await studio.run({ kind: 'package', inputs, media: 'video', segmentS: 2 });
  assert.ok(end.end === 'failed' && end.code === 'wrong_output');
});

test('segments off the grid are not published', async () => {
  const path = join(studio.folder, 'uneven.mp4');
  const keys = ['-force_key_frames', '0,1.2,3.6', '-sc_threshold', '0', '-g', '1000'];
  await makeClip(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=160x90:rate=25',
    '-t',
    '5',
    '-c:v',
    'libx264',
    ...keys,
    path,
  );
  const end = await studio.run({ kind: 'package', inputs: [studio.url(path)], media: 'video', segmentS: 2 });
  assert.ok(end.end === 'failed' && end.code === 'wrong_output');
});

test('thumbnails are at most 400, and upright for upright films', () => {
  assert.deepEqual(planTiles({ durationS: 7200, width: 1920, height: 1080 }), {
    everyS: 18,
    count: 400,
    width: 160,
    height: 90,
  });
  assert.deepEqual(planTiles({ durationS: 1, width: 1080, height: 1920 }), {
    everyS: 2,
    count: 1,
    width: 90,
    height: 160,
  });
});
