/**
 * S3's error codes as rows, the way from our own codes to them, and their XML.
 * Nothing here decides when an error happens.
 * Source of codes and statuses: "Error responses" in the Amazon S3 API Reference.
 */
import { type ErrorCode, isMatineeError } from '../../platform/errors.ts';
import { element, xmlDocument } from './xml-write.ts';

type Row = { readonly status: number; readonly message: string };

export const S3_ERRORS = {
  AccessControlListNotSupported: { status: 400, message: 'The bucket does not allow ACLs.' },
  AccessDenied: { status: 403, message: 'Access Denied' },
  AccessForbidden: { status: 403, message: 'CORSResponse: This CORS request is not allowed.' },
  AuthorizationHeaderMalformed: { status: 400, message: 'The authorization header is malformed.' },
  AuthorizationQueryParametersError: {
    status: 400,
    message: 'The query parameters of the signature are malformed.',
  },
  BadDigest: { status: 400, message: 'The digest you specified did not match what we received.' },
  BucketAlreadyOwnedByYou: { status: 409, message: 'You own this bucket already.' },
  BucketNotEmpty: { status: 409, message: 'The bucket you tried to delete is not empty.' },
  ConditionalRequestConflict: { status: 409, message: 'A conflicting operation is going on. Try again.' },
  EntityTooLarge: { status: 400, message: 'Your upload exceeds the maximum allowed size.' },
  EntityTooSmall: { status: 400, message: 'A part that is not the last is smaller than 5 MiB.' },
  IncompleteBody: { status: 400, message: 'The body does not have the number of bytes that was stated.' },
  InsufficientStorage: { status: 507, message: 'The disk is full; nothing was stored.' },
  InternalError: { status: 500, message: 'We encountered an internal error. Please try again.' },
  InvalidAccessKeyId: { status: 403, message: 'The access key ID you provided does not exist.' },
  InvalidArgument: { status: 400, message: 'Invalid Argument' },
  InvalidBucketName: { status: 400, message: 'The specified bucket is not valid.' },
  InvalidDigest: { status: 400, message: 'The Content-MD5 you specified is not valid.' },
  InvalidPart: {
    status: 400,
    message: 'One or more of the specified parts could not be found, or its entity tag differs.',
  },
  InvalidPartOrder: { status: 400, message: 'The list of parts was not in ascending order.' },
  InvalidRange: { status: 416, message: 'The requested range is not satisfiable' },
  InvalidRequest: { status: 400, message: 'Invalid Request' },
  InvalidStorageClass: { status: 400, message: 'The storage class you specified is not valid.' },
  InvalidToken: { status: 400, message: 'The provided token is malformed or otherwise invalid.' },
  InvalidURI: { status: 400, message: "Couldn't parse the specified URI." },
  KeyTooLongError: { status: 400, message: 'Your key is too long.' },
  MalformedTrailerError: { status: 400, message: 'The trailer of the body was not well formed.' },
  MalformedXML: { status: 400, message: 'The XML you provided was not well formed or not as expected.' },
  MaxMessageLengthExceeded: { status: 400, message: 'Your request was too big.' },
  MetadataTooLarge: { status: 400, message: 'Your metadata headers exceed the maximum allowed size.' },
  MethodNotAllowed: { status: 405, message: 'The method is not allowed against this resource.' },
  MissingContentLength: { status: 411, message: 'You must provide the Content-Length HTTP header.' },
  NoSuchBucket: { status: 404, message: 'The specified bucket does not exist' },
  NoSuchBucketPolicy: { status: 404, message: 'The bucket policy does not exist' },
  NoSuchCORSConfiguration: { status: 404, message: 'The CORS configuration does not exist' },
  NoSuchKey: { status: 404, message: 'The specified key does not exist.' },
  NoSuchLifecycleConfiguration: { status: 404, message: 'The lifecycle configuration does not exist' },
  NoSuchPublicAccessBlockConfiguration: {
    status: 404,
    message: 'The public access block configuration was not found',
  },
  NoSuchTagSet: { status: 404, message: 'The TagSet does not exist' },
  NoSuchUpload: { status: 404, message: 'The specified multipart upload does not exist or has ended.' },
  NoSuchVersion: { status: 404, message: 'The specified version does not exist.' },
  NoSuchWebsiteConfiguration: {
    status: 404,
    message: 'The specified bucket does not have a website configuration',
  },
  NotImplemented: { status: 501, message: 'This functionality is not implemented.' },
  ObjectLockConfigurationNotFoundError: {
    status: 404,
    message: 'Object Lock configuration does not exist for this bucket',
  },
  OwnershipControlsNotFoundError: { status: 404, message: 'The bucket ownership controls were not found' },
  PreconditionFailed: {
    status: 412,
    message: 'At least one of the preconditions you specified did not hold',
  },
  ReplicationConfigurationNotFoundError: {
    status: 404,
    message: 'The replication configuration was not found',
  },
  RequestTimeTooSkewed: {
    status: 403,
    message: "The difference between the request time and the server's time is too large.",
  },
  RequestTimeout: { status: 400, message: 'The request was not read or written within the timeout.' },
  ServerSideEncryptionConfigurationNotFoundError: {
    status: 404,
    message: 'The server side encryption configuration was not found',
  },
  ServiceUnavailable: { status: 503, message: 'The store is not ready. Please try again.' },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
} as const satisfies Record<string, Row>;

export type S3ErrorCode = keyof typeof S3_ERRORS;

/** Where a code of our own lands. What is not a row here is a fault of the program: InternalError. */
const FROM_MATINEE: Partial<Record<ErrorCode, S3ErrorCode>> = {
  bucket_missing: 'NoSuchBucket',
  bucket_exists: 'BucketAlreadyOwnedByYou',
  bucket_not_empty: 'BucketNotEmpty',
  not_found: 'NoSuchKey',
  upload_missing: 'NoSuchUpload',
  invalid_part: 'InvalidPart',
  invalid_part_order: 'InvalidPartOrder',
  part_too_small: 'EntityTooSmall',
  digest_mismatch: 'BadDigest',
  precondition_failed: 'PreconditionFailed',
  range_not_satisfiable: 'InvalidRange',
  too_large: 'EntityTooLarge',
  invalid_request: 'InvalidRequest',
  conflict: 'ConditionalRequestConflict',
  forbidden: 'AccessDenied',
  unauthenticated: 'AccessDenied',
  storage_full: 'InsufficientStorage',
  unavailable: 'ServiceUnavailable',
  timeout: 'RequestTimeout',
};

/** A refusal in S3's own terms. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  /** More elements of the reply, never secrets. */
  readonly details: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message?: string, details: Record<string, string> = {}) {
    super(message ?? S3_ERRORS[code].message);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return S3_ERRORS[this.code].status;
  }
}

/** Our own text goes out only where it is about the request; faults of the program keep theirs for the log. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (!isMatineeError(error)) return new S3Error('InternalError');
  const code = FROM_MATINEE[error.code];
  if (code === undefined) return new S3Error('InternalError');
  return new S3Error(code, code === 'InvalidRequest' ? error.message : undefined);
}

export function errorXml(error: S3Error, resource: string, requestId: string): string {
  return xmlDocument(
    element(
      'Error',
      element('Code', error.code),
      element('Message', error.message),
      ...Object.entries(error.details).map(([name, value]) => element(name, value)),
      element('Resource', resource),
      element('RequestId', requestId),
    ),
  );
}
