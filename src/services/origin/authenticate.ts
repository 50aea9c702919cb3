/**
 * Who sent a request: checks AWS Signature Version 4 in the `Authorization` header or in the query (presigned).
 * Reads the head only, so that a refused upload never sends its body. Says nothing of what the key may do.
 */
import { type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  amzDate,
  canonicalRequest,
  type NameValue,
  PRESIGN_EXPIRES_MAX_S,
  parseAmzDate,
  SIGV4_ALGORITHM,
  type SigningScope,
  signText,
  stringToSign,
  UNSIGNED_PAYLOAD,
} from '../../platform/sigv4.ts';
import type { AccessKeys } from './access-keys.ts';
import type { AccessScope } from './access-scope.ts';
import { S3Error } from './s3-error.ts';
import { headerText, type S3Request } from './s3-request.ts';
import type { SigningKeys } from './signing-keys.ts';

/** An authentic request, with what its body's chunk signatures are checked against. */
export type Caller = {
  readonly accessKeyId: string;
  readonly scope: AccessScope;
  /** How the body is hashed or framed: the meaning of `x-amz-content-sha256`. */
  readonly payload: string;
  readonly seed: { signature: string; key: KeyObject; amzDate: string; scope: SigningScope };
};

type Claim = {
  accessKeyId: string;
  scope: SigningScope;
  signedHeaders: string[];
  signature: string;
  /** Of the time that was signed. */
  amzDate: string;
  /** What stood for the body when the signature was made. */
  payloadHash: string;
  /** How the body is really sent. */
  payload: string;
  pairs: readonly NameValue[];
};

const SKEW_MS_MAX = 15 * 60_000;
const SIGNED_HEADERS_MAX = 64;

export type AuthenticateDeps = { accessKeys: AccessKeys; signingKeys: SigningKeys };

/** Throws S3Error; `nowMs` is the server's time. */
export async function authenticate(
  request: S3Request,
  { accessKeys, signingKeys }: AuthenticateDeps,
  nowMs: number,
): Promise<Caller> {
  const claim = readClaim(request, nowMs);
  requireSignedHeaders(request, claim);
  const found = await accessKeys.find(claim.accessKeyId);
  if (!found)
    throw new S3Error('InvalidAccessKeyId', undefined, { AWSAccessKeyId: claim.accessKeyId.slice(0, 128) });
  const key = signingKeys.derive(claim.accessKeyId, found.secret, claim.scope);
  const canonical = canonicalRequest({
    method: request.method,
    path: request.canonicalPath,
    query: claim.pairs,
    headers: claim.signedHeaders.map((name): NameValue => [name, headerValue(request, name)]),
    payloadHash: claim.payloadHash,
  });
  const expected = signText(stringToSign(claim.amzDate, claim.scope, canonical), key);
  if (!sameSignature(expected, claim.signature)) throw new S3Error('SignatureDoesNotMatch');
  signingKeys.remember(claim.accessKeyId, found.secret, claim.scope, key);
  const seed = { signature: claim.signature, key, amzDate: claim.amzDate, scope: claim.scope };
  return { accessKeyId: claim.accessKeyId, scope: found.scope, payload: claim.payload, seed };
}

/** Compares two signatures in hex in constant time. */
export function sameSignature(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function readClaim(request: S3Request, nowMs: number): Claim {
  const authorization = request.headers.get('authorization');
  const { query, headers } = request;
  const inQuery = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature');
  if (authorization !== null && inQuery) {
    throw new S3Error('InvalidArgument', 'Only one way of authentication is allowed: a header or the query.');
  }
  if (headers.has('x-amz-security-token') || query.has('X-Amz-Security-Token')) {
    throw new S3Error('InvalidToken', 'Session tokens are not used here: unset AWS_SESSION_TOKEN.');
  }
  if (inQuery) return queryClaim(request, nowMs);
  if (authorization?.startsWith(`${SIGV4_ALGORITHM} `)) return headerClaim(request, authorization, nowMs);
  if (authorization?.startsWith('AWS ') || (query.has('AWSAccessKeyId') && query.has('Signature'))) {
    throw new S3Error('AccessDenied', SIGV2_ADVICE);
  }
  if (authorization !== null) throw new S3Error('InvalidArgument', 'Unsupported Authorization type.');
  throw new S3Error('AccessDenied');
}

const SIGV2_ADVICE =
  'Signature Version 2 is not accepted; sign with Version 4. For the AWS CLI: ' +
  '`aws configure set default.s3.signature_version s3v4`. For boto3: Config(signature_version="s3v4").';

function headerClaim(request: S3Request, authorization: string, nowMs: number): Claim {
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^,\s]+) *, *SignedHeaders=([^,\s]+) *, *Signature=([0-9a-fA-F]+) *$/.exec(
      authorization,
    );
  if (!match) throw new S3Error('AuthorizationHeaderMalformed');
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  const signedAt = requestDate(request);
  if (Math.abs(nowMs - signedAt.getTime()) > SKEW_MS_MAX) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      RequestTime: amzDate(signedAt),
      ServerTime: new Date(nowMs).toISOString(),
      MaxAllowedSkewMilliseconds: String(SKEW_MS_MAX),
    });
  }
  const payloadHash = request.headers.get('x-amz-content-sha256');
  if (payloadHash === null) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return {
    ...readCredential(credential, amzDate(signedAt), 'AuthorizationHeaderMalformed'),
    signedHeaders: readSignedHeaders(signedHeaders, 'AuthorizationHeaderMalformed'),
    signature: signature.toLowerCase(),
    amzDate: amzDate(signedAt),
    payloadHash,
    payload: payloadHash,
    pairs: request.pairs,
  };
}

function requestDate(request: S3Request): Date {
  const stamp = request.headers.get('x-amz-date');
  const date = request.headers.get('date');
  const signedAt = stamp !== null ? parseAmzDate(stamp) : date === null ? undefined : new Date(date);
  if (signedAt === undefined || Number.isNaN(signedAt.getTime())) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header.');
  }
  return signedAt;
}

function queryClaim(request: S3Request, nowMs: number): Claim {
  const code = 'AuthorizationQueryParametersError';
  const need = (name: string) => {
    const value = request.query.get(name);
    if (value) return value;
    throw new S3Error(code, `Query-string authentication version 4 requires the ${name} parameter.`);
  };
  if (need('X-Amz-Algorithm') !== SIGV4_ALGORITHM) {
    throw new S3Error(code, `X-Amz-Algorithm only supports "${SIGV4_ALGORITHM}".`);
  }
  const stamp = need('X-Amz-Date');
  const signedAt = parseAmzDate(stamp);
  if (!signedAt) throw new S3Error(code, 'X-Amz-Date must be in the ISO8601 long format yyyymmddThhmmssZ.');
  requireUnexpired(signedAt.getTime(), need('X-Amz-Expires'), nowMs);
  const signedHeaders = readSignedHeaders(need('X-Amz-SignedHeaders'), code);
  const inHeader = request.headers.get('x-amz-content-sha256');
  const inQuery = request.query.get('X-Amz-Content-Sha256') ?? UNSIGNED_PAYLOAD;
  const payloadHash =
    signedHeaders.includes('x-amz-content-sha256') && inHeader !== null ? inHeader : inQuery;
  return {
    ...readCredential(need('X-Amz-Credential'), stamp, code),
    signedHeaders,
    signature: need('X-Amz-Signature').toLowerCase(),
    amzDate: stamp,
    payloadHash,
    payload: inHeader ?? inQuery,
    pairs: request.pairs.filter(([name]) => name !== 'X-Amz-Signature'),
  };
}

function requireUnexpired(signedMs: number, expires: string, nowMs: number): void {
  if (!/^\d{1,7}$/.test(expires) || Number(expires) > PRESIGN_EXPIRES_MAX_S) {
    throw new S3Error(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires must be a number of seconds up to ${PRESIGN_EXPIRES_MAX_S}.`,
    );
  }
  if (signedMs > nowMs + SKEW_MS_MAX) throw new S3Error('AccessDenied', 'Request is not valid yet');
  const endMs = signedMs + Number(expires) * 1000;
  if (nowMs <= endMs) return;
  throw new S3Error('AccessDenied', 'Request has expired', {
    'X-Amz-Expires': expires,
    Expires: new Date(endMs).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  });
}

type Malformed = 'AuthorizationHeaderMalformed' | 'AuthorizationQueryParametersError';

/** Any region is accepted: clients guess (`us-east-1`, `US`, `auto`), and the door has but one. */
function readCredential(
  text: string,
  stamp: string,
  code: Malformed,
): { accessKeyId: string; scope: SigningScope } {
  const fields = text.split('/');
  const [service, end] = fields.slice(-2);
  const [accessKeyId = '', day = '', region = ''] = fields;
  if (fields.length !== 5 || end !== 'aws4_request' || region === '') {
    throw new S3Error(code, 'The credential must read <access key>/<yyyymmdd>/<region>/s3/aws4_request.');
  }
  if (service !== 's3') throw new S3Error(code, 'The credential must be scoped to the service "s3".');
  if (day !== stamp.slice(0, 8)) throw new S3Error(code, 'The credential must be of the day of the request.');
  return { accessKeyId, scope: { day, region, service } };
}

function readSignedHeaders(text: string, code: Malformed): string[] {
  const names = text.split(';');
  const ordered = names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
  const wellFormed = names.every((name) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name));
  if (!ordered || !wellFormed || names.length > SIGNED_HEADERS_MAX || !names.includes('host')) {
    throw new S3Error(code, 'SignedHeaders must be sorted, in lower case, and hold host.');
  }
  return names;
}

/**
 * Every `x-amz-*` header changes what a request does (`x-amz-copy-source`), so each must be signed. The one
 * exception, on presigned URLs, only says how the body is framed, and a wrong one fails the write.
 */
function requireSignedHeaders(request: S3Request, claim: Claim): void {
  const unsigned = [...request.headers.keys()].filter(
    (name) =>
      name.startsWith('x-amz-') &&
      !claim.signedHeaders.includes(name) &&
      !(name === 'x-amz-content-sha256' && request.query.has('X-Amz-Signature')),
  );
  if (unsigned.length > 0) {
    throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
      HeadersNotSigned: unsigned.join(', '),
    });
  }
  const dated = claim.signedHeaders.some((name) => name === 'x-amz-date' || name === 'date');
  if (!dated && !request.query.has('X-Amz-Signature')) {
    throw new S3Error('AccessDenied', 'The date of the request was not signed');
  }
}

function headerValue(request: S3Request, name: string): string {
  return name === 'host' ? request.host : (headerText(request.headers, name) ?? '');
}
