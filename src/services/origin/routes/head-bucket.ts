import type { Operation } from '../operation.ts';
import { S3Error } from '../s3-error.ts';

export const headBucket: Operation = {
  name: 'HeadBucket',
  needs: ({ bucket }) => [{ action: 'list', bucket }],
  async run({ target, objects, region }) {
    if (!(await objects.headBucket(target.bucket))) throw new S3Error('NoSuchBucket');
    return new Response(null, {
      status: 200,
      headers: { 'content-type': 'application/xml', 'x-amz-bucket-region': region },
    });
  },
};
