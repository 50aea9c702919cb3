import type { ByteRange, ObjectInfo } from '../../../ports/objects/objects.ts';
import { checksumHeaders, objectHeaders } from '../object-headers.ts';
import { readUnlessUnchanged } from '../object-read.ts';
import type { Operation } from '../operation.ts';
import { readRange } from '../request-headers.ts';
import { S3Error } from '../s3-error.ts';

export const headObject: Operation = {
  name: 'HeadObject',
  needs: ({ bucket, key }) => [{ action: 'read', bucket, key }],
  async run(call) {
    const { target, objects } = call;
    const read = await readUnlessUnchanged(call, (conditions) =>
      objects.head(target.bucket, target.key, conditions),
    );
    if (read instanceof Response) return read;
    const headers = objectHeaders(target, read);
    const range = resolveRange(readRange(target.headers.get('range')), read);
    headers.set('content-length', String(range ? range.end - range.start + 1 : read.size));
    if (range) headers.set('content-range', `bytes ${range.start}-${range.end}/${read.size}`);
    else if (target.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
      for (const [name, value] of Object.entries(checksumHeaders(read))) headers.set(name, value);
    }
    return new Response(null, { status: range ? 206 : 200, headers });
  },
};

function resolveRange(
  range: ByteRange | undefined,
  { size }: ObjectInfo,
): { start: number; end: number } | undefined {
  if (!range) return undefined;
  const suffix = 'suffix' in range;
  const start = suffix ? Math.max(0, size - range.suffix) : range.start;
  const end = suffix ? size - 1 : Math.min(range.end ?? size - 1, size - 1);
  if (start > end) throw new S3Error('InvalidRange');
  return { start, end };
}
