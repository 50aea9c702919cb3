import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { FAST_X264, makeClip, printed, TEST_PICTURE } from './test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;
before(async () => {
  studio = await openFakeStudio();
  stop = await studio.startWorker();
  const tones = [440, 880].flatMap((hertz) => ['-f', 'lavfi', '-i', `sine=${hertz}:r=48000`]);
  const sound = ['-c:a:0', 'aac', '-c:a:1', 'ac3', '-ac:a:1', '6'];
  const tracks = ['-map', '0', '-map', '1', '-map', '2', '-t', '24'];
  await makeClip(...TEST_PICTURE, ...tones, ...tracks, ...FAST_X264, ...sound, at('two.mp4'));
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

const at = (name: string) => join(studio.folder, name);

async function inspected(path: string) {
  const end = await studio.run({ kind: 'inspect', master: studio.url(path), bytes: (await stat(path)).size });
  assert.ok(end.end === 'done' && end.result.kind === 'inspect', JSON.stringify(end));
  assert.ok(end.result.outcome.verdict === 'accepted', JSON.stringify(end.result));
  return end.result.outcome.inspection;
}

/** The clip with the bytes of the packets of a stream from `fromS` to `toS` overwritten. */
async function damaged(name: string, index: number, fromS = 0, toS = 100): Promise<string> {
  const entries = ['-show_entries', 'packet=pts_time,pos,size', '-of', 'csv=p=0'];
  const rows = await printed(
    'ffprobe',
    '-v',
    'error',
    '-select_streams',
    String(index),
    ...entries,
    at('two.mp4'),
  );
  const bytes = await readFile(at('two.mp4'));
  for (const row of rows.trim().split('\n')) {
    const [timeS = 0, size = 0, position = 0] = row.split(',').map(Number);
    if (timeS >= fromS && timeS < toS) bytes.fill(0, position, position + size);
  }
  await writeFile(at(name), bytes);
  return at(name);
}

test('samples of every track are measured', async () => {
  const { audio, notes } = await inspected(at('two.mp4'));
  assert.deepEqual(
    audio.map(({ channels, layout, sampleRate }) => [channels, layout, sampleRate]),
    [
      [1, 'mono', 48000],
      [6, '5.1(side)', 48000],
    ],
  );
  for (const { loudness } of audio) {
    assert.ok(loudness && Math.abs(loudness.integratedLufs - -21.5) < 1.5, JSON.stringify(loudness));
    assert.ok(loudness.truePeakDb > -19 && loudness.truePeakDb < -14, JSON.stringify(loudness));
  }
  assert.deepEqual(notes, []);
});

test('a track that cannot be decoded is left out with a note, and the others stay', async () => {
  for (const [bad, codec, kept] of [
    [2, 'ac3', 1],
    [1, 'aac', 2],
  ] as const) {
    const { audio, notes } = await inspected(await damaged(`without-${bad}.mp4`, bad));
    assert.deepEqual(
      audio.map(({ index }) => index),
      [kept],
    );
    assert.deepEqual(notes, [`sound track ${bad} (${codec}) cannot be decoded and is left out`]);
  }
});

test('a track with holes stays, is said to be damaged, and is encoded in full length', async () => {
  const path = await damaged('holes.mp4', 1, 10, 23);
  const { audio, notes, startS, durationS } = await inspected(path);
  assert.equal(audio.length, 2);
  assert.deepEqual(notes, ['sound track 1 (aac) is damaged in places']);
  const shape = { streamIndex: 1, startS, durationS, channels: 1, bitsPerS: 64_000, loudnessLufs: -16 };
  const end = await studio.run({ kind: 'encode-audio', master: studio.url(path), ...shape });
  assert.ok(end.end === 'done' && end.result.kind === 'encode-audio' && end.result.file, JSON.stringify(end));
});

test('a track that goes from stereo to 5.1 in the middle sounds on', async () => {
  const part = (hertz: number, channels: number, offsetS: number) => [
    ...['-f', 'lavfi', '-i', `sine=${hertz}:r=48000`, '-t', '4', '-ac', String(channels), '-c:a', 'ac3'],
    ...['-output_ts_offset', String(offsetS), '-f', 'mpegts'],
  ];
  await makeClip(...part(440, 2, 0), at('stereo.ts'));
  await makeClip(...part(660, 6, 4), at('surround.ts'));
  const joined = await Promise.all([readFile(at('stereo.ts')), readFile(at('surround.ts'))]);
  await writeFile(at('joined.ts'), Buffer.concat(joined));
  await makeClip('-i', at('two.mp4'), '-t', '8', '-map', '0:v', '-c', 'copy', at('pictures.mp4'));
  await makeClip('-i', at('pictures.mp4'), '-i', at('joined.ts'), '-c', 'copy', at('switch.ts'));
  const { audio, startS, durationS } = await inspected(at('switch.ts'));
  const shape = { streamIndex: audio[0]?.index ?? -1, startS, durationS, channels: 2, bitsPerS: 64_000 };
  const run = studio.run({ kind: 'encode-audio', master: studio.url(at('switch.ts')), ...shape });
  const end = await run;
  assert.ok(end.end === 'done' && end.result.kind === 'encode-audio' && end.result.file, JSON.stringify(end));
  const file = studio.output(run.task, end.result.file);
  const silences = await printed(
    'ffmpeg',
    '-v',
    'error',
    '-i',
    file,
    '-af',
    'silencedetect=d=0.2,ametadata=print:file=-',
    '-f',
    'null',
    '-',
  );
  assert.doesNotMatch(silences, /silence_start/);
});

test('a film whose only sound is silence is measured as silent', async () => {
  const silence = ['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=stereo'];
  await makeClip(...TEST_PICTURE, ...silence, '-t', '2', ...FAST_X264, '-c:a', 'aac', at('silent.mp4'));
  const { audio } = await inspected(at('silent.mp4'));
  assert.deepEqual(
    audio.map(({ loudness }) => loudness),
    [null],
  );
});
