import type { PartInfo } from '../../../ports/objects/objects.ts';
import { ownerElement } from '../list-document.ts';
import { nameEncoder, type Operation, queryNumber, xmlReply } from '../operation.ts';
import { uploadOf } from '../upload-target.ts';
import { element, s3Document, type Xml } from '../xml-write.ts';

export const listParts: Operation = {
  name: 'ListParts',
  // The parts of an upload are its writer's business.
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run({ target, objects }) {
    const after = queryNumber(target, 'part-number-marker', 0, 2 ** 31 - 1) ?? 0;
    const limit = Math.min(queryNumber(target, 'max-parts', 1, 2 ** 31 - 1) ?? 1000, 1000);
    const upload = uploadOf(target);
    const page = await objects.listParts(upload, { after, limit });
    return xmlReply(
      s3Document(
        'ListPartsResult',
        element('Bucket', target.bucket),
        element('Key', nameEncoder(target)(target.key)),
        element('UploadId', upload.uploadId),
        ownerElement('Initiator'),
        ownerElement(),
        element('StorageClass', 'STANDARD'),
        element('PartNumberMarker', after),
        page.next === undefined ? undefined : element('NextPartNumberMarker', page.next),
        element('MaxParts', limit),
        element('IsTruncated', page.next !== undefined),
        ...page.parts.map(partElement),
      ),
    );
  },
};

function partElement(part: PartInfo): Xml {
  return element(
    'Part',
    element('PartNumber', part.partNumber),
    element('LastModified', part.lastModified.toISOString()),
    element('ETag', part.etag),
    element('Size', part.size),
    part.checksum ? element(`Checksum${part.checksum.kind}`, part.checksum.value) : undefined,
  );
}
