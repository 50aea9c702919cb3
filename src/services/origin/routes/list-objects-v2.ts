import { EMPTY_PAGE, listContents } from '../list-document.ts';
import { nameEncoder, type Operation, queryNumber, xmlReply } from '../operation.ts';
import { S3Error } from '../s3-error.ts';
import { element, s3Document } from '../xml-write.ts';

export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  needs: ({ bucket, query }) => [{ action: 'list', bucket, key: query.get('prefix') ?? '' }],
  async run({ target, objects }) {
    const { bucket, query } = target;
    if (query.get('list-type') !== '2') throw new S3Error('InvalidArgument', 'list-type must be 2.');
    const encode = nameEncoder(target);
    const limit = queryNumber(target, 'max-keys', 0, 2 ** 31 - 1) ?? 1000;
    const prefix = query.get('prefix') ?? '';
    const delimiter = query.get('delimiter') ?? '';
    const startAfter = query.get('start-after');
    const token = query.get('continuation-token');
    const page = await objects.list(bucket, {
      prefix,
      delimiter: delimiter || undefined,
      after: token === undefined ? startAfter || undefined : readToken(token),
      limit: Math.min(Math.max(limit, 1), 1000),
    });
    const shown = limit === 0 ? EMPTY_PAGE : page;
    return xmlReply(
      s3Document(
        'ListBucketResult',
        element('Name', bucket),
        element('Prefix', encode(prefix)),
        element('KeyCount', shown.entries.length + shown.prefixes.length),
        element('MaxKeys', Math.min(limit, 1000)),
        delimiter ? element('Delimiter', encode(delimiter)) : undefined,
        query.has('encoding-type') ? element('EncodingType', 'url') : undefined,
        element('IsTruncated', shown.next !== undefined),
        token === undefined ? undefined : element('ContinuationToken', token),
        shown.next === undefined ? undefined : element('NextContinuationToken', makeToken(shown.next)),
        startAfter === undefined ? undefined : element('StartAfter', encode(startAfter)),
        ...listContents(shown, encode, query.get('fetch-owner') === 'true'),
      ),
    );
  },
};

/** Opaque to clients, so that none builds its own; the letter marks the form. */
function makeToken(next: string): string {
  return `a${Buffer.from(next, 'utf8').toString('base64url')}`;
}

function readToken(token: string): string {
  const next = Buffer.from(token.slice(1), 'base64url').toString('utf8');
  if (next === '' || makeToken(next) !== token) {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  }
  return next;
}
