import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyBytes } from './key-bytes.ts';
import { findBox } from './mp4-boxes.ts';
import { makeClip, TEST_PICTURE } from './test-clips.ts';

test('the bytes up to the end of the first picture decode to that picture', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-keys-'));
  try {
    const whole = join(folder, 'whole.mp4');
    const video = ['-t', '2', '-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', '-pix_fmt', 'yuv420p'];
    await makeClip(
      ...TEST_PICTURE,
      ...video,
      '-movflags',
      '+frag_keyframe+empty_moov+default_base_moof',
      whole,
    );
    const file = await readFile(whole);
    const bytes = keyBytes(file) ?? 0;
    assert.ok(bytes > 0 && bytes < file.length / 2, `${bytes} of ${file.length}`);
    await writeFile(join(folder, 'cut.mp4'), file.subarray(0, bytes));
    const hash = (name: string, out: string) =>
      makeClip('-i', join(folder, name), '-frames:v', '1', '-f', 'framemd5', join(folder, out));
    await hash('whole.mp4', 'whole.md5');
    await hash('cut.mp4', 'cut.md5');
    const lines = async (name: string) =>
      (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => /^0,/.test(line));
    assert.deepEqual(await lines('cut.md5'), await lines('whole.md5'));
    assert.equal((await lines('cut.md5')).length, 1);
    // The table itself says where the second picture begins: the range ends exactly there.
    const moof = findBox(file, 'moof') as Buffer;
    const trun = findBox(moof, 'traf/trun') as Buffer;
    assert.equal(bytes > moof.byteOffset - file.byteOffset + trun.readInt32BE(8) - 8, true);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what does not say where its pictures are has no such bytes', () => {
  assert.equal(keyBytes(Buffer.from('0000000866726565', 'hex')), undefined);
});
