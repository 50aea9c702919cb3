import type { Operation } from '../operation.ts';

export const deleteBucket: Operation = {
  name: 'DeleteBucket',
  needs: ({ bucket }) => [{ action: 'admin', bucket, key: '' }],
  async run({ target, objects }) {
    await objects.deleteBucket(target.bucket);
    return new Response(null, { status: 204 });
  },
};
