/** Failures of an upload in words for the person who waits for it. */
import { isMatineeError } from '../../../platform/errors.ts';
import { hopeOf } from './patience.ts';
import { PartFailure } from './send-part.ts';
import { FileUnreadable, isGone } from './upload-run.ts';

/** Why nothing moves for the moment, while it is still being tried. */
export function waitingWords(error: unknown): string {
  if (hopeOf(error) === 'connection') return 'No connection. It goes on by itself.';
  if (isFull(error)) return 'The server’s disk is full. Trying again.';
  return 'The server is busy. Trying again.';
}

/** Why it has been given up, and what helps. */
export function failureWords(error: unknown): string {
  if (error instanceof FileUnreadable) {
    return 'The file has moved or changed since it was chosen. Choose it again to go on.';
  }
  if (isGone(error)) return 'The server no longer has this upload. Trying again sends it from the beginning.';
  if (isFull(error)) return 'The server’s disk is full. Free some space there, then try again.';
  if (isMatineeError(error, 'too_large')) return 'The file is larger than the server takes.';
  if (isMatineeError(error, 'invalid_part'))
    return 'Parts of the file got lost on the way. Try again to send those.';
  if (hopeOf(error) === 'connection')
    return 'The connection has been away too long. Try again when it is back.';
  if (hopeOf(error) === 'server') return 'The server keeps failing. Its log says why; try again later.';
  if (error instanceof PartFailure || isMatineeError(error))
    return `The server did not take it: ${error.message}`;
  return 'The upload failed because of a fault of this page. Try again, or reload the page.';
}

function isFull(error: unknown): boolean {
  return isMatineeError(error, 'storage_full') || (error instanceof PartFailure && error.kind === 'full');
}
