/** Where files of the disk tier are, and how one is read so that no wrong byte of it is believed. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DISK_FILE_BYTES_MAX, readDiskFile } from './disk-file.ts';
import type { ObjectMeta } from './stored-object.ts';

export type Copy = { meta: ObjectMeta; body: Buffer };

export type CheckedFile = {
  /** Whoever reads it owns it. */
  readonly handle: FileHandle;
  /** Undefined when a byte is wrong or the file is another's. */
  readonly copy: Copy | undefined;
  /** Whether nobody wrote to it while it was read. */
  readonly isSame: boolean;
};

export function diskFileName(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

export function diskFilePath(folder: string, file: string): string {
  return join(folder, file.slice(0, 2), file);
}

/** Rejects as the file system does when the file cannot be read. */
export async function readChecked(path: string, name: string): Promise<CheckedFile> {
  const handle = await open(path, 'r');
  try {
    const { ctimeMs, size } = await handle.stat();
    const bytes = Buffer.allocUnsafeSlow(Math.min(size, DISK_FILE_BYTES_MAX));
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    const copy = readDiskFile(bytes, name);
    const isSame = copy !== undefined && (await handle.stat()).ctimeMs === ctimeMs;
    return { handle, copy, isSame };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
