/** Translates what the file system and SQLite say into the codes of the port. */
import { isMatineeError, MatineeError, systemCode } from '../../platform/errors.ts';

const SQLITE_FULL = 13;
const FULL_CODES = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A full disk becomes storage_full; every other error stays what it is. */
export function diskFault(error: unknown): unknown {
  if (isMatineeError(error)) return error;
  const code = systemCode(error);
  const full = (error as { errcode?: number } | null)?.errcode === SQLITE_FULL;
  if (!full && !(code !== undefined && FULL_CODES.has(code))) return error;
  return new MatineeError('storage_full', 'the disk is full; nothing was stored', { cause: error });
}
