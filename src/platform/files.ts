/** Small files written so that a reader, or a power cut, finds the old content or the new one, never a part. */
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './errors.ts';
import { newId } from './ids.ts';

/** Replaces a file as one step: temporary name, fsync, rename, fsync of the folder. */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temporary = await writeTemporary(path, data, mode);
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/**
 * Makes a file unless it exists, and gives back what it holds in the end: of several processes that start
 * together, all get the content of the one that was first.
 */
export async function createFileOnce(path: string, data: string, mode = 0o644): Promise<string> {
  const temporary = await writeTemporary(path, data, mode);
  try {
    await link(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return readFile(path, 'utf8');
}

async function writeTemporary(path: string, data: string | Uint8Array, mode: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${newId()}.tmp`;
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
