/** Translates what the S3 SDK throws into the codes of the port, by the error's name first and its status second. */
import { type ErrorCode, isMatineeError, MatineeError } from '../../platform/errors.ts';

/** Source: Amazon S3 API Reference, "Error responses". */
const BY_NAME: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'bucket_missing',
  BucketAlreadyExists: 'bucket_exists',
  BucketAlreadyOwnedByYou: 'bucket_exists',
  BucketNotEmpty: 'bucket_not_empty',
  NoSuchKey: 'not_found',
  NotFound: 'not_found',
  NoSuchVersion: 'not_found',
  PreconditionFailed: 'precondition_failed',
  NotModified: 'precondition_failed',
  ConditionalRequestConflict: 'unavailable',
  InvalidRange: 'range_not_satisfiable',
  BadDigest: 'digest_mismatch',
  InvalidDigest: 'digest_mismatch',
  IncompleteBody: 'digest_mismatch',
  XAmzContentSHA256Mismatch: 'digest_mismatch',
  XAmzContentChecksumMismatch: 'digest_mismatch',
  MalformedTrailerError: 'digest_mismatch',
  NoSuchUpload: 'upload_missing',
  InvalidPart: 'invalid_part',
  InvalidPartOrder: 'invalid_part_order',
  EntityTooSmall: 'part_too_small',
  EntityTooLarge: 'too_large',
  AccessDenied: 'forbidden',
  InvalidAccessKeyId: 'forbidden',
  SignatureDoesNotMatch: 'forbidden',
  RequestTimeout: 'unavailable',
  SlowDown: 'unavailable',
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  304: 'precondition_failed',
  403: 'forbidden',
  404: 'not_found',
  412: 'precondition_failed',
  416: 'range_not_satisfiable',
  507: 'storage_full',
};

/** Errors that are ours already stay; without an answer of the server it is unavailable. */
export function awsFault(error: unknown): MatineeError {
  if (isMatineeError(error)) return error;
  const name = (error as { name?: string } | null)?.name ?? 'unknown';
  const status = awsStatus(error);
  const code = BY_NAME[name] ?? BY_STATUS[status ?? 0] ?? classOf(status);
  return new MatineeError(code, `the object store answered ${name}`, {
    cause: error,
    details: { name, status },
  });
}

export function awsStatus(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
}

function classOf(status: number | undefined): ErrorCode {
  return status !== undefined && status >= 400 && status < 500 ? 'invalid_request' : 'unavailable';
}
