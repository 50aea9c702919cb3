/** Why an edge could not answer: the status for the viewer, and whether asking the origin again may help. */
import type { ErrorCode } from '../../platform/errors.ts';

export type FailureKind =
  /** No connection, or one that ended before a reply: the same request may be sent again. */
  | 'unreachable'
  /** The origin took too long. */
  | 'late'
  /** The reply ended before its time. */
  | 'broken'
  /** The origin answered with something that cannot be used. */
  | 'refused'
  /** The object became another one between two requests. */
  | 'changed'
  /** Too many fetches are waiting already. */
  | 'busy';

const ROWS: Record<FailureKind, { status: 502 | 503 | 504; code: ErrorCode }> = {
  unreachable: { status: 502, code: 'unavailable' },
  late: { status: 504, code: 'timeout' },
  broken: { status: 502, code: 'unavailable' },
  refused: { status: 502, code: 'unavailable' },
  changed: { status: 502, code: 'unavailable' },
  busy: { status: 503, code: 'unavailable' },
};

export class EdgeFailure extends Error {
  override readonly name = 'EdgeFailure';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }

  get status(): 502 | 503 | 504 {
    return ROWS[this.kind].status;
  }

  /** Whether the same question may get an answer when it is asked anew at once. */
  get mayPass(): boolean {
    return this.kind === 'late' || this.kind === 'broken' || this.kind === 'unreachable';
  }

  get code(): ErrorCode {
    return ROWS[this.kind].code;
  }
}

export function asEdgeFailure(error: unknown): EdgeFailure {
  return error instanceof EdgeFailure
    ? error
    : new EdgeFailure('broken', 'the origin could not be read', error);
}
