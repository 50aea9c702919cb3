import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import {
  BOTTOM,
  CR,
  captionedClip,
  type Line21,
  letters,
  place,
  popOn,
  RU2,
} from './captioned-clip.testing.ts';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { printed } from './test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;
before(async () => {
  studio = await openFakeStudio();
  stop = await studio.startWorker();
});
after(async () => {
  await stop?.();
  await studio?.[Symbol.asyncDispose]();
});

const SECONDS = 6;

function lines(): Line21 {
  const line21: Line21 = { field1: [], field2: [] };
  // Row 1 in yellow italics begins with a mid-row code, row 15 has letters that are not ASCII: é, ♪, and È behind its E.
  popOn(line21.field1, 30, 60, [[0x11, 0x40], [0x11, 0x2e], ...letters('Up & <here>')]);
  popOn(line21.field1, 90, 120, [BOTTOM, ...letters('caf\\'), [0x11, 0x37], ...letters('E'), [0x12, 0x33]]);
  place(line21.field1, 130, [RU2, BOTTOM, ...letters('rolls')]);
  place(line21.field1, 145, [CR, BOTTOM, ...letters('and on')]);
  popOn(line21.field2, 60, 120, [BOTTOM, ...letters('hola')]);
  return line21;
}

async function run(spec: TaskSpec): Promise<{ task: string; result: TaskResult }> {
  const running = studio.run(spec);
  const end = await running;
  if (end.end === 'failed') throw new Error(`${end.code}: ${end.message} ${end.log}`);
  return { task: running.task, result: end.result };
}

for (const [codec, name] of [
  ['h264', 'captions.mp4'],
  ['mpeg2video', 'captions.ts'],
] as const) {
  test(`captions inside ${codec} are found and become WebVTT, those of both fields`, async () => {
    const path = join(studio.folder, name);
    await captionedClip(path, { codec, seconds: SECONDS, line21: lines() });
    const master = studio.url(path);
    const { result } = await run({ kind: 'inspect', master, bytes: (await stat(path)).size });
    assert.ok(result.kind === 'inspect' && result.outcome.verdict === 'accepted');
    const { text, startS, video } = result.outcome.inspection;
    assert.deepEqual(
      text.map(({ channel, hearingImpaired }) => [channel, hearingImpaired]),
      [
        ['cc1', true],
        ['cc3', true],
      ],
    );
    const extract = async (channel: 'cc1' | 'cc3') => {
      const at = { streamIndex: video.index, startS, durationS: SECONDS };
      const { task } = await run({ kind: 'extract-text', master, ...at, channel });
      return readFile(studio.output(task, 'text.vtt'), 'utf8');
    };
    const cc1 = await extract('cc1');
    assert.match(
      cc1,
      /00:00:0(1\.000|0\.967) --> 00:00:0(2\.000|1\.967) line:0\n<i>Up &amp; &lt;here&gt;<\/i>\n/,
    );
    assert.match(cc1, /00:00:0(3\.000|2\.967) --> 00:00:0(4\.000|3\.967)\ncafé♪È\n/);
    assert.match(cc1, /\nrolls\n\n[^\n]+ --> 00:00:06\.000\nrolls\nand on\n$/);
    assert.match(await extract('cc3'), /^WEBVTT\n\n00:00:0(2\.000|1\.967) --> [^\n]*\nhola\n$/);
    if (codec === 'h264') {
      const picture = {
        ...{
          frameRate: video.frameRate,
          startS,
          deinterlace: false,
          toneMap: 'none' as const,
          fullRange: false,
        },
      };
      const { task } = await run({
        ...{ kind: 'encode-video', master, streamIndex: video.index, picture, last: true },
        rung: { name: '180p', width: 320, height: 180, crf: 30, bitsPerSMax: 400_000, preset: 'ultrafast' },
        ...{ firstFrame: 0, frames: 30 * SECONDS, gopFrames: 60 },
      });
      const encoded = await readFile(studio.output(task, 'video.mp4'));
      assert.equal(encoded.indexOf('GA94', 0, 'latin1'), -1, 'renditions carry no captions of their own');
      // Another decoder reads the same words in the same order.
      const theirs = await printed(
        'ffmpeg',
        '-v',
        'error',
        '-f',
        'lavfi',
        '-i',
        `movie=${path}[out+subcc]`,
        '-map',
        '0:s',
        '-f',
        'srt',
        '-',
      );
      for (const words of ['Up & <here>', 'café♪È', 'rolls']) assert.ok(theirs.includes(words), theirs);
    }
  });
}
