/** DeleteObjects: up to 1,000 keys named in one XML body, each with its own outcome. */
import { type Call, type Operation, xmlReply } from '../operation.ts';
import { readCheckedBody } from '../payload.ts';
import { S3Error, toS3Error } from '../s3-error.ts';
import { checkedKey } from '../s3-request.ts';
import { nodesOf, readXml, textOf, type XmlNode } from '../xml-read.ts';
import { element, s3Document, type Xml } from '../xml-write.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const KEYS_MAX = 1000;
/** Deletes under way at once; the store may put those into one commit. */
const PARALLEL = 32;

export const deleteObjects: Operation = {
  name: 'DeleteObjects',
  // Which keys are meant is known only from the body: `deleteOne` asks for each.
  needs: ({ bucket }) => [{ action: 'write', bucket }],
  async run(call) {
    const { target, objects, payload } = call;
    const body = await readCheckedBody(payload(), BODY_BYTES_MAX);
    const request = readXml(body.toString('utf8'), 'Delete');
    const named = nodesOf(request, 'Object');
    if (named.length === 0 || named.length > KEYS_MAX) throw new S3Error('MalformedXML');
    if (!(await objects.headBucket(target.bucket))) throw new S3Error('NoSuchBucket');
    const quiet = textOf(request, 'Quiet') === 'true';
    const results: Array<Xml | undefined> = [];
    for (let at = 0; at < named.length; at += PARALLEL) {
      const batch = named.slice(at, at + PARALLEL).map((one) => deleteOne(call, one, quiet));
      results.push(...(await Promise.all(batch)));
    }
    return xmlReply(s3Document('DeleteResult', ...results));
  },
};

async function deleteOne(call: Call, named: XmlNode, quiet: boolean): Promise<Xml | undefined> {
  const { bucket } = call.target;
  const key = textOf(named, 'Key') ?? '';
  try {
    if (!call.may({ action: 'write', bucket, key })) throw new S3Error('AccessDenied');
    if ((textOf(named, 'VersionId') || 'null') !== 'null') throw new S3Error('NoSuchVersion');
    if (named.ETag || named.Size || named.LastModifiedTime) {
      throw new S3Error('NotImplemented', 'Conditional deletes are not implemented.');
    }
    await call.objects.delete(bucket, checkedKey(key));
    return quiet ? undefined : element('Deleted', element('Key', key));
  } catch (error) {
    const { code, message } = toS3Error(error);
    return element('Error', element('Key', key), element('Code', code), element('Message', message));
  }
}
