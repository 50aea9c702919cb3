/** AbortMultipartUpload. */
import type { Operation } from '../operation.ts';
import { uploadOf } from '../upload-target.ts';

export const abortUpload: Operation = {
  name: 'AbortMultipartUpload',
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run({ target, objects }) {
    await objects.abortUpload(uploadOf(target));
    return new Response(null, { status: 204 });
  },
};
