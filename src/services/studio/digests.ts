/**
 * What a task is by content: the digest of the master, of the stream and span that it reads, and of all parameters.
 * Two tasks with one digest have one result, so the second need not be done. Pure.
 */
import { createHash } from 'node:crypto';
import type { TaskSpec } from '../../contracts/tasks.ts';

/** Raised when workers make something else of the same specification: other filters, other settings of encoders. */
const REVISION = 2;

/** Tasks that take their worth in processor time, and whose results are no part of a publication by themselves. */
const REUSED: ReadonlyArray<TaskSpec['kind']> = ['encode-video', 'encode-audio', 'analyse'];

export type MasterIdentity = { etag: string; bytes: number };

/** Undefined for tasks whose results are made anew each time. */
export function digestOf(master: MasterIdentity, spec: TaskSpec): string | undefined {
  if (!REUSED.includes(spec.kind)) return undefined;
  const parameters = Object.fromEntries(
    Object.entries(spec).filter(([name]) => name !== 'master' && name !== 'inputs'),
  );
  const text = canonical([REVISION, master.etag, master.bytes, parameters]);
  return createHash('sha256').update(text).digest('base64url');
}

/** JSON with the names of objects in order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
