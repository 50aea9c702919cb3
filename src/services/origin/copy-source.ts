/** Reads which object a copy comes from (`x-amz-copy-source`). */
import type { ObjectRef } from '../../ports/objects/objects.ts';
import { S3Error } from './s3-error.ts';
import { checkedKey, decodeStrictly, isBucketName, type S3Request } from './s3-request.ts';

/** `/bucket/key` or `bucket/key`, percent-encoded, with no version but `null`. Throws S3Error. */
export function copySource(request: S3Request): ObjectRef {
  const header = request.headers.get('x-amz-copy-source') ?? '';
  const [path = '', version] = header.split('?versionId=');
  if (version !== undefined && version !== 'null') throw new S3Error('NoSuchVersion');
  // Some clients encode the slash between bucket and key as well.
  const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(decodeStrictly(path)) ?? [];
  if (key === '') {
    throw new S3Error('InvalidArgument', 'x-amz-copy-source must name a bucket and a key.');
  }
  if (!isBucketName(bucket)) throw new S3Error('NoSuchBucket');
  return { bucket, key: checkedKey(key) };
}
