import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keySegment } from './key-segments.ts';
import { boxes, readSegment } from './mp4-boxes.ts';
import { frameSums, makeClip, TEST_PICTURE } from './test-clips.ts';

test('a segment of key frames shows that picture, at its time and for as long as the whole segment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-keys-'));
  try {
    const whole = join(folder, 'whole.mp4');
    await makeClip(
      ...TEST_PICTURE,
      ...['-t', '4', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', '-keyint_min', '60', '-bf', '2'],
      ...[
        '-sc_threshold',
        '0',
        '-pix_fmt',
        'yuv420p',
        '-movflags',
        '+frag_keyframe+delay_moov+default_base_moof',
      ],
      whole,
    );
    const file = await readFile(whole);
    const starts = boxes(file).flatMap(({ type, body }) =>
      type === 'moof' ? [body.byteOffset - file.byteOffset - 8] : [],
    );
    const segments = starts.map((from, at) => file.subarray(from, starts[at + 1] ?? file.length));
    const made = segments.map((segment, at) => {
      const fragment = readSegment(segment, 0);
      const keys = keySegment(segment, fragment, {
        number: at + 1,
        last: at === segments.length - 1,
      }) as Buffer;
      const own = readSegment(keys, 0);
      assert.deepEqual(
        [own.samples, own.decodeTicks, own.ticks, own.shownFromTicks, own.startsWithKey],
        [
          at === segments.length - 1 ? 2 : 1,
          fragment.decodeTicks,
          fragment.ticks,
          fragment.shownFromTicks,
          true,
        ],
      );
      return keys;
    });
    assert.equal(made.length, 2);
    const keys = join(folder, 'keys.mp4');
    await writeFile(keys, Buffer.concat([file.subarray(0, starts[0]), ...made]));
    const all = await frameSums('-i', whole);
    assert.deepEqual(await frameSums('-i', keys), [all[0], all[60], all[60]]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
