/**
 * The closed set of failures that Matinee reports, one row a code. A row says what the code means, which
 * HTTP status renders it, and whether the same request may succeed when it is tried again.
 * Nothing here knows how an error is rendered; doors and routes do that from the row.
 */
export type ErrorRow = { readonly status: number; readonly retry: boolean; readonly meaning: string };

export const ERRORS = {
  invalid_request: { status: 400, retry: false, meaning: 'The request does not match its schema.' },
  unauthenticated: { status: 401, retry: false, meaning: 'No valid credential came with the request.' },
  forbidden: { status: 403, retry: false, meaning: 'The credential does not allow this.' },
  not_found: { status: 404, retry: false, meaning: 'No such thing, or no longer.' },
  conflict: { status: 409, retry: false, meaning: 'The thing is in a state that forbids this.' },
  stale_attempt: { status: 409, retry: false, meaning: 'Another attempt has taken the work over.' },
  precondition_failed: { status: 412, retry: false, meaning: 'A condition of the request did not hold.' },
  too_large: { status: 413, retry: false, meaning: 'A body or a value is over its limit.' },
  rate_limited: { status: 429, retry: true, meaning: 'Too many requests; the reply says when to come back.' },
  range_not_satisfiable: { status: 416, retry: false, meaning: 'The range lies outside the object.' },
  digest_mismatch: {
    status: 400,
    retry: false,
    meaning: 'The bytes do not match the stated digest or length.',
  },
  invalid_part: { status: 400, retry: false, meaning: 'A part of a multipart upload is missing or differs.' },
  invalid_part_order: { status: 400, retry: false, meaning: 'The parts are not in ascending order.' },
  part_too_small: { status: 400, retry: false, meaning: 'A part that is not the last is under 5 MiB.' },
  bucket_exists: { status: 409, retry: false, meaning: 'The bucket exists.' },
  bucket_missing: { status: 404, retry: false, meaning: 'The bucket does not exist.' },
  bucket_not_empty: { status: 409, retry: false, meaning: 'The bucket still holds objects.' },
  upload_missing: { status: 404, retry: false, meaning: 'The multipart upload does not exist or has ended.' },
  storage_full: { status: 507, retry: true, meaning: 'The disk is full; nothing was stored.' },
  unavailable: { status: 503, retry: true, meaning: 'A part that this needs is not ready or not reachable.' },
  timeout: { status: 504, retry: true, meaning: 'It took longer than allowed.' },
  owned_elsewhere: { status: 409, retry: false, meaning: 'Another running program holds this data folder.' },
  invalid_config: { status: 500, retry: false, meaning: 'The configuration has faults.' },
  missing_program: { status: 500, retry: false, meaning: 'A program that this needs is not installed.' },
  internal: { status: 500, retry: false, meaning: 'A fault of the program itself.' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure with a code of the closed set. Tests and callers match `code`, never the text. */
export class MatineeError extends Error {
  override readonly name = 'MatineeError';
  readonly code: ErrorCode;
  /** Facts for the reader of a log or a reply, never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options?: { cause?: unknown; details?: Record<string, unknown> },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options?.details ?? {};
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }
}

/** True for a MatineeError, of the given code when one is given. */
export function isMatineeError(value: unknown, code?: ErrorCode): value is MatineeError {
  return value instanceof MatineeError && (code === undefined || value.code === code);
}

/** For `catch`: failures with these codes become undefined, every other goes on. */
export function ignoring(...codes: readonly ErrorCode[]): (error: unknown) => undefined {
  return (error) => {
    if (isMatineeError(error) && codes.includes(error.code)) return undefined;
    throw error;
  };
}

/** The operating system's code of a failed call (`ENOENT`, `ENOSPC`…), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
