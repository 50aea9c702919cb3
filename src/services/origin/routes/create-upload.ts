/** CreateMultipartUpload. */
import { type Operation, xmlReply } from '../operation.ts';
import { objectAttributes } from '../request-headers.ts';
import { element, s3Document } from '../xml-write.ts';

export const createUpload: Operation = {
  name: 'CreateMultipartUpload',
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run({ target, objects }) {
    const { bucket, key, headers } = target;
    const { uploadId } = await objects.createUpload(bucket, key, objectAttributes(headers));
    const algorithm = headers.get('x-amz-checksum-algorithm');
    const document = s3Document(
      'InitiateMultipartUploadResult',
      element('Bucket', bucket),
      element('Key', key),
      element('UploadId', uploadId),
    );
    return xmlReply(document, 200, algorithm ? { 'x-amz-checksum-algorithm': algorithm } : {});
  },
};
