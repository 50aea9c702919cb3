/**
 * A task that could not be done, with what the studio needs to know: a code, a sentence, whether another attempt
 * may succeed, and the last of what a program said. A refused master is not a failure but a result of `inspect`.
 */
import { isMatineeError, systemCode } from '../../platform/errors.ts';

export type TaskFailureCode =
  | 'program_failed'
  | 'program_timeout'
  | 'input_unreachable'
  | 'input_unreadable'
  | 'input_corrupted'
  | 'output_refused'
  | 'wrong_output'
  | 'storage_full'
  | 'disk_exceeded'
  | 'memory_exceeded'
  | 'unsupported'
  | 'drained'
  | 'internal';

export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly code: TaskFailureCode;
  readonly retry: boolean;
  readonly programLog: string | undefined;
  /** Places of inputs, from zero, that must be made again. */
  readonly badInputs: readonly number[];

  constructor(
    code: TaskFailureCode,
    message: string,
    options: { retry: boolean; programLog?: string; badInputs?: readonly number[]; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry;
    this.programLog = options.programLog;
    this.badInputs = options.badInputs ?? [];
  }
}

/** Whatever was thrown as a failure to report. A fault of our own is worth another attempt on another worker. */
export function asTaskFailure(error: unknown): TaskFailure {
  if (error instanceof TaskFailure) return error;
  if (systemCode(error) === 'ENOSPC' || isMatineeError(error, 'storage_full')) {
    return new TaskFailure('storage_full', 'the disk is full', { retry: true, cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new TaskFailure('internal', withoutUrls(text), { retry: true, cause: error });
}

/** Replaces URLs, because presigned ones carry signatures that must reach neither logs nor the studio's records. */
export function withoutUrls(text: string): string {
  return text.replaceAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/gi, '<url>');
}
