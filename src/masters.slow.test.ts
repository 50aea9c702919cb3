import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspectMaster } from './lowest-rung.testing.ts';
import { assertTaken, MANY } from './masters.testing.ts';
import { type FakeStudio, openFakeStudio } from './services/encoder/fake-studio.ts';
import { FAST_X264, makeClip } from './services/encoder/test-clips.ts';

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

for (const row of MANY) {
  test(`${row.name} is inspected, planned and encoded`, () => assertTaken(studio, row));
}

test('a film of six hours is taken, one of thirteen is refused', async () => {
  const at = (name: string) => join(studio.folder, name);
  const sources = ['-f', 'lavfi', '-i', 'testsrc2=size=64x36:rate=2', '-f', 'lavfi', '-i', 'sine=440:r=8000'];
  await makeClip(...sources, '-t', '128', ...FAST_X264, '-c:a', 'aac', at('two-minutes.mp4'));
  const looped = async (name: string, hours: number) => {
    const length = ['-t', String(hours * 3600)];
    await makeClip('-stream_loop', '-1', '-i', at('two-minutes.mp4'), ...length, '-c', 'copy', at(name));
    return inspectMaster(studio, at(name));
  };
  const six = await looped('six-hours.mp4', 6);
  assert.ok(six.verdict === 'accepted', JSON.stringify(six));
  assert.ok(Math.abs(six.inspection.durationS - 6 * 3600) < 1, String(six.inspection.durationS));
  assert.equal(six.inspection.audio.length, 1);
  const thirteen = await looped('thirteen-hours.mp4', 13);
  assert.ok(thirteen.verdict === 'refused' && thirteen.code === 'too_long', JSON.stringify(thirteen));
});
