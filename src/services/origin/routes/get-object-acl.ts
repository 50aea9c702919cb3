import { type Operation, xmlReply } from '../operation.ts';
import { s3Document } from '../xml-write.ts';
import { OWNER_ACL } from './read-bucket-setting.ts';

export const getObjectAcl: Operation = {
  name: 'GetObjectAcl',
  needs: ({ bucket, key }) => [{ action: 'read', bucket, key }],
  async run({ target, objects }) {
    await objects.head(target.bucket, target.key);
    return xmlReply(s3Document(OWNER_ACL.document, ...OWNER_ACL.content));
  },
};
