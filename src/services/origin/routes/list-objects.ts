/** ListObjects, the first version, which rclone and s3cmd still use. */
import { EMPTY_PAGE, listContents } from '../list-document.ts';
import { nameEncoder, type Operation, queryNumber, xmlReply } from '../operation.ts';
import { element, s3Document } from '../xml-write.ts';

export const listObjects: Operation = {
  name: 'ListObjects',
  needs: ({ bucket, query }) => [{ action: 'list', bucket, key: query.get('prefix') ?? '' }],
  async run({ target, objects }) {
    const { bucket, query } = target;
    const encode = nameEncoder(target);
    const limit = queryNumber(target, 'max-keys', 0, 2 ** 31 - 1) ?? 1000;
    const [prefix, delimiter, marker] = ['prefix', 'delimiter', 'marker'].map(
      (name) => query.get(name) ?? '',
    );
    const page = await objects.list(bucket, {
      prefix,
      delimiter: delimiter || undefined,
      after: marker || undefined,
      limit: Math.min(Math.max(limit, 1), 1000),
    });
    const shown = limit === 0 ? EMPTY_PAGE : page;
    return xmlReply(
      s3Document(
        'ListBucketResult',
        element('Name', bucket),
        element('Prefix', encode(prefix ?? '')),
        element('Marker', encode(marker ?? '')),
        shown.next === undefined ? undefined : element('NextMarker', encode(shown.next)),
        element('MaxKeys', Math.min(limit, 1000)),
        delimiter ? element('Delimiter', encode(delimiter)) : undefined,
        query.has('encoding-type') ? element('EncodingType', 'url') : undefined,
        element('IsTruncated', shown.next !== undefined),
        ...listContents(shown, encode, true),
      ),
    );
  },
};
