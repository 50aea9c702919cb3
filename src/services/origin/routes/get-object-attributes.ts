/** GetObjectAttributes. Parts of a finished upload are not kept, so `ObjectParts` is left out. */
import { type Operation, xmlReply } from '../operation.ts';
import { S3Error } from '../s3-error.ts';
import { element, s3Document } from '../xml-write.ts';

const KNOWN = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

export const getObjectAttributes: Operation = {
  name: 'GetObjectAttributes',
  needs: ({ bucket, key }) => [{ action: 'read', bucket, key }],
  async run({ target, objects }) {
    const asked = (target.headers.get('x-amz-object-attributes') ?? '').split(',').map((one) => one.trim());
    if (!asked.every((one) => KNOWN.includes(one))) throw new S3Error('InvalidArgument');
    const info = await objects.head(target.bucket, target.key);
    const { checksum } = info;
    const document = s3Document(
      'GetObjectAttributesResponse',
      asked.includes('ETag') ? element('ETag', info.etag.replaceAll('"', '')) : undefined,
      asked.includes('Checksum') && checksum
        ? element('Checksum', element(`Checksum${checksum.kind}`, checksum.value))
        : undefined,
      asked.includes('StorageClass') ? element('StorageClass', 'STANDARD') : undefined,
      asked.includes('ObjectSize') ? element('ObjectSize', info.size) : undefined,
    );
    return xmlReply(document, 200, { 'last-modified': info.lastModified.toUTCString() });
  },
};
