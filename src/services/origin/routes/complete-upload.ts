/** CompleteMultipartUpload. */
import type { CompletedPart, PartInfo, UploadRef } from '../../../ports/objects/objects.ts';
import { type Call, type Operation, xmlReply } from '../operation.ts';
import { readCheckedBody } from '../payload.ts';
import { quotedEtag, writeConditions } from '../request-headers.ts';
import { S3Error } from '../s3-error.ts';
import { uploadOf } from '../upload-target.ts';
import { nodesOf, readXml, textOf, type XmlNode } from '../xml-read.ts';
import { element, s3Document } from '../xml-write.ts';

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const PARTS_MAX = 10_000;

type StatedPart = CompletedPart & { checksums: Array<{ kind: string; value: string }> };

export const completeUpload: Operation = {
  name: 'CompleteMultipartUpload',
  needs: ({ bucket, key }) => [{ action: 'write', bucket, key }],
  async run(call) {
    const { target, objects, payload } = call;
    const upload = uploadOf(target);
    const conditions = writeConditions(target.headers);
    // Parts with two checksums each and a namespace come to about 300 bytes a part.
    const body = await readCheckedBody(payload(), BODY_BYTES_MAX);
    const parts = nodesOf(readXml(body.toString('utf8'), 'CompleteMultipartUpload'), 'Part').map(readPart);
    if (parts.length === 0 || parts.length > PARTS_MAX) throw new S3Error('MalformedXML');
    await requireStated(call, upload, parts);
    const result = await objects.completeUpload(
      upload,
      parts.map(({ partNumber, etag }) => ({ partNumber, etag })),
      conditions,
    );
    return xmlReply(
      s3Document(
        'CompleteMultipartUploadResult',
        element('Location', `http://${target.host}${target.canonicalPath}`),
        element('Bucket', target.bucket),
        element('Key', target.key),
        element('ETag', result.etag),
        result.checksum ? element(`Checksum${result.checksum.kind}`, result.checksum.value) : undefined,
      ),
    );
  },
};

function readPart(node: XmlNode): StatedPart {
  const number = textOf(node, 'PartNumber')?.trim() ?? '';
  const etag = textOf(node, 'ETag')?.trim();
  if (!/^\d{1,5}$/.test(number) || !etag) throw new S3Error('MalformedXML');
  const checksums = Object.keys(node)
    .filter((name) => name.startsWith('Checksum'))
    .map((name) => ({ kind: name.slice('Checksum'.length), value: textOf(node, name)?.trim() ?? '' }));
  return { partNumber: Number(number), etag: quotedEtag(etag), checksums };
}

/** Checksums of parts and the size of the whole are compared with what is stored, when they are stated. */
async function requireStated(call: Call, upload: UploadRef, parts: readonly StatedPart[]): Promise<void> {
  const size = call.target.headers.get('x-amz-mp-object-size');
  if (size === null && !parts.some(({ checksums }) => checksums.length > 0)) return;
  const stored = await storedParts(call, upload);
  for (const { partNumber, checksums } of parts) {
    const known = stored.get(partNumber)?.checksum;
    const differs = checksums.some(({ kind, value }) => known?.kind === kind && known.value !== value);
    if (differs) throw new S3Error('InvalidPart', undefined, { PartNumber: String(partNumber) });
  }
  const total = parts.reduce((sum, { partNumber }) => sum + (stored.get(partNumber)?.size ?? 0), 0);
  if (size !== null && size !== String(total)) {
    throw new S3Error('InvalidRequest', 'The size in x-amz-mp-object-size differs from that of the parts.');
  }
}

async function storedParts({ objects }: Call, upload: UploadRef): Promise<Map<number, PartInfo>> {
  const stored = new Map<number, PartInfo>();
  let after: number | undefined;
  do {
    const page = await objects.listParts(upload, { after, limit: 1000 });
    for (const part of page.parts) stored.set(part.partNumber, part);
    after = page.next;
  } while (after !== undefined);
  return stored;
}
