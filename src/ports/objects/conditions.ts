/**
 * Conditional requests on an object that is, or is not, there. Pure.
 * Source: RFC 9110, section 13 (precedence in 13.2.2), with S3's rule that If-Match on an absent key is not_found.
 */
import { MatineeError } from '../../platform/errors.ts';
import type { Conditions } from './objects.ts';

export type Validators = { etag: string; lastModified: Date };

/** For reads, and for the source of a copy. Throws precondition_failed; its details name the condition. */
export function checkRead(conditions: Conditions, object: Validators): void {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw failed('ifMatch', object);
  } else if (ifUnmodifiedSince && seconds(object.lastModified) > seconds(ifUnmodifiedSince)) {
    throw failed('ifUnmodifiedSince', object);
  }
  if (ifNoneMatch !== undefined) {
    if (matches(ifNoneMatch, object.etag)) throw failed('ifNoneMatch', object);
  } else if (ifModifiedSince && seconds(object.lastModified) <= seconds(ifModifiedSince)) {
    throw failed('ifModifiedSince', object);
  }
}

/** For writes: the object is the one that would be replaced. Throws precondition_failed or not_found. */
export function checkWrite(conditions: Conditions, object: Validators | undefined): void {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined && !object) {
    throw new MatineeError('not_found', 'there is no object to match', { details: { condition: 'ifMatch' } });
  }
  if (!object) return;
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw failed('ifMatch', object);
  } else if (ifUnmodifiedSince && seconds(object.lastModified) > seconds(ifUnmodifiedSince)) {
    throw failed('ifUnmodifiedSince', object);
  }
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, object.etag)) throw failed('ifNoneMatch', object);
}

/** ETags compare by their opaque part: weak or strong, quoted or not, one or a list. */
function matches(condition: string, etag: string): boolean {
  return condition.split(',').some((item) => item.trim() === '*' || bareEtag(item) === bareEtag(etag));
}

export function bareEtag(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function failed(condition: keyof Conditions, object: Validators): MatineeError {
  return new MatineeError('precondition_failed', `the condition ${condition} does not hold`, {
    details: { condition, etag: object.etag, lastModified: object.lastModified },
  });
}
