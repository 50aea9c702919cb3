import { isMatineeError } from '../../../platform/errors.ts';
import type { Operation } from '../operation.ts';
import { readSmallBody } from '../payload.ts';
import { requireKnownFeatures } from '../request-headers.ts';
import { S3Error } from '../s3-error.ts';
import { isBucketName } from '../s3-request.ts';
import { readXml } from '../xml-read.ts';

const BODY_BYTES_MAX = 64 * 1024;

export const createBucket: Operation = {
  name: 'CreateBucket',
  needs: ({ bucket }) => [{ action: 'admin', bucket, key: '' }],
  async run({ target, objects, region, payload }) {
    const { bucket, headers } = target;
    if (!isBucketName(bucket)) throw new S3Error('InvalidBucketName');
    requireKnownFeatures(headers);
    if (headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') {
      throw new S3Error('NotImplemented', 'Object Lock is not implemented.');
    }
    const body = await readSmallBody(payload(), BODY_BYTES_MAX);
    // There is one region here, whatever a location constraint says; it only has to be well formed.
    if (body.length > 0) readXml(body.toString('utf8'), 'CreateBucketConfiguration');
    try {
      await objects.createBucket(bucket);
    } catch (error) {
      // In us-east-1 S3 answers 200 to the owner who creates a bucket again, and rclone relies on it.
      if (!isMatineeError(error, 'bucket_exists') || region !== 'us-east-1') throw error;
    }
    return new Response(null, { status: 200, headers: { location: `/${bucket}` } });
  },
};
