import type { Operation } from '../operation.ts';
import { S3Error } from '../s3-error.ts';

export const deleteObject: Operation = {
  name: 'DeleteObject',
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run({ target, objects }) {
    if (target.headers.has('if-match') || target.headers.has('x-amz-if-match-size')) {
      throw new S3Error('NotImplemented', 'Conditional deletes are not implemented.');
    }
    await objects.delete(target.bucket, target.key);
    return new Response(null, { status: 204 });
  },
};
