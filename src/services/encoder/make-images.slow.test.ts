import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFakeStudio } from './fake-studio.ts';
import { FAST_X264, makeClip, printed, TEST_PICTURE } from './test-clips.ts';

test('a film with more pictures than fit on one sheet gets several, each time', async () => {
  await using studio = await openFakeStudio();
  const clip = join(studio.folder, 'minute.mp4');
  await makeClip(...TEST_PICTURE, ...FAST_X264, '-g', '30', '-t', '61', clip);
  const stop = await studio.startWorker();
  const picture = {
    frameRate: { num: 30, den: 1 },
    ...{ startS: 0, deinterlace: false, toneMap: 'none' as const, fullRange: false },
  };
  for (let round = 0; round < 4; round++) {
    const run = studio.run({
      ...{ kind: 'images', master: studio.url(clip), streamIndex: 0, picture },
      ...{ durationS: 61, width: 320, height: 180 },
    });
    const end = await run;
    assert.ok(end.end === 'done' && end.result.kind === 'images', JSON.stringify(end));
    const { sheets } = end.result;
    assert.deepEqual([sheets?.files, sheets?.count], [['sheet-00001.jpg', 'sheet-00002.jpg'], 31]);
    const second = studio.output(run.task, 'sheet-00002.jpg');
    const size = await printed(
      'ffprobe',
      '-v',
      'error',
      '-show_entries',
      'stream=width,height',
      '-of',
      'csv=p=0',
      second,
    );
    assert.equal(size.trim(), '800,450');
  }
  await stop();
});
