/**
 * The settings that tools read back of every bucket. None can be set here, so each answers what S3 answers for a
 * bucket where it was never set: a default document, or its own 404.
 */
import { ownerElement } from '../list-document.ts';
import { type Operation, OWNER, xmlReply } from '../operation.ts';
import { S3Error, type S3ErrorCode } from '../s3-error.ts';
import { element, s3Document, type Xml } from '../xml-write.ts';

type Answer = { missing: S3ErrorCode } | { document: string; content: Xml[] };

/** The access control list of whatever belongs to the one owner. */
export const OWNER_ACL: { document: string; content: Xml[] } = {
  document: 'AccessControlPolicy',
  content: [
    ownerElement(),
    element(
      'AccessControlList',
      element(
        'Grant',
        {
          xml: `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>${OWNER.id}</ID><DisplayName>${OWNER.name}</DisplayName></Grantee>`,
        },
        element('Permission', 'FULL_CONTROL'),
      ),
    ),
  ],
};

export const BUCKET_SETTINGS: Readonly<Record<string, Answer>> = {
  policy: { missing: 'NoSuchBucketPolicy' },
  policyStatus: { missing: 'NoSuchBucketPolicy' },
  acl: OWNER_ACL,
  cors: { missing: 'NoSuchCORSConfiguration' },
  website: { missing: 'NoSuchWebsiteConfiguration' },
  versioning: { document: 'VersioningConfiguration', content: [] },
  accelerate: { document: 'AccelerateConfiguration', content: [] },
  requestPayment: {
    document: 'RequestPaymentConfiguration',
    content: [element('Payer', 'BucketOwner')],
  },
  logging: { document: 'BucketLoggingStatus', content: [] },
  notification: { document: 'NotificationConfiguration', content: [] },
  lifecycle: { missing: 'NoSuchLifecycleConfiguration' },
  replication: { missing: 'ReplicationConfigurationNotFoundError' },
  encryption: { missing: 'ServerSideEncryptionConfigurationNotFoundError' },
  'object-lock': { missing: 'ObjectLockConfigurationNotFoundError' },
  ownershipControls: { missing: 'OwnershipControlsNotFoundError' },
  publicAccessBlock: { missing: 'NoSuchPublicAccessBlockConfiguration' },
  tagging: { missing: 'NoSuchTagSet' },
};

export function readBucketSetting(setting: string): Operation {
  return {
    name: `GetBucket:${setting}`,
    needs: ({ bucket }) => [{ action: 'list', bucket }],
    async run({ target, objects }) {
      if (!(await objects.headBucket(target.bucket))) throw new S3Error('NoSuchBucket');
      const answer = BUCKET_SETTINGS[setting];
      if (!answer) throw new S3Error('NotImplemented');
      if ('missing' in answer) throw new S3Error(answer.missing);
      return xmlReply(s3Document(answer.document, ...answer.content));
    },
  };
}
