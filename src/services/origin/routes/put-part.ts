/** UploadPart. */
import { checksumHeader } from '../body-checksums.ts';
import type { Operation } from '../operation.ts';
import { partNumberOf, uploadOf } from '../upload-target.ts';

export const putPart: Operation = {
  name: 'UploadPart',
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run({ target, objects, payload }) {
    const partNumber = partNumberOf(target);
    const { bytes, checks } = payload();
    const part = await objects.putPart(uploadOf(target), partNumber, bytes, checks);
    const headers = new Headers({ etag: part.etag });
    if (part.checksum) headers.set(checksumHeader(part.checksum.kind), part.checksum.value);
    return new Response(null, { status: 200, headers });
  },
};
