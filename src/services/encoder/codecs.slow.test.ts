import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { PackagedTrack, Rung, TaskSpec } from '../../contracts/tasks.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { FAST_X264, frameSums, makeClip, printed, TEST_PICTURE } from './test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;
const at = (name: string) => join(studio.folder, name);

before(async () => {
  studio = await openFakeStudio();
  await makeClip(...TEST_PICTURE, '-t', '4', ...FAST_X264, at('sdr.mp4'));
  const ten = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le'];
  const tags = ['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'];
  await makeClip(...TEST_PICTURE, '-t', '4', ...ten, ...tags, at('pq.mp4'));
  stop = await studio.startWorker();
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

const DISPLAY = {
  ...{ red: [0.68, 0.32] as [number, number], green: [0.265, 0.69] as [number, number] },
  ...{ blue: [0.15, 0.06] as [number, number], white: [0.3127, 0.329] as [number, number] },
  ...{ luminanceMin: 0.005, luminanceMax: 1000 },
};

/** Two chunks of two seconds, packaged: the task that packaged them, and the track. */
async function titleOf(clip: string, rung: Rung, toneMap: 'none' | 'pq'): Promise<[string, PackagedTrack]> {
  const picture = {
    ...{ frameRate: { num: 30, den: 1 }, startS: 0, deinterlace: false, fullRange: false, toneMap },
    ...(toneMap === 'pq' ? { mastering: { display: DISPLAY, light: { max: 1000, average: 400 } } } : {}),
  };
  const inputs: string[] = [];
  for (const firstFrame of [0, 60]) {
    const spec: TaskSpec = {
      ...{ kind: 'encode-video', master: studio.url(at(clip)), streamIndex: 0, rung, picture },
      ...{ firstFrame, frames: 60, gopFrames: 30, last: firstFrame === 60 },
    };
    const running = studio.run(spec);
    const end = await running;
    assert.ok(end.end === 'done' && end.result.kind === 'encode-video', JSON.stringify(end));
    assert.equal(end.result.frames, 60);
    inputs.push(studio.url(studio.output(running.task, end.result.file)));
  }
  const running = studio.run({ kind: 'package', inputs, media: 'video', segmentS: 2 });
  const end = await running;
  assert.ok(end.end === 'done' && end.result.kind === 'package', JSON.stringify(end));
  return [running.task, end.result.track];
}

async function joined(task: string, track: PackagedTrack): Promise<string> {
  const names = [track.init, ...track.segments.map(({ name }) => name)];
  const parts = await Promise.all(names.map((name) => readFile(studio.output(task, name))));
  const path = at('joined.mp4');
  await writeFile(path, Buffer.concat(parts));
  return path;
}

const RUNG = { name: '180p', width: 320, height: 180, crf: 30, bitsPerSMax: 500_000, preset: 'ultrafast' };

for (const [codec, name] of [
  ['hevc', /^hvc1\.1\.6\.L\d+\.[0-9A-F.]+$/],
  ['av1', /^av01\.0\.\d\dM\.08$/],
] as const) {
  test(`chunks in ${codec} join exactly and are packaged under their name`, async () => {
    const [task, track] = await titleOf('sdr.mp4', { ...RUNG, codec }, 'none');
    assert.match(track.codecs, name);
    assert.deepEqual(
      track.segments.map(({ ticks }) => ticks / track.timescale),
      [2, 2],
    );
    const sums = await frameSums('-i', await joined(task, track));
    assert.equal(sums.length, 120);
    assert.ok(new Set(sums).size > 100);
  });
}

test('high dynamic range stays in ten bits with its display, and is mapped for others', async () => {
  for (const codec of ['hevc', 'av1'] as const) {
    const [task, track] = await titleOf('pq.mp4', { ...RUNG, codec, range: 'pq' }, 'pq');
    assert.match(track.codecs, codec === 'hevc' ? /^hvc1\.2\.4\.L/ : /^av01\.0\.\d\dM\.10/);
    const path = await joined(task, track);
    const entries = ['-show_entries', 'frame=pix_fmt,color_transfer,color_primaries:frame_side_data'];
    const seen = await printed('ffprobe', '-v', 'error', '-read_intervals', '%+#1', ...entries, path);
    assert.match(seen, /yuv420p10le[\s\S]*smpte2084/);
    if (codec === 'hevc') assert.match(seen, /Mastering display[\s\S]*max_content=1000/);
    assert.equal((await frameSums('-i', path)).length, 120);
  }
  const [task, track] = await titleOf('pq.mp4', { ...RUNG, codec: 'hevc' }, 'pq');
  const shown = await printed('ffprobe', '-v', 'error', '-show_streams', await joined(task, track));
  assert.match(shown, /pix_fmt=yuv420p\n[\s\S]*color_transfer=bt709/);
});

test('sound stands where it stood in the master, to the sample, in each codec and across segments', async () => {
  // A click in all channels of 5.1 in the second segment, in a film that ends within a packet of every codec.
  const [clickS, durationS] = [3.1, 7.3];
  const click = `aevalsrc=exprs='${Array(6)
    .fill(`if(eq(n,${clickS * 48_000}),0.5,0)`)
    .join('|')}'`;
  await makeClip(
    '-f',
    'lavfi',
    '-i',
    `${click}:c=5.1:s=48000:d=${durationS}`,
    '-c:a',
    'pcm_f32le',
    at('click.mkv'),
  );
  for (const [codec, channels] of [
    ['aac', 2],
    ['opus', 2],
    ['eac3', 6],
  ] as const) {
    const encoding = studio.run({
      ...{ kind: 'encode-audio', master: studio.url(at('click.mkv')), streamIndex: 0, startS: 0 },
      ...{ durationS, channels, bitsPerS: 384_000, codec },
    });
    const end = await encoding;
    assert.ok(
      end.end === 'done' && end.result.kind === 'encode-audio' && end.result.file,
      JSON.stringify(end),
    );
    const inputs = [studio.url(studio.output(encoding.task, end.result.file))];
    const wrapping = studio.run({ kind: 'package', inputs, media: 'audio', segmentS: 2 });
    const packed = await wrapping;
    assert.ok(packed.end === 'done' && packed.result.kind === 'package', JSON.stringify(packed));
    const { track } = packed.result;
    const lengthS = track.segments.reduce((sum, { ticks }) => sum + ticks, 0) / track.timescale;
    assert.ok(lengthS >= durationS && lengthS - durationS < 1536 / 48_000, `${codec} is ${lengthS} s long`);
    assert.ok(track.startTicks === 0 && track.segments.length === 4, JSON.stringify(track));
    const { peakAt, samples } = await loudest(await joined(wrapping.task, track));
    assert.ok(Math.abs(peakAt - clickS * 48_000) <= 1, `${codec} has the click at ${peakAt}`);
    assert.ok(Math.abs(samples - durationS * 48_000) <= 1536, `${codec} has ${samples} samples`);
  }
});

/** Of the first channel, as a player hears it: the loudest sample, and how many there are. */
async function loudest(path: string): Promise<{ peakAt: number; samples: number }> {
  const raw = at('heard.raw');
  // ffmpeg gives out what is before zero too, which is what the edit list takes away.
  const filters = 'atrim=start=0,pan=mono|c0=c0';
  await makeClip('-copyts', '-i', path, '-af', filters, '-ar', '48000', '-f', 'f32le', raw);
  const bytes = await readFile(raw);
  const heard = Array.from({ length: bytes.length / 4 }, (_, n) => Math.abs(bytes.readFloatLE(4 * n)));
  return { peakAt: heard.indexOf(heard.reduce((a, b) => Math.max(a, b))), samples: heard.length };
}

test('sound is brought to a loudness by one gain, in each codec, at its exact length', async () => {
  const six = ['-af', 'volume=-12dB,pan=5.1|c0=c0|c1=c0|c2=c0|c3=0*c0|c4=0*c0|c5=0*c0'];
  await makeClip('-f', 'lavfi', '-i', 'sine=f=997:d=6', ...six, '-c:a', 'pcm_s16le', at('tone.mkv'));
  for (const [codec, channels, name] of [
    ['aac', 2, 'mp4a.40.2'],
    ['opus', 2, 'opus'],
    ['eac3', 6, 'ec-3'],
  ] as const) {
    const spec: TaskSpec = {
      ...{ kind: 'encode-audio', master: studio.url(at('tone.mkv')), streamIndex: 0, startS: 0 },
      ...{ durationS: 6, channels, bitsPerS: 192_000, codec, loudnessLufs: -23 },
    };
    const encoding = studio.run(spec);
    const end = await encoding;
    assert.ok(end.end === 'done' && end.result.kind === 'encode-audio', JSON.stringify(end));
    assert.ok(end.result.file && end.result.loudness, 'it is measured');
    const path = studio.output(encoding.task, end.result.file);
    const wrapping = studio.run({ kind: 'package', inputs: [studio.url(path)], media: 'audio', segmentS: 2 });
    const packed = await wrapping;
    assert.ok(packed.end === 'done' && packed.result.kind === 'package', JSON.stringify(packed));
    assert.deepEqual([packed.result.track.codecs, packed.result.track.channels], [name, channels]);
    const again = studio.run({ ...spec, master: studio.url(path), codec: 'aac' });
    const heard = await again;
    assert.ok(heard.end === 'done' && heard.result.kind === 'encode-audio');
    const lufs = heard.result.loudness?.integratedLufs ?? 0;
    assert.ok(Math.abs(lufs + 23) < 0.6, `${codec} is at ${lufs} LUFS`);
  }
});
