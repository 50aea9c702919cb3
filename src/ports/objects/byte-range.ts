/** Turns an asked range into the bytes that are sent. Pure. Source: RFC 9110, section 14.1.2. */
import { MatineeError } from '../../platform/errors.ts';
import type { ByteRange } from './objects.ts';

/** Inclusive at both ends, within the object. Throws range_not_satisfiable, or invalid_request for nonsense. */
export function resolveRange(range: ByteRange, size: number): { start: number; end: number } {
  requireRange(range);
  if ('suffix' in range) {
    if (size === 0) throw unsatisfiable(size);
    return { start: Math.max(0, size - range.suffix), end: size - 1 };
  }
  const { start, end = Number.MAX_SAFE_INTEGER } = range;
  if (start >= size) throw unsatisfiable(size);
  return { start, end: Math.min(end, size - 1) };
}

/** What can be said of a range without the object: nonsense is invalid_request, the last 0 bytes never satisfiable. */
export function requireRange(range: ByteRange): void {
  if ('suffix' in range) {
    requireWhole(range.suffix);
    if (range.suffix === 0) throw unsatisfiable();
    return;
  }
  const { start, end = Number.MAX_SAFE_INTEGER } = range;
  requireWhole(start);
  requireWhole(end);
  if (end < start) throw new MatineeError('invalid_request', 'the range ends before it starts');
}

function requireWhole(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new MatineeError('invalid_request', 'a range is made of whole numbers from 0');
  }
}

function unsatisfiable(size?: number): MatineeError {
  return new MatineeError('range_not_satisfiable', 'the range lies outside the object', {
    details: { size },
  });
}
