/**
 * Temporary disk of a worker: how much a task could have now, and that none takes more than it may. It decides nothing
 * about which task fits; the studio does, which is told the room.
 */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { systemCode } from '../../platform/errors.ts';
import { TaskFailure } from './task-failure.ts';

export const MEBIBYTE = 1024 * 1024;
/** Left to everybody else who writes to this disk: one twentieth, but no more than this. */
const SPARE_BYTES_MAX = 512 * MEBIBYTE;
const SPARE_SHARE = 20;
/** With less a worker takes nothing at all. */
export const ROOM_BYTES_MIN = 16 * MEBIBYTE;
/** With less a program that failed did so for want of it. */
const FULL_BYTES = MEBIBYTE;
const LOOK_EVERY_MS = 2000;

/** Bytes that a task may fill. `bytesMax`: what the operator allows. */
export async function roomOf(folder: string, bytesMax = Number.POSITIVE_INFINITY): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const spare = Math.min(SPARE_BYTES_MAX, (blocks * bsize) / SPARE_SHARE);
  return Math.max(0, Math.floor(Math.min(bytesMax, bavail * bsize - spare)));
}

/** The sentence for operators about a worker that takes nothing. */
export function noRoom(bytes: number): string {
  const [left, needed] = [bytes, ROOM_BYTES_MIN].map((value) => Math.floor(value / MEBIBYTE));
  return `its disk is full: ${left} MiB are left for temporary files, it takes no task with less than ${needed} MiB`;
}

/** Programs have words of their own for a full disk, or none. */
export async function asDiskFailure(failure: TaskFailure, folder: string): Promise<TaskFailure> {
  if (failure.code !== 'program_failed' && failure.code !== 'wrong_output') return failure;
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > FULL_BYTES) return failure;
  const { programLog } = failure;
  return new TaskFailure('storage_full', 'the disk is full', {
    ...{ retry: true, cause: failure },
    ...(programLog === undefined ? {} : { programLog }),
  });
}

/** Aborts `over` when a task's folder takes more than it may. Ends with the signal. */
export async function watchFolder(
  clock: Clock,
  folder: string,
  bytesMax: number,
  over: AbortController,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && Number.isFinite(bytesMax)) {
    const bytes = await folderBytes(folder);
    if (bytes > bytesMax) {
      const [taken, most] = [bytes, bytesMax].map((value) => Math.round(value / MEBIBYTE));
      const message = `the task took ${taken} MiB of temporary disk; it may take ${most} MiB (MATINEE_ENCODER_DISK_MB)`;
      over.abort(new TaskFailure('disk_exceeded', message, { retry: true }));
    }
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}

async function folderBytes(folder: string): Promise<number> {
  const gone = (error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  };
  const names = (await readdir(folder, { recursive: true }).catch(gone)) ?? [];
  let bytes = 0;
  for (const name of names) bytes += (await stat(join(folder, name)).catch(gone))?.size ?? 0;
  return bytes;
}
