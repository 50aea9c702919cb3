/** Files of bounded size and number, and a disk that is slow, full or well again. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../../platform/log.ts';
import { until } from '../edge.testing.ts';
import { type LineDisk, LineFile, type LineFileOptions } from './line-file.ts';

const OPTIONS: LineFileOptions = {
  ...{ folder: '', name: 'a.log', head: '#h\n', fileBytesMax: 23, filesMax: 3 },
  ...{ flushChars: 9, flushMs: 10_000, waitingCharsMax: 40, restMs: 1000, closeMs: 200 },
};

test('a file that is full makes way for a new one, and the oldest goes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lines-'));
  try {
    for (const run of ['a', 'b', 'c', 'd']) {
      const lines = new LineFile({ log: silentLog, now: () => 0 }, { ...OPTIONS, folder });
      for (let i = 0; i < 2; i++) {
        lines.push(`line ${run}-${i}\n`);
        await until(async () => (await everything(folder)).includes(`${run}-${i}`));
      }
      await lines.close();
      assert.equal(lines.dropped, 0);
    }
    assert.deepEqual((await readdir(folder)).sort(), ['a.log', 'a.log.1', 'a.log.2']);
    assert.equal(await readFile(join(folder, 'a.log'), 'utf8'), '#h\nline d-0\nline d-1\n');
    assert.equal(await readFile(join(folder, 'a.log.1'), 'utf8'), '#h\nline c-0\nline c-1\n');
    assert.equal(await readFile(join(folder, 'a.log.2'), 'utf8'), '#h\nline b-0\nline b-1\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function everything(folder: string): Promise<string> {
  const names = await readdir(folder);
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  return texts.join('');
}

type FakeDisk = LineDisk & { text: string; fault: string | undefined; gate: Promise<void> | undefined };

function fakeDisk(): FakeDisk {
  const disk: FakeDisk = {
    ...{ text: '', fault: undefined, gate: undefined },
    open: async () => ({
      size: disk.text.length,
      append: async (text) => {
        await disk.gate;
        if (disk.fault) {
          // As a full disk does: half of it is there.
          disk.text += text.slice(0, 5);
          throw Object.assign(new Error('no'), { code: disk.fault });
        }
        disk.text += text;
      },
      truncate: async (size) => {
        disk.text = disk.text.slice(0, size);
      },
      close: async () => undefined,
    }),
    rename: async () => undefined,
    remove: async () => undefined,
  };
  return disk;
}

test('on a full disk lines are dropped and counted, whole lines stay, and later ones are written again', async () => {
  const disk = fakeDisk();
  let nowMs = 0;
  const deps = { log: silentLog, disk, now: () => nowMs };
  const lines = new LineFile(deps, { ...OPTIONS, fileBytesMax: 1000 });
  lines.push('the first\n');
  await until(() => disk.text === '#h\nthe first\n');
  disk.fault = 'ENOSPC';
  lines.push('the second\n');
  await until(() => lines.dropped === 1);
  disk.fault = undefined;
  lines.push('the third, while it rests\n');
  await until(() => lines.dropped === 2);
  nowMs = 1001;
  lines.push('the fourth\n');
  await until(() => disk.text.includes('fourth'));
  assert.equal(disk.text, '#h\nthe first\nthe fourth\n');
  await lines.close();
});

test('while the disk hangs only so much waits, and the end does not wait for ever', async () => {
  const disk = fakeDisk();
  disk.gate = new Promise(() => undefined);
  const lines = new LineFile({ log: silentLog, disk, now: () => 0 }, OPTIONS);
  for (let i = 0; i < 10; i++) lines.push('ten chars\n');
  // One is with the disk, four wait.
  assert.equal(lines.dropped, 5);
  const startedMs = performance.now();
  await lines.close();
  assert.ok(performance.now() - startedMs < 2000);
});

test('what does not fill a write goes out in time, and the rest at the end', async () => {
  const disk = fakeDisk();
  const lines = new LineFile({ log: silentLog, disk, now: () => 0 }, { ...OPTIONS, flushMs: 5 });
  lines.push('a\n');
  await until(() => disk.text === '#h\na\n');
  const slow = new LineFile({ log: silentLog, disk, now: () => 0 }, OPTIONS);
  slow.push('b\n');
  await slow.close();
  assert.equal(disk.text, '#h\na\nb\n');
  slow.push('c\n');
  assert.equal(slow.dropped, 1);
  await lines.close();
});
