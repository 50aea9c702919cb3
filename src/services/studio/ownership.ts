/** Who owns a task, and whether a result answers it. Pure. */
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { JobRef } from '../../ports/queue/queue.ts';
import type { TaskRow } from './tables.ts';

/** The task, if this attempt owns it. Throws not_found or stale_attempt. */
export function needOwner(task: TaskRow | undefined, attempt: number): TaskRow {
  if (!task) throw new MatineeError('not_found', 'there is no such task');
  if (task.state === 'leased' && task.attempt === attempt) return task;
  throw new MatineeError('stale_attempt', 'this attempt does not have the task any more');
}

/** The queue's job that the owner was given the task by. */
export function jobOf(task: TaskRow): JobRef {
  return { id: task.job_id ?? '', attempt: task.job_attempt ?? 0 };
}

/** Throws invalid_request for a result that does not answer its task. */
export function checkResult(spec: TaskSpec, result: TaskResult): void {
  const mismatch =
    result.kind !== spec.kind ||
    (spec.kind === 'first-light' && result.kind === 'first-light' && result.frames !== spec.frames) ||
    (spec.kind === 'encode-video' &&
      result.kind === 'encode-video' &&
      (spec.last ? result.frames > spec.frames : result.frames !== spec.frames));
  if (mismatch) throw new MatineeError('invalid_request', 'the result does not answer the task');
}
