/** Small file systems, so that a test can fill a disk without filling the machine's. Linux, and only where root may. */
import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BALLAST = 'ballast';
const PIECE = Buffer.alloc(64 * 1024, 1);

/** Resolves to undefined when it is there, else to why it cannot be. */
export async function mountSmall(folder: string, mebibytes: number): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
    return undefined;
  } catch (error) {
    return `no small file system can be mounted here: ${(error as Error).message.split('\n').at(1) ?? ''}`;
  }
}

export async function unmount(folder: string): Promise<void> {
  await run('umount', ['--lazy', folder]);
}

/** Leaves not a byte free. */
export async function fill(folder: string): Promise<void> {
  const file = await open(join(folder, BALLAST), 'a');
  try {
    for (;;) await file.write(PIECE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close();
  }
}

export async function makeRoom(folder: string): Promise<void> {
  await rm(join(folder, BALLAST), { force: true });
}
