import { copySource } from '../copy-source.ts';
import { type Operation, type Target, xmlReply } from '../operation.ts';
import { objectAttributes, readConditions } from '../request-headers.ts';
import { S3Error } from '../s3-error.ts';
import { element, s3Document } from '../xml-write.ts';

export const copyObject: Operation = {
  name: 'CopyObject',
  needs: (target) => [
    { action: 'read', ...copySource(target) },
    { action: 'write', bucket: target.bucket, key: target.key },
  ],
  async run({ target, objects }) {
    const { bucket, key, headers } = target;
    const from = copySource(target);
    const replaces = replacesAttributes(target);
    if (headers.has('if-match') || headers.has('if-none-match')) {
      throw new S3Error('NotImplemented', 'Conditions on the target of a copy are not implemented.');
    }
    if (!replaces && from.bucket === bucket && from.key === key)
      throw new S3Error('InvalidRequest', SAME_OBJECT);
    // Read in any case, since it refuses what would not be kept.
    const attributes = objectAttributes(headers);
    const result = await objects.copy(
      from,
      { bucket, key },
      { source: readConditions(headers, 'x-amz-copy-source-'), ...(replaces ? { attributes } : {}) },
    );
    return xmlReply(
      s3Document(
        'CopyObjectResult',
        element('LastModified', result.lastModified.toISOString()),
        element('ETag', result.etag),
        result.checksum ? element(`Checksum${result.checksum.kind}`, result.checksum.value) : undefined,
      ),
    );
  },
};

const SAME_OBJECT =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.";

function replacesAttributes({ headers }: Target): boolean {
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error('InvalidArgument', 'x-amz-metadata-directive must be COPY or REPLACE.');
  }
  return directive === 'REPLACE';
}
