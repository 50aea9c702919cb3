/** For tests only: a disk store in a temporary folder, and what lies in that folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { type DiskObjectsOptions, openDiskObjects } from './embedded.ts';

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-objects-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function openIn(folder: string, options: Partial<DiskObjectsOptions> = {}) {
  return openDiskObjects({ folder, clock: systemClock, log: silentLog, ...options });
}

export type FolderContent = { temporary: string[]; blobs: string[] };

export async function contentOf(folder: string): Promise<FolderContent> {
  const temporary = await readdir(join(folder, 'tmp'));
  const below = await readdir(join(folder, 'blobs'), { recursive: true, withFileTypes: true });
  return { temporary, blobs: below.filter((entry) => entry.isFile()).map(({ name }) => name) };
}

/** Asks until the answer is true; removal of files goes on behind acknowledged writes. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; ) {
    if (await holds()) return;
    await systemClock.sleep(20);
  }
  throw new Error(`it never came to be: ${what}`);
}
