/** UploadPartCopy. */
import type { ByteRange } from '../../../ports/objects/objects.ts';
import { copySource } from '../copy-source.ts';
import { type Operation, xmlReply } from '../operation.ts';
import { readConditions, readRange } from '../request-headers.ts';
import { S3Error } from '../s3-error.ts';
import { partNumberOf, uploadOf } from '../upload-target.ts';
import { element, s3Document } from '../xml-write.ts';

export const copyPart: Operation = {
  name: 'UploadPartCopy',
  needs: (target) => [
    { action: 'read', ...copySource(target) },
    { action: 'write', bucket: target.bucket, key: target.key },
  ],
  async run({ target, objects }) {
    const from = copySource(target);
    const partNumber = partNumberOf(target);
    const range = copyRange(target.headers.get('x-amz-copy-source-range'));
    await objects.head(from.bucket, from.key, readConditions(target.headers, 'x-amz-copy-source-'));
    const part = await objects.copyPart(uploadOf(target), partNumber, from, range);
    return xmlReply(
      s3Document(
        'CopyPartResult',
        element('LastModified', part.lastModified.toISOString()),
        element('ETag', part.etag),
        part.checksum ? element(`Checksum${part.checksum.kind}`, part.checksum.value) : undefined,
      ),
    );
  },
};

/** Both ends must be given here, and a malformed range is an error rather than no range. */
function copyRange(text: string | null): ByteRange | undefined {
  if (text === null) return undefined;
  const range = readRange(text);
  if (range && 'start' in range && range.end !== undefined) return range;
  throw new S3Error('InvalidArgument', 'x-amz-copy-source-range must read bytes=first-last.');
}
