import { checksumHeaders } from '../object-headers.ts';
import type { Operation } from '../operation.ts';
import { objectAttributes, writeConditions } from '../request-headers.ts';

export const putObject: Operation = {
  name: 'PutObject',
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run({ target, objects, payload }) {
    const { bytes, checks } = payload();
    const result = await objects.put(target.bucket, target.key, bytes, {
      ...objectAttributes(target.headers, checks.length),
      ...writeConditions(target.headers),
      ...checks,
    });
    return new Response(null, {
      status: 200,
      headers: { etag: result.etag, ...checksumHeaders(result), 'x-amz-object-size': String(result.size) },
    });
  },
};
