import type { ByteRange, Conditions, ObjectBody } from '../../../ports/objects/objects.ts';
import { bodyStream, checksumHeaders, objectHeaders } from '../object-headers.ts';
import { readUnlessUnchanged } from '../object-read.ts';
import type { Call, Operation } from '../operation.ts';
import { quotedEtag, readRange } from '../request-headers.ts';

export const getObject: Operation = {
  name: 'GetObject',
  needs: ({ bucket, key }) => [{ action: 'read', bucket, key }],
  async run(call) {
    const read = await readUnlessUnchanged(call, (conditions) => open(call, conditions));
    if (read instanceof Response) return read;
    try {
      return reply(call, read);
    } catch (error) {
      // A header that cannot be sent must not leave the file open.
      read.stream.destroy?.();
      throw error;
    }
  },
};

/** With If-Range a range is sent only of the object that the client knows, else the whole new one. */
async function open({ target, objects }: Call, conditions: Conditions): Promise<ObjectBody> {
  const { bucket, key, headers } = target;
  const range: ByteRange | undefined = readRange(headers.get('range'));
  const ifRange = headers.get('if-range');
  if (range === undefined || ifRange === null) return objects.get(bucket, key, { ...conditions, range });
  const { etag, lastModified } = await objects.head(bucket, key, conditions);
  const same = quotedEtag(ifRange) === etag || ifRange === lastModified.toUTCString();
  if (!same) return objects.get(bucket, key, conditions);
  return objects.get(bucket, key, { ...conditions, ifMatch: conditions.ifMatch ?? etag, range });
}

function reply({ target, log }: Call, body: ObjectBody): Response {
  const headers = objectHeaders(target, body);
  const { range, size } = body;
  headers.set('content-length', String(range ? range.end - range.start + 1 : size));
  if (range) headers.set('content-range', `bytes ${range.start}-${range.end}/${size}`);
  else if (target.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    for (const [name, value] of Object.entries(checksumHeaders(body))) headers.set(name, value);
  }
  return new Response(bodyStream(body, log), { status: range ? 206 : 200, headers });
}
