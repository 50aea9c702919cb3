/** What GET and HEAD of an object share: when a condition did not hold, which of HTTP's two answers is due. */
import { isMatineeError } from '../../platform/errors.ts';
import type { Conditions, ObjectInfo } from '../../ports/objects/objects.ts';
import type { Call } from './operation.ts';
import { readConditions } from './request-headers.ts';
import { S3Error } from './s3-error.ts';

/**
 * The result of `read`, or the reply 304. Throws S3Error PreconditionFailed when If-Match or If-Unmodified-Since
 * did not hold (RFC 9110 section 13.2.2: these two come first).
 */
export async function readUnlessUnchanged<T>(
  call: Call,
  read: (conditions: Conditions) => Promise<T>,
): Promise<T | Response> {
  const conditions = readConditions(call.target.headers);
  try {
    return await read(conditions);
  } catch (error) {
    if (!isMatineeError(error, 'precondition_failed')) throw error;
    const info = await call.objects.head(call.target.bucket, call.target.key);
    if (mustFail(conditions, info)) throw new S3Error('PreconditionFailed');
    const headers = new Headers({ etag: info.etag, 'last-modified': info.lastModified.toUTCString() });
    if (info.cacheControl) headers.set('cache-control', info.cacheControl);
    return new Response(null, { status: 304, headers });
  }
}

function mustFail(conditions: Conditions, info: ObjectInfo): boolean {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  if (ifMatch !== undefined) return !etagIsIn(ifMatch, info.etag) || !(ifNoneMatch || ifModifiedSince);
  if (ifUnmodifiedSince !== undefined && wholeSeconds(info.lastModified) > wholeSeconds(ifUnmodifiedSince))
    return true;
  return ifNoneMatch === undefined && ifModifiedSince === undefined;
}

function etagIsIn(list: string, etag: string): boolean {
  return list === '*' || list.split(',').some((one) => one.trim() === etag);
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
