/** GetObjectTagging. Tags cannot be set here, so the set of every object is empty. */
import { type Operation, xmlReply } from '../operation.ts';
import { element, s3Document } from '../xml-write.ts';

export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  needs: ({ bucket, key }) => [{ action: 'read', bucket, key }],
  async run({ target, objects }) {
    await objects.head(target.bucket, target.key);
    return xmlReply(s3Document('Tagging', element('TagSet')));
  },
};
