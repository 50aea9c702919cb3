/** Writes what a reply says of an object: its headers, and its body as a stream that waits for its reader. */
import type { Log } from '../../platform/log.ts';
import type { ObjectBody, ObjectInfo, PutResult } from '../../ports/objects/objects.ts';
import { checksumHeader } from './body-checksums.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

/** Query parameters by which the holder of a signature may replace a header of the reply. */
const OVERRIDES: Readonly<Record<string, string>> = {
  'response-content-type': 'content-type',
  'response-content-language': 'content-language',
  'response-expires': 'expires',
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
};

/** The headers of GET and HEAD but the length. */
export function objectHeaders(request: S3Request, info: ObjectInfo): Headers {
  const headers = new Headers();
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) headers.set(name, wireText(value));
  };
  set('etag', info.etag);
  set('last-modified', info.lastModified.toUTCString());
  set('accept-ranges', 'bytes');
  set('content-type', info.contentType ?? 'binary/octet-stream');
  set('cache-control', info.cacheControl);
  set('content-disposition', info.contentDisposition);
  set('content-encoding', info.contentEncoding);
  set('content-language', info.contentLanguage);
  set('expires', info.expires);
  for (const [name, value] of Object.entries(info.metadata ?? {})) set(`x-amz-meta-${name}`, value);
  for (const [parameter, name] of Object.entries(OVERRIDES)) set(name, request.query.get(parameter));
  return headers;
}

/** The stored checksum of the whole object, under S3's names. */
export function checksumHeaders(result: Pick<PutResult, 'checksum'>): Record<string, string> {
  const { checksum } = result;
  if (!checksum) return {};
  return {
    [checksumHeader(checksum.kind)]: checksum.value,
    'x-amz-checksum-type': checksum.value.includes('-') ? 'COMPOSITE' : 'FULL_OBJECT',
  };
}

/** Reads the store only as fast as the client reads the reply, and lets go of it when the client leaves. */
export function bodyStream(body: ObjectBody, log: Log): ReadableStream<Uint8Array> {
  const iterator = body.stream[Symbol.asyncIterator]();
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          if (left) return;
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          if (left) return;
          // The head is sent: all that is left is to break the connection, so that the client sees a short body.
          log.error('reading an object broke off', { size: body.size, error });
          throw error;
        }
      },
      async cancel() {
        left = true;
        body.stream.destroy?.();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** UTF-8 bytes as the header API wants them. Throws S3Error for characters that would end the header. */
function wireText(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw new S3Error('InvalidArgument', 'A header value holds control characters.');
  }
  return Buffer.from(value, 'utf8').toString('latin1');
}
