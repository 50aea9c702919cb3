import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PackagedTrack, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { gainFor } from './encode-audio.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { readSegment } from './mp4-boxes.ts';
import { checkTrackFiles } from './segment-rules.testing.ts';
import { FAST_X264, frameSums, makeClip, printed, TEST_PICTURE } from './test-clips.ts';

let studio: FakeStudio;
let stopWorker: () => Promise<void>;
before(async () => {
  studio = await openFakeStudio();
  stopWorker = await studio.startWorker();
});
after(async () => {
  await stopWorker?.();
  await studio?.[Symbol.asyncDispose]();
});

type Of<K extends TaskResult['kind']> = Extract<TaskResult, { kind: K }>;

async function done<K extends TaskResult['kind']>(
  kind: K,
  spec: TaskSpec,
): Promise<Of<K> & { task: string }> {
  const running = studio.run(spec);
  const end = await running;
  assert.ok(end.end === 'done', JSON.stringify(end));
  assert.equal(end.result.kind, kind);
  return { ...(end.result as Of<K>), task: running.task };
}

const RATE = 48_000;
const SEGMENT_FRAMES = 120;
/** Packets that are decoded before the film's start; ffmpeg stamps them below zero and gives them out. */
const PRIMING = 1024;

/** A clip of 14.5 s at 30 frames a second whose sound sweeps, so that a packet in the wrong place shows. */
async function clip(name: string, ...extra: string[]): Promise<string> {
  const path = join(studio.folder, name);
  const sweep = "aevalsrc='0.4*sin(2*PI*(200*t+40*t*t))|0.4*sin(2*PI*(300*t+20*t*t))':s=48000:d=14.5";
  await makeClip(
    ...TEST_PICTURE,
    '-f',
    'lavfi',
    '-i',
    sweep,
    '-t',
    '14.5',
    ...FAST_X264,
    '-g',
    '71',
    ...extra,
    path,
  );
  return path;
}

function boundsOf(fromSegment: number, segments: number, frames: number): number[] {
  const total = Math.ceil(((frames / 30) * RATE) / 1024) + 1;
  return Array.from({ length: segments + 1 }, (_, at) => {
    const n = fromSegment - 1 + at;
    return n === 0 ? 0 : Math.min(total, Math.round((n * 4 * RATE) / 1024) + 1);
  });
}

test('spans that are made apart decode as one film: every frame once, even time stamps, sound without a seam', async () => {
  const path = await clip('film.mp4', '-c:a', 'aac', '-b:a', '192k');
  const master = studio.url(path);
  const seen = await done('glance', { kind: 'glance', master, bytes: 1000 });
  assert.ok(seen.outcome.verdict === 'seen');
  const { inspection, source } = seen.outcome;
  assert.deepEqual([inspection.durationS, inspection.video.frameRate], [14.5, { num: 30, den: 1 }]);
  const thorough = await done('inspect', { kind: 'inspect', master, bytes: 1000 });
  assert.ok(thorough.outcome.verdict === 'accepted');
  // Sound and grain are measured by the thorough inspection alone.
  const { audio, video, ...others } = thorough.outcome.inspection;
  const { grain: _, ...seenVideo } = video;
  const tracks = audio.map(({ loudness: _, ...rest }) => rest);
  assert.deepEqual({ ...others, audio: tracks, video: seenVideo }, inspection);

  const frames = 435;
  const rung = { name: '180p', width: 320, height: 180, crf: 20, bitsPerSMax: 2e6, preset: 'superfast' };
  const picture = { frameRate: { num: 30, den: 1 }, startS: inspection.startS, deinterlace: false } as const;
  const spans: Array<[first: number, segments: number]> = [
    [1, 1],
    [2, 2],
    [4, 1],
  ];
  const made: Array<Of<'first-light'> & { task: string }> = [];
  for (const [firstSegment, segments] of spans.toReversed()) {
    const firstFrame = (firstSegment - 1) * SEGMENT_FRAMES;
    const last = firstSegment === 4;
    const spec: TaskSpec = {
      ...{ kind: 'first-light', master, source, streamIndex: inspection.video.index, rung },
      picture: { ...picture, toneMap: 'none', fullRange: false },
      ...{ firstFrame, frames: last ? frames - firstFrame : segments * SEGMENT_FRAMES, firstSegment },
      ...{ gopFrames: 60, segmentFrames: SEGMENT_FRAMES, last, urgent: firstSegment === 1 },
      sound: {
        ...{ streamIndex: 1, fromMono: false, channels: 2, bitsPerS: 128_000 },
        bounds: boundsOf(firstSegment, segments, frames),
      },
    };
    made.unshift(await done('first-light', spec));
  }
  assert.equal(new Set(made.map(({ video }) => video.config)).size, 1);
  assert.equal(new Set(made.map(({ audio }) => audio?.config)).size, 1);
  const join1 = async (kind: 'v' | 'a') => {
    const parts = [await readFile(studio.output(made[0]?.task as string, `${kind}-init.mp4`))];
    for (const { task, video, audio } of made)
      for (const { name } of (kind === 'v' ? video : audio)?.segments ?? [])
        parts.push(await readFile(studio.output(task, name)));
    const file = join(studio.folder, `joined-${kind}.mp4`);
    await writeFile(file, Buffer.concat(parts));
    return { file, parts };
  };

  for (const media of ['video', 'audio'] as const) {
    const kind = media === 'video' ? 'v' : 'a';
    const { parts } = await join1(kind);
    const [init, ...segments] = parts as [Buffer, ...Buffer[]];
    const lights = made.flatMap((one) => one[media] ?? []);
    const track = { ...lights[0], media, init: `${kind}-init.mp4`, startTicks: 0 } as PackagedTrack;
    track.segments = lights.flatMap((one) => one.segments);
    assert.deepEqual(checkTrackFiles({ init, segments }, track), [], 'the rules of CMAF');
  }

  const pictures = await join1('v');
  const times = await printed(
    ...([
      'ffprobe',
      '-v',
      'error',
      '-show_entries',
      'packet=pts,flags',
      '-of',
      'csv=p=0',
      pictures.file,
    ] as const),
  );
  const rows = times
    .trim()
    .split('\n')
    .map((row) => row.split(','))
    .map(([pts, flags]) => ({ pts: Number(pts), isKey: flags?.startsWith('K') }))
    .toSorted((a, b) => a.pts - b.pts);
  assert.equal(rows.length, frames);
  assert.deepEqual(
    rows.map(({ pts }) => pts),
    Array.from({ length: frames }, (_, frame) => frame * 1000),
  );
  for (let frame = 0; frame < frames; frame += 60) assert.ok(rows[frame]?.isKey, `key frame at ${frame}`);
  const sums = await frameSums('-i', pictures.file, '-fps_mode', 'passthrough');
  assert.ok(new Set(sums).size > 0.9 * frames, 'the pictures move on');

  const sound = await join1('a');
  const segments = sound.parts.slice(1).map((bytes) => readSegment(bytes, 1024));
  for (const [at, { decodeTicks, ticks }] of segments.entries())
    assert.equal(segments[at + 1]?.decodeTicks ?? decodeTicks + ticks, decodeTicks + ticks);
  const noise = await noiseDb(sound.file, path);
  assert.ok(noise < -40, `the sound is that of the master: ${noise} dB`);
});

test('a film whose sound ends early, and one without sound, get their first light', async () => {
  const path = await clip('short-sound.mp4', '-c:a', 'aac', '-af', 'atrim=0:3');
  const silent = join(studio.folder, 'silent.mkv');
  await makeClip(...TEST_PICTURE, '-t', '5', ...FAST_X264, silent);
  for (const [file, hasSound] of [
    [path, true],
    [silent, false],
  ] as const) {
    const master = studio.url(file);
    const { outcome } = await done('glance', { kind: 'glance', master, bytes: 1000 });
    assert.ok(outcome.verdict === 'seen');
    const rung = { name: '180p', width: 320, height: 180, crf: 30, bitsPerSMax: 4e5, preset: 'superfast' };
    const { startS } = outcome.inspection;
    const first = hasSound ? 2 : 1;
    const spec: TaskSpec = {
      ...{ kind: 'first-light', master, source: outcome.source, streamIndex: 0, rung },
      picture: {
        frameRate: { num: 30, den: 1 },
        startS,
        deinterlace: false,
        toneMap: 'none',
        fullRange: false,
      },
      ...{ firstFrame: (first - 1) * SEGMENT_FRAMES, frames: 120, firstSegment: first, gopFrames: 60 },
      ...{ segmentFrames: SEGMENT_FRAMES, last: false, urgent: false },
      sound: hasSound
        ? {
            ...{ streamIndex: 1, fromMono: false, channels: 2, bitsPerS: 128_000 },
            bounds: boundsOf(first, 1, 435),
          }
        : null,
    };
    const light = await done('first-light', spec);
    assert.equal(light.video.segments.length, 1);
    assert.equal(light.audio?.segments.length, hasSound ? 1 : undefined);
  }
});

test('what is no film is not glanced at for long: the inspection says why', async () => {
  const path = join(studio.folder, 'notes.txt');
  await writeFile(path, 'These are notes.\n'.repeat(500));
  const { outcome } = await done('glance', { kind: 'glance', master: studio.url(path), bytes: 8500 });
  assert.equal(outcome.verdict, 'unsure');
});

/** How loud the difference between two sounds is, in the loudest of all windows of 20 ms. */
async function noiseDb(one: string, other: string): Promise<number> {
  const pcm = async (path: string) => {
    const out = join(studio.folder, 'pcm.raw');
    await makeClip('-i', path, '-vn', '-ac', '2', '-ar', String(RATE), '-f', 'f32le', out);
    const bytes = await readFile(out);
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  };
  const [a, b] = [await pcm(one), await pcm(other)];
  const length = 14.4 * RATE * 2;
  let worst = 0;
  // The master itself begins with a jolt.
  for (let from = 0.1 * RATE * 2; from + 1920 <= length; from += 1920) {
    let sum = 0;
    for (let at = from; at < from + 1920; at++) sum += ((a[at + 2 * PRIMING] ?? 0) - (b[at] ?? 0)) ** 2;
    worst = Math.max(worst, sum / 1920);
  }
  return 10 * Math.log10(worst);
}

test('the first light has the gain of the whole film from moments of it, and the final sound keeps it', async () => {
  const path = join(studio.folder, 'quiet.mp4');
  const sound = ['-f', 'lavfi', '-i', 'sine=f=997:r=48000,volume=-20dB'];
  await makeClip(
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x180:rate=5',
    ...sound,
    '-t',
    '75',
    ...FAST_X264,
    '-ac',
    '2',
    path,
  );
  const master = studio.url(path);
  const { outcome } = await done('glance', { kind: 'glance', master, bytes: 1000, loudnessLufs: -23 });
  assert.ok(
    outcome.verdict === 'seen' && outcome.gainDb !== undefined && outcome.gainDb > 6,
    JSON.stringify(outcome),
  );
  const { inspection, source, gainDb } = outcome;
  const rung = { name: '180p', width: 320, height: 180, crf: 20, bitsPerSMax: 2e6, preset: 'superfast' };
  const rate = { frameRate: { num: 5, den: 1 }, startS: inspection.startS, deinterlace: false };
  const light = await done('first-light', {
    ...{ kind: 'first-light', master, source, streamIndex: inspection.video.index, rung },
    picture: { ...rate, toneMap: 'none', fullRange: false },
    ...{
      firstFrame: 0,
      frames: 20,
      firstSegment: 1,
      gopFrames: 10,
      segmentFrames: 20,
      last: false,
      urgent: true,
    },
    sound: {
      ...{ streamIndex: 1, fromMono: false, channels: 2, bitsPerS: 128_000, bounds: [0, 189], gainDb },
    },
  });
  const parts = ['a-init.mp4', 'a00001.m4s'].map((name) => readFile(studio.output(light.task, name)));
  const heard = join(studio.folder, 'heard.mp4');
  await writeFile(heard, Buffer.concat(await Promise.all(parts)));
  const encode = (of: string, durationS: number, heardGainDb?: number) =>
    done('encode-audio', {
      ...{
        kind: 'encode-audio',
        master: studio.url(of),
        streamIndex: of === heard ? 0 : 1,
        startS: 0,
        durationS,
      },
      ...{ channels: 2, bitsPerS: 128_000, loudnessLufs: -23 },
      ...(heardGainDb === undefined ? {} : { heardGainDb }),
    });
  const first = await encode(heard, 3.9);
  assert.ok(Math.abs((first.loudness?.integratedLufs ?? 0) + 23) < 0.7, JSON.stringify(first));
  const near = await encode(path, 10, gainDb - 0.7);
  assert.equal(near.gainDb, gainDb - 0.7, 'a gain that is about right stays');
  const measured = { integratedLufs: -30, rangeLu: 5, truePeakDb: -9 };
  assert.deepEqual(
    [undefined, 6.5, 8.5, 5.5, 7.5].map((heard) => gainFor(measured, -23, heard)),
    [7, 6.5, 7, 7, 7.5],
    'what is off or would be worse is not kept',
  );
  assert.equal(gainFor({ ...measured, truePeakDb: -7 }, -23, 6.5), 6, 'nor what clips');
});
