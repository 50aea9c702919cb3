/** ListMultipartUploads. */
import type { UploadInfo } from '../../../ports/objects/objects.ts';
import { ownerElement } from '../list-document.ts';
import { nameEncoder, type Operation, queryNumber, xmlReply } from '../operation.ts';
import { S3Error } from '../s3-error.ts';
import { element, s3Document, type Xml } from '../xml-write.ts';

/** Open uploads of one bucket that are looked at: as many as a store gives in one answer. */
const UPLOADS_MAX = 1000;

export const listUploads: Operation = {
  name: 'ListMultipartUploads',
  needs: ({ bucket, query }) => [{ action: 'list', bucket, key: query.get('prefix') ?? '' }],
  async run({ target, objects }) {
    const { bucket, query } = target;
    if (query.get('delimiter')) throw new S3Error('NotImplemented', 'A delimiter is not implemented here.');
    const encode = nameEncoder(target);
    const limit = queryNumber(target, 'max-uploads', 1, 1000) ?? 1000;
    const prefix = query.get('prefix') ?? '';
    const keyMarker = query.get('key-marker') ?? '';
    const idMarker = query.get('upload-id-marker') ?? '';
    const all = await objects.listUploads(bucket, { prefix, limit: UPLOADS_MAX });
    const rest = all.filter((upload) => isAfter(upload, keyMarker, idMarker)).sort(byKeyAndId);
    const shown = rest.slice(0, limit);
    const truncated = rest.length > limit;
    const last = shown.at(-1);
    return xmlReply(
      s3Document(
        'ListMultipartUploadsResult',
        element('Bucket', bucket),
        element('KeyMarker', encode(keyMarker)),
        element('UploadIdMarker', idMarker),
        truncated && last ? element('NextKeyMarker', encode(last.key)) : undefined,
        truncated && last ? element('NextUploadIdMarker', last.uploadId) : undefined,
        element('Prefix', encode(prefix)),
        query.has('encoding-type') ? element('EncodingType', 'url') : undefined,
        element('MaxUploads', limit),
        element('IsTruncated', truncated),
        ...shown.map((upload) => uploadElement(upload, encode)),
      ),
    );
  },
};

function uploadElement(upload: UploadInfo, encode: (name: string) => string): Xml {
  return element(
    'Upload',
    element('Key', encode(upload.key)),
    element('UploadId', upload.uploadId),
    ownerElement('Initiator'),
    ownerElement(),
    element('StorageClass', 'STANDARD'),
    element('Initiated', upload.startedAt.toISOString()),
  );
}

function isAfter(upload: UploadInfo, key: string, id: string): boolean {
  const order = Buffer.compare(Buffer.from(upload.key), Buffer.from(key));
  return order > 0 || (order === 0 && id !== '' && upload.uploadId > id);
}

function byKeyAndId(a: UploadInfo, b: UploadInfo): number {
  const order = Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
  return order || (a.uploadId < b.uploadId ? -1 : 1);
}
