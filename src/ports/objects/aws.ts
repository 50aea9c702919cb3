/**
 * The object store of Amazon S3, or of anything that speaks its language, through the official SDK. Bodies stream
 * both ways; every failure leaves as a code of the port. There are no events here: those come from the store's own
 * notifications.
 */
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { type AwsObjectsOptions, bucketExists, createS3Client, headed, translated } from './aws-client.ts';
import { createAwsCopy } from './aws-copy.ts';
import { awsFault } from './aws-errors.ts';
import { decodeListed, infoOfReply, parseContentRange, rangeHeader, readFields } from './aws-fields.ts';
import { createAwsMultipart } from './aws-multipart.ts';
import { createAwsPut } from './aws-put.ts';
import { requireRange } from './byte-range.ts';
import { checkBucketName, checkKey, pageLimit } from './object-rules.ts';
import type { BucketInfo, ListPage, ObjectBody, ObjectStore } from './objects.ts';

const US_EAST_1 = 'us-east-1';

/** Connects lazily: the first call finds out whether the store can be reached. */
export async function openAwsObjects(options: AwsObjectsOptions & { clock: Clock }): Promise<ObjectStore> {
  const { clock, region } = options;
  const client = createS3Client(options);
  const multipart = createAwsMultipart(client, clock);
  return {
    capabilities: { events: false, presign: true },

    createBucket: async (bucket) => {
      checkBucketName(bucket);
      // In us-east-1 Amazon answers 200 to the owner who makes a bucket twice.
      if (await bucketExists(client, bucket)) throw new MatineeError('bucket_exists', 'the bucket exists');
      const LocationConstraint = region as 'eu-central-1';
      const CreateBucketConfiguration = region === US_EAST_1 ? undefined : { LocationConstraint };
      await translated(client.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration })));
    },
    deleteBucket: async (bucket) => {
      const uploads = await multipart.listUploads(bucket, { limit: 1 });
      if (uploads.length > 0) throw new MatineeError('bucket_not_empty', 'the bucket holds open uploads');
      await translated(client.send(new DeleteBucketCommand({ Bucket: bucket })));
    },
    listBuckets: () => listBuckets(client),
    headBucket: async (bucket) => {
      if (!(await bucketExists(client, bucket))) return undefined;
      const own = (await listBuckets(client)).find(({ name }) => name === bucket);
      return own ?? { name: bucket, createdAt: new Date(0) };
    },

    ...multipart,
    put: createAwsPut(client, multipart, clock),
    get: async (bucket, key, { range, signal, ...conditions } = {}) => {
      checkKey(key);
      signal?.throwIfAborted();
      if (range) requireRange(range);
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        Range: range ? rangeHeader(range) : undefined,
        ...readFields(conditions),
      });
      const { Body, ...reply } = await translated(client.send(command, { abortSignal: signal }));
      if (!(Body instanceof Readable)) throw new MatineeError('unavailable', 'the object store sent no body');
      const span = parseContentRange(reply.ContentRange);
      return {
        ...infoOfReply(key, reply),
        ...(range && span ? { range: { start: span.start, end: span.end } } : {}),
        stream: readerOf(Body, signal),
      };
    },
    head: async (bucket, key, conditions = {}) => {
      checkKey(key);
      const command = new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        ChecksumMode: 'ENABLED',
        ...readFields(conditions),
      });
      return infoOfReply(key, await headed(client, bucket, client.send(command)));
    },
    delete: async (bucket, key) => {
      checkKey(key);
      await translated(client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })));
    },
    copy: createAwsCopy(client, multipart, clock),
    list: async (bucket, page = {}) => {
      const limit = pageLimit(page.limit);
      const command = new ListObjectsCommand({
        Bucket: bucket,
        Prefix: page.prefix,
        Delimiter: page.delimiter,
        Marker: page.after,
        MaxKeys: limit,
        EncodingType: 'url',
      });
      const reply = await translated(client.send(command));
      const entries = (reply.Contents ?? []).map((entry) => ({
        key: decodeListed(entry.Key ?? ''),
        size: entry.Size ?? 0,
        etag: entry.ETag ?? '',
        lastModified: entry.LastModified ?? new Date(0),
      }));
      const prefixes = (reply.CommonPrefixes ?? []).map(({ Prefix }) => decodeListed(Prefix ?? ''));
      const listed: ListPage = { entries, prefixes };
      // Amazon names the next marker only when there is a delimiter; without one it is the last key.
      const next = reply.NextMarker === undefined ? entries.at(-1)?.key : decodeListed(reply.NextMarker);
      return reply.IsTruncated && next !== undefined ? { ...listed, next } : listed;
    },

    presign: async (method, bucket, key, { expiresS, uploadId, partNumber, baseUrl }) => {
      checkKey(key);
      const named = { Bucket: bucket, Key: key };
      const part = uploadId === undefined ? undefined : { UploadId: uploadId, PartNumber: partNumber };
      const signer = baseUrl === undefined ? client : createS3Client({ ...options, endpoint: baseUrl });
      const terms = { expiresIn: expiresS, signingDate: new Date(clock.now()) };
      if (method === 'GET') return getSignedUrl(signer, new GetObjectCommand(named), terms);
      if (!part) return getSignedUrl(signer, new PutObjectCommand(named), terms);
      return getSignedUrl(signer, new UploadPartCommand({ ...named, ...part }), terms);
    },

    health: async () => {
      try {
        await client.send(new ListBucketsCommand({ MaxBuckets: 1 }));
        return { ready: true };
      } catch (error) {
        return { ready: false, reason: awsFault(error).message };
      }
    },
    close: async () => client.destroy(),
  };
}

async function listBuckets(client: S3Client): Promise<BucketInfo[]> {
  const buckets: BucketInfo[] = [];
  let token: string | undefined;
  do {
    const reply = await translated(client.send(new ListBucketsCommand({ ContinuationToken: token })));
    for (const { Name, CreationDate } of reply.Buckets ?? []) {
      buckets.push({ name: Name ?? '', createdAt: CreationDate ?? new Date(0) });
    }
    token = reply.ContinuationToken;
  } while (token !== undefined);
  return buckets;
}

/** The body of a reply. A connection that breaks in the middle is unavailable, never a short object. */
function readerOf(body: Readable, signal: AbortSignal | undefined): ObjectBody['stream'] {
  const onAbort = () => body.destroy(signal?.reason as Error);
  signal?.addEventListener('abort', onAbort, { once: true });
  body.once('close', () => signal?.removeEventListener('abort', onAbort));
  // A reader that has gone must not bring the process down with an error that nobody waits for.
  body.on('error', onAbort);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* body as AsyncIterable<Uint8Array>;
    } catch (error) {
      signal?.throwIfAborted();
      throw awsFault(error);
    }
  }
  return { [Symbol.asyncIterator]: chunks, destroy: (error) => void body.destroy(error) };
}
