/**
 * Keeps the last bit of a disk free of media, so that on a full disk objects can still be deleted: a delete is a
 * commit, and a commit needs room in SQLite's log.
 */
import { statfs } from 'node:fs/promises';
import { MatineeError } from '../../platform/errors.ts';

const RESERVE_BYTES = 64 * 1024 * 1024;
/** Small disks keep a smaller part back: one fiftieth, but never less than some dozen commits take. */
const RESERVE_SHARE = 50;
const RESERVE_BYTES_MIN = 1024 * 1024;

/** Bytes that go into metadata rows between two looks at the disk, which would cost more than such a write. */
const UNCHECKED_BYTES_MAX = 64 * 1024;

export type SpaceGuard = { requireFor(bytes: number): Promise<void> };

/** For writes too small to look at the disk for each. Throws storage_full. */
export function createSpaceGuard(folder: string): SpaceGuard {
  let allowance = 0;
  return {
    requireFor: async (bytes) => {
      if (bytes > allowance) {
        await requireSpace(folder);
        allowance = UNCHECKED_BYTES_MAX;
      }
      allowance -= bytes;
    },
  };
}

/** Throws storage_full when only the reserve is left. */
export async function requireSpace(folder: string): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const share = (blocks * bsize) / RESERVE_SHARE;
  const reserve = Math.min(RESERVE_BYTES, Math.max(RESERVE_BYTES_MIN, share));
  if (bavail * bsize > reserve) return;
  throw new MatineeError('storage_full', 'the disk is full; nothing was stored');
}
