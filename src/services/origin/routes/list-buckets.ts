import { ownerElement } from '../list-document.ts';
import { type Operation, xmlReply } from '../operation.ts';
import { element, s3Document } from '../xml-write.ts';

export const listBuckets: Operation = {
  name: 'ListBuckets',
  needs: () => [{ action: 'list', bucket: '*' }],
  async run({ objects }) {
    const buckets = await objects.listBuckets();
    const items = buckets.map(({ name, createdAt }) =>
      element('Bucket', element('Name', name), element('CreationDate', createdAt.toISOString())),
    );
    return xmlReply(s3Document('ListAllMyBucketsResult', ownerElement(), element('Buckets', ...items)));
  },
};
