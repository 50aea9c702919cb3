/**
 * One owner of a folder at a time. The lock is SQLite's own on an otherwise empty file: the kernel lets go of it
 * when the process ends, however it ends, so that no stale lock is ever left to be judged.
 */
import { DatabaseSync } from 'node:sqlite';
import { MatineeError } from './errors.ts';

const SQLITE_BUSY = 5;

export type FolderLock = { release(): void };

/** Throws owned_elsewhere when another holder, in this process or another, has the file. */
export function lockFolder(file: string, what: string): FolderLock {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    throw new MatineeError('owned_elsewhere', `another running program holds ${what}`, { cause });
  }
  return { release: () => database.close() };
}
