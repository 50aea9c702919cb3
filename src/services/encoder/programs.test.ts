import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMatineeError } from '../../platform/errors.ts';
import { findPrograms, versionOf } from './programs.ts';

test('the programs of this machine are found and can do the work', async () => {
  const programs = await findPrograms({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe' });
  assert.match(programs.packager, /packager-/);
});

test('all that is missing is told together, with how to install it', async () => {
  const search = {
    ffmpeg: '/nonexistent/ffmpeg',
    ffprobe: '/nonexistent/ffprobe',
    platform: 'plan9',
    arch: 'x64',
  };
  await assert.rejects(findPrograms(search), (error) => {
    assert.ok(isMatineeError(error, 'missing_program'));
    for (const part of ['/nonexistent/ffmpeg', '/nonexistent/ffprobe', 'apt-get install ffmpeg', 'plan9']) {
      assert.ok(error.message.includes(part), part);
    }
    return true;
  });
});

test('a program of that name which is no ffmpeg is refused', async () => {
  await assert.rejects(findPrograms({ ffmpeg: 'true' }), (error) => isMatineeError(error, 'missing_program'));
});

test('versions are read as builds state them', () => {
  assert.equal(versionOf('ffmpeg version 5.1.9-0+deb12u1 Copyright'), 5.1);
  assert.equal(versionOf('ffmpeg version n7.0.2 Copyright'), 7);
  assert.equal(versionOf('ffmpeg version N-110223-gb18a9c2971 Copyright'), undefined);
});
