import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFileInterruptions } from './embedded.ts';
import { interruptionsContract } from './interruptions.contract.ts';
import { NOTICE_MS } from './interruptions.ts';

async function openFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-drain-'));
  await mkdir(join(folder, 'run'));
  const file = join(folder, 'run', 'drain-worker-1');
  return {
    folder,
    file,
    port: createFileInterruptions(folder, 'worker-1'),
    give: (atMs: number) => writeFile(file, `${new Date(atMs).toISOString()}\n`),
    takeBack: () => rm(file),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

interruptionsContract('files', openFolder);

test('an empty file gives two minutes, and one for all workers counts as well', async () => {
  await using at = await openFolder();
  const file = join(at.folder, 'run', 'drain');
  await writeFile(file, '');
  const { mtimeMs } = await stat(file);
  assert.deepEqual(await at.port.look(new AbortController().signal), { atMs: mtimeMs + NOTICE_MS });
});
