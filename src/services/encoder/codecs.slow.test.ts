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
