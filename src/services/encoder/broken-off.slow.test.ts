import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FakeStudio, openFakeStudio } from './fake-studio.ts';
import { makeClip } from './test-clips.ts';

let studio: FakeStudio;
let stop: () => Promise<void>;
let path = '';

before(async () => {
  studio = await openFakeStudio();
  path = join(studio.folder, 'long.mkv');
  const inputs = ['-f', 'lavfi', '-i', 'sine=d=60:r=48000', '-f', 'lavfi', '-i', 'testsrc=s=64x64:r=5:d=60'];
  await makeClip(
    ...inputs,
    '-c:a',
    'pcm_s32le',
    '-ac',
    '2',
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-live',
    '1',
    path,
  );
  stop = await studio.startWorker();
});
after(async () => {
  await stop();
  await studio[Symbol.asyncDispose]();
});

test('a master that breaks off while it is encoded is a failure to try again, never silence at the end', async () => {
  studio.bytesLeft = 14_000_000;
  const limits = { startS: 0, durationS: 60, channels: 2, bitsPerS: 96_000 };
  const streamIndex = 1;
  const end = await studio.run({ kind: 'encode-audio', master: studio.url(path), streamIndex, ...limits });
  assert.ok(end.end === 'failed' && end.code === 'input_unreachable' && end.retry, JSON.stringify(end));
});

test('a master that breaks off while it is inspected is not refused for good', async () => {
  studio.bytesLeft = 14_000_000;
  const { size } = await stat(path);
  const end = await studio.run({ kind: 'inspect', master: studio.url(path), bytes: size });
  assert.ok(end.end === 'failed' && end.code === 'input_unreachable' && end.retry, JSON.stringify(end));
});
