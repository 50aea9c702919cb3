import { type Operation, xmlReply } from '../operation.ts';
import { S3Error } from '../s3-error.ts';
import { s3Document } from '../xml-write.ts';

export const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  needs: ({ bucket }) => [{ action: 'list', bucket }],
  async run({ target, objects, region }) {
    if (!(await objects.headBucket(target.bucket))) throw new S3Error('NoSuchBucket');
    // S3 leaves the element empty for us-east-1.
    const text = region === 'us-east-1' ? undefined : { xml: region.replace(/[^\w-]/g, '') };
    return xmlReply(s3Document('LocationConstraint', text));
  },
};
