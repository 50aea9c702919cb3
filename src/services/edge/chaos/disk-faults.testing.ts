/** What can happen to the folder of a disk tier while the edge runs: damage, no room, reads that never end. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Random } from '../fuzz.testing.ts';

const run = promisify(execFile);
const SHELF_FORM = /^[0-9a-f]{2}$/;
const BALLAST = 'ballast';

/** A small file system of its own for the folder, or why there cannot be one. */
export async function mountSmall(folder: string, bytes: number): Promise<string | undefined> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
    return undefined;
  } catch (error) {
    return `no file system can be mounted here: ${(error as Error).message.trim()}`;
  }
}

export async function unmount(folder: string): Promise<void> {
  await run('umount', ['-l', folder]);
}

export async function filesOf(folder: string): Promise<string[]> {
  const objects = join(folder, 'objects');
  const found: string[] = [];
  for (const shelf of await readdir(objects)) {
    if (!SHELF_FORM.test(shelf)) continue;
    for (const file of await readdir(join(objects, shelf))) found.push(join(objects, shelf, file));
  }
  return found.sort();
}

/** Flips bytes of a third of the files, cuts off a third, and exchanges the rest in pairs. */
export async function damage(folder: string, random: Random): Promise<void> {
  const files = await filesOf(folder);
  for (const [i, file] of files.entries()) {
    // The edge may have evicted the file meanwhile.
    await (i % 3 === 0
      ? flip(file, random)
      : i % 3 === 1
        ? cutOff(file, random)
        : swap(file, files[i - 3])
    ).catch(ignoreAbsent);
  }
}

async function flip(file: string, random: Random): Promise<void> {
  await using handle = await open(file, 'r+');
  const { size } = await handle.stat();
  for (let i = 0; i < 3; i++) await handle.write(Buffer.from([random(256)]), 0, 1, random(size));
}

async function cutOff(file: string, random: Random): Promise<void> {
  await truncate(file, random(8000));
}

async function swap(file: string, other: string | undefined): Promise<void> {
  if (!other) return;
  const aside = `${file}.aside`;
  await rename(file, aside);
  await rename(other, file).catch(ignoreAbsent);
  await rename(aside, other);
}

/** Writes until there is no room. */
export async function fill(folder: string): Promise<void> {
  await using handle = await open(join(folder, BALLAST), 'w');
  const piece = Buffer.alloc(1024 * 1024);
  try {
    for (;;) await handle.write(piece);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

export async function makeRoom(folder: string): Promise<void> {
  await rm(join(folder, BALLAST), { force: true });
}

/**
 * Puts a pipe that nobody writes to in the place of each file: whoever opens one waits in the kernel, as on a disk
 * that does not answer. Gives back what lets them go on.
 */
export async function hang(folder: string): Promise<() => Promise<void>> {
  const files = await filesOf(folder);
  // The edge may put a file in the place of a pipe while a reader still waits there, so pipes have a second name.
  const aside = join(folder, 'pipes');
  await mkdir(aside);
  const pipes = files.map((_file, i) => join(aside, String(i)));
  await run('mkfifo', pipes);
  for (const [i, file] of files.entries()) {
    await link(pipes[i] as string, `${file}.pipe`);
    await rename(`${file}.pipe`, file);
  }
  return async () => {
    for (const file of files) {
      const found = await stat(file).catch(ignoreAbsent);
      if (found?.isFIFO()) await rm(file, { force: true });
    }
    // Once there is a writer the waiting readers wake, and find nothing to read.
    for (const pipe of pipes) await (await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)).close();
    await rm(aside, { recursive: true });
  };
}

function ignoreAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
