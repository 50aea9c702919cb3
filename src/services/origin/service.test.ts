/** The door as the AWS SDK for JavaScript sees it, over HTTP and over HTTPS, since the SDK sends other bodies there. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { Readable } from 'node:stream';
import test, { after, before, suite } from 'node:test';
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type Door, noOpenssl, openDoor, requestUrl, type Scheme } from './door.testing.ts';

const MEBIBYTE = 1024 * 1024;
const BUCKET = 'wire-tests';

for (const scheme of ['http', 'https'] as const) {
  suite(`the AWS SDK over ${scheme}`, { skip: scheme === 'https' && noOpenssl }, () => sdkTests(scheme));
}

function sdkTests(scheme: Scheme): void {
  let door: Door;
  let s3: S3Client;

  before(async () => {
    door = await openDoor(scheme);
    s3 = clientOf(door);
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  });
  after(async () => {
    s3.destroy();
    await door[Symbol.asyncDispose]();
  });

  const put = (Key: string, Body: string | Uint8Array, more = {}) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
  const text = async (Key: string, more = {}) => {
    const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
    return got.Body?.transformToString();
  };

  test('an object comes back with its bytes, attributes and metadata', async () => {
    const stored = await put('attributes', 'hello', {
      ContentType: 'text/plain',
      CacheControl: 'max-age=60',
      ContentDisposition: 'attachment; filename="a b.txt"',
      ContentEncoding: 'identity',
      Metadata: { title: 'Nosferatu' },
    });
    assert.equal(stored.ETag, '"5d41402abc4b2a76b9719d911017c592"');
    const got = await s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: 'attributes', ChecksumMode: 'ENABLED' }),
    );
    assert.equal(await got.Body?.transformToString(), 'hello');
    assert.equal(got.ContentType, 'text/plain');
    assert.equal(got.CacheControl, 'max-age=60');
    assert.equal(got.ContentDisposition, 'attachment; filename="a b.txt"');
    assert.equal(got.ContentEncoding, 'identity');
    assert.deepEqual(got.Metadata, { title: 'Nosferatu' });
    assert.equal(got.VersionId, undefined);
    assert.equal(got.ChecksumCRC32, stored.ChecksumCRC32);
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'attributes' }));
    assert.equal(head.ContentLength, 5);
  });

  for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as ChecksumAlgorithm[]) {
    test(`a stream with a trailing ${ChecksumAlgorithm} is stored without its framing`, async () => {
      const body = randomBytes(300_000);
      const Key = `stream-${ChecksumAlgorithm}`;
      const more = { ContentLength: body.length, ChecksumAlgorithm };
      await s3.send(
        new PutObjectCommand({ Bucket: BUCKET, Key, Body: Readable.from(slices(body, 70_001)), ...more }),
      );
      const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ChecksumMode: 'ENABLED' }));
      assert.deepEqual(Buffer.from((await got.Body?.transformToByteArray()) ?? []), body);
      assert.equal(got.ContentEncoding, undefined);
      assert.ok(got[`Checksum${ChecksumAlgorithm}` as 'ChecksumCRC32']);
    });
  }

  test('an empty object and an empty stream are stored', async () => {
    await put('empty', '');
    assert.equal(await text('empty'), '');
    await s3.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: 'empty-stream',
        Body: Readable.from([]),
        ContentLength: 0,
      }),
    );
    assert.equal(await text('empty-stream'), '');
  });

  test('keys that a URL parser would change come back as they are', async () => {
    const keys = [
      '../up',
      'a//b',
      './x',
      'a/../b',
      'x%2Fy',
      'plus+space &=?#',
      'Amélie – 映画 🎬',
      "q'(1)!*~.mp4",
      '<&">',
    ];
    for (const key of keys) await put(`odd/${key}`, key);
    for (const key of keys) assert.equal(await text(`odd/${key}`), key);
    const listed = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'odd/', EncodingType: 'url' }),
    );
    const names = listed.Contents?.map(({ Key }) => decodeURIComponent(Key ?? '').slice(4));
    assert.deepEqual(names?.sort(), [...keys].sort());
    const first = await s3.send(new ListObjectsCommand({ Bucket: BUCKET, Prefix: 'odd/' }));
    assert.deepEqual(first.Contents?.map(({ Key }) => Key?.slice(4)).sort(), [...keys].sort());
  });

  test('ranges are served, and one beyond the end is refused', async () => {
    await put('range', '0123456789');
    assert.equal(await text('range', { Range: 'bytes=2-4' }), '234');
    assert.equal(await text('range', { Range: 'bytes=7-' }), '789');
    assert.equal(await text('range', { Range: 'bytes=-2' }), '89');
    assert.equal(await text('range', { Range: 'bytes=4-2' }), '0123456789');
    const part = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'range', Range: 'bytes=2-4' }));
    assert.equal(part.ContentRange, 'bytes 2-4/10');
    await part.Body?.transformToString();
    await assert.rejects(text('range', { Range: 'bytes=10-' }), { name: 'InvalidRange' });
    const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'range', Range: 'bytes=2-4' }));
    assert.equal(head.ContentLength, 3);
  });

  test('conditions decide reads and writes', async () => {
    const { ETag } = await put('condition', 'one');
    assert.equal(await text('condition', { IfMatch: ETag }), 'one');
    await assert.rejects(text('condition', { IfMatch: '"no"' }), { name: 'PreconditionFailed' });
    await assert.rejects(
      text('condition', { IfNoneMatch: ETag }),
      (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode === 304,
    );
    await assert.rejects(text('condition', { IfUnmodifiedSince: new Date(0) }), {
      name: 'PreconditionFailed',
    });
    await assert.rejects(put('condition', 'two', { IfNoneMatch: '*' }), { name: 'PreconditionFailed' });
    await assert.rejects(put('condition', 'two', { IfMatch: '"no"' }), { name: 'PreconditionFailed' });
    await put('condition', 'two', { IfMatch: ETag });
    assert.equal(await text('condition'), 'two');
  });

  test('HTTP decides between 304, 412 and the whole object', async () => {
    const { ETag = '' } = await put('http', '0123456789');
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: BUCKET, Key: 'http' }));
    const get = (headers: Record<string, string>) => requestUrl(door, url, { headers });
    const unchanged = await get({ 'if-match': ETag, 'if-none-match': ETag });
    assert.deepEqual([unchanged.status, unchanged.headers.etag, unchanged.text], [304, ETag, '']);
    const future = new Date(Date.now() + 60_000).toUTCString();
    assert.equal((await get({ 'if-modified-since': future })).status, 304);
    assert.equal((await get({ 'if-none-match': '"other"', 'if-modified-since': future })).status, 200);
    assert.equal((await get({ 'if-match': '"other"', 'if-none-match': ETag })).status, 412);
    assert.equal(
      (await get({ 'if-match': ETag, 'if-unmodified-since': new Date(0).toUTCString() })).status,
      200,
    );
    const range = { range: 'bytes=2-4' };
    assert.equal((await get({ ...range, 'if-range': ETag })).text, '234');
    const changed = await get({ ...range, 'if-range': '"older"' });
    assert.deepEqual([changed.status, changed.text], [200, '0123456789']);
  });

  test('what is missing has its own error', async () => {
    await assert.rejects(text('missing'), { name: 'NoSuchKey' });
    await assert.rejects(s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'missing' })), {
      name: 'NotFound',
    });
    await assert.rejects(s3.send(new HeadBucketCommand({ Bucket: 'no-such-bucket' })), { name: 'NotFound' });
    await assert.rejects(s3.send(new ListObjectsV2Command({ Bucket: 'no-such-bucket' })), {
      name: 'NoSuchBucket',
    });
    await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'missing' }));
  });

  test('buckets are made, found, listed and removed', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'short-lived' }));
    await s3.send(new CreateBucketCommand({ Bucket: 'short-lived' }));
    assert.equal((await s3.send(new HeadBucketCommand({ Bucket: 'short-lived' }))).BucketRegion, 'us-east-1');
    assert.equal(
      (await s3.send(new GetBucketLocationCommand({ Bucket: BUCKET }))).LocationConstraint,
      undefined,
    );
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    assert.ok(Buckets?.some(({ Name }) => Name === 'short-lived'));
    await put('keeps-bucket', 'x');
    await assert.rejects(s3.send(new DeleteBucketCommand({ Bucket: BUCKET })), { name: 'BucketNotEmpty' });
    await s3.send(new DeleteBucketCommand({ Bucket: 'short-lived' }));
    for (const Bucket of ['ab', 'Upper', '1.2.3.4', 'a..b', 'under_score']) {
      await assert.rejects(s3.send(new CreateBucketCommand({ Bucket })), { name: 'InvalidBucketName' });
    }
  });

  test('settings answer as of a bucket where none was made, and none can be made', async () => {
    await assert.rejects(s3.send(new GetBucketCorsCommand({ Bucket: BUCKET })), {
      name: 'NoSuchCORSConfiguration',
    });
    assert.equal((await s3.send(new GetBucketVersioningCommand({ Bucket: BUCKET }))).Status, undefined);
    const acl = await s3.send(new GetBucketAclCommand({ Bucket: BUCKET }));
    assert.equal(acl.Grants?.[0]?.Permission, 'FULL_CONTROL');
    assert.equal(acl.Grants?.[0]?.Grantee?.Type, 'CanonicalUser');
    await assert.rejects(s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: '{}' })), {
      name: 'NotImplemented',
    });
  });

  test('lists page by page, folds prefixes and starts where it is told', async () => {
    for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) await put(`list/${key}`, '');
    const base = { Bucket: BUCKET, Prefix: 'list/' };
    const seen: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ ...base, Delimiter: '/', MaxKeys: 1, ContinuationToken }),
      );
      assert.equal(page.KeyCount, 1);
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''));
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken);
    assert.deepEqual(seen, ['list/a/', 'list/b', 'list/c/', 'list/d']);
    const later = await s3.send(
      new ListObjectsV2Command({ ...base, StartAfter: 'list/b', FetchOwner: true }),
    );
    assert.deepEqual(
      later.Contents?.map(({ Key }) => Key),
      ['list/c/1', 'list/d'],
    );
    assert.ok(later.Contents?.[0]?.Owner?.ID);
    const v1 = await s3.send(new ListObjectsCommand({ ...base, MaxKeys: 2 }));
    assert.equal(v1.IsTruncated, true);
    const rest = await s3.send(new ListObjectsCommand({ ...base, Marker: v1.NextMarker }));
    assert.equal(rest.Contents?.length, 3);
    const none = await s3.send(new ListObjectsV2Command({ ...base, MaxKeys: 0 }));
    assert.equal(none.KeyCount, 0);
    await assert.rejects(s3.send(new ListObjectsV2Command({ ...base, ContinuationToken: 'x!' })), {
      name: 'InvalidArgument',
    });
  });

  test('many objects are deleted at once, each with its outcome', async () => {
    await put('many/1', 'x');
    const result = await s3.send(
      new DeleteObjectsCommand({
        Bucket: BUCKET,
        Delete: { Objects: [{ Key: 'many/1' }, { Key: 'many/ <&> ' }, { Key: 'k', VersionId: 'abc' }] },
      }),
    );
    assert.deepEqual(
      result.Deleted?.map(({ Key }) => Key),
      ['many/1', 'many/ <&> '],
    );
    assert.equal(result.Errors?.[0]?.Code, 'NoSuchVersion');
    await assert.rejects(text('many/1'), { name: 'NoSuchKey' });
  });

  test('copies keep or replace attributes', async () => {
    await put('copy/source +é', 'film', { ContentType: 'video/mp4', Metadata: { a: '1' } });
    const CopySource = encodeURIComponent(`${BUCKET}/copy/source +é`);
    await s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy/kept', CopySource }));
    const kept = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'copy/kept' }));
    assert.deepEqual([kept.ContentType, kept.Metadata], ['video/mp4', { a: '1' }]);
    const replace = {
      MetadataDirective: 'REPLACE',
      ContentType: 'text/plain',
      Metadata: { b: '2' },
    } as const;
    await s3.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'copy/new', CopySource, ...replace }));
    const fresh = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'copy/new' }));
    assert.deepEqual([fresh.ContentType, fresh.Metadata], ['text/plain', { b: '2' }]);
    const same = new CopyObjectCommand({
      Bucket: BUCKET,
      Key: 'copy/kept',
      CopySource: `${BUCKET}/copy/kept`,
    });
    await assert.rejects(s3.send(same), { name: 'InvalidRequest' });
  });

  test('a multipart upload is listed, completed and read back', async () => {
    const target = { Bucket: BUCKET, Key: 'parts/film' };
    const bytes = randomBytes(6 * MEBIBYTE);
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ ...target, ContentType: 'video/mp4' }),
    );
    const upload = { ...target, UploadId };
    const one = await s3.send(
      new UploadPartCommand({ ...upload, PartNumber: 1, Body: bytes.subarray(0, 5 * MEBIBYTE) }),
    );
    await put('parts/source', bytes);
    const two = await s3.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber: 2,
        CopySource: `${BUCKET}/parts/source`,
        CopySourceRange: `bytes=${5 * MEBIBYTE}-${6 * MEBIBYTE - 1}`,
      }),
    );
    const parts = await s3.send(new ListPartsCommand({ ...upload, MaxParts: 1 }));
    assert.equal(parts.IsTruncated, true);
    assert.equal(parts.NextPartNumberMarker, '1');
    const open = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'parts/' }));
    assert.deepEqual(
      open.Uploads?.map(({ Key }) => Key),
      ['parts/film'],
    );
    const wrong = { Parts: [{ PartNumber: 1, ETag: '"00000000000000000000000000000000"' }] };
    await assert.rejects(s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: wrong })), {
      name: 'InvalidPart',
    });
    const Parts = [
      { PartNumber: 1, ETag: one.ETag, ChecksumCRC32: one.ChecksumCRC32 },
      { PartNumber: 2, ETag: two.CopyPartResult?.ETag },
    ];
    const done = await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    assert.match(done.ETag ?? '', /^"[0-9a-f]{32}-2"$/);
    const got = await s3.send(new GetObjectCommand(target));
    assert.ok(bytes.equals(Buffer.from((await got.Body?.transformToByteArray()) ?? [])));
    assert.equal(got.ContentType, 'video/mp4');
  });

  test('an aborted upload is gone, and a small part that is not the last is refused', async () => {
    const target = { Bucket: BUCKET, Key: 'parts/aborted' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const upload = { ...target, UploadId };
    const part = (PartNumber: number) =>
      s3.send(new UploadPartCommand({ ...upload, PartNumber, Body: 'small' }));
    const Parts = [
      { PartNumber: 1, ETag: (await part(1)).ETag },
      { PartNumber: 2, ETag: (await part(2)).ETag },
    ];
    await assert.rejects(
      s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })),
      { name: 'EntityTooSmall' },
    );
    await s3.send(new AbortMultipartUploadCommand(upload));
    await assert.rejects(part(1), { name: 'NoSuchUpload' });
  });

  test('lib-storage sends a long stream in parts', async () => {
    const body = randomBytes(12 * MEBIBYTE + 17);
    await new Upload({
      client: s3,
      params: { Bucket: BUCKET, Key: 'lib-storage', Body: Readable.from(slices(body, 100_003)) },
    }).done();
    const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'lib-storage' }));
    assert.ok(body.equals(Buffer.from((await got.Body?.transformToByteArray()) ?? [])));
  });

  test('tags are empty and attributes are told', async () => {
    const { ETag } = await put('tags', 'x');
    assert.deepEqual(
      (await s3.send(new GetObjectTaggingCommand({ Bucket: BUCKET, Key: 'tags' }))).TagSet,
      [],
    );
    const told = await s3.send(
      new GetObjectAttributesCommand({
        Bucket: BUCKET,
        Key: 'tags',
        ObjectAttributes: ['ETag', 'ObjectSize'],
      }),
    );
    assert.deepEqual([told.ETag, told.ObjectSize], [ETag?.replaceAll('"', ''), 1]);
  });

  test('presigned URLs work without credentials, with overrides, and for uploads', async () => {
    await put('presigned', 'seen');
    const overrides = { ResponseContentType: 'text/x-test', ResponseContentDisposition: 'inline' };
    const get = new GetObjectCommand({ Bucket: BUCKET, Key: 'presigned', ...overrides });
    const reply = await requestUrl(door, await getSignedUrl(s3, get, { expiresIn: 60 }));
    assert.equal(reply.text, 'seen');
    assert.equal(reply.headers['content-type'], 'text/x-test');
    const plain = clientOf(door, { requestChecksumCalculation: 'WHEN_REQUIRED' });
    const upload = new PutObjectCommand({ Bucket: BUCKET, Key: 'by-url' });
    const url = await getSignedUrl(plain, upload, { expiresIn: 60 });
    const sent = await requestUrl(door, url, { method: 'PUT', body: 'sent' });
    assert.equal(sent.status, 200);
    assert.equal(await text('by-url'), 'sent');
  });
}

function* slices(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function clientOf(door: Door, more = {}): S3Client {
  const ca = door.certificateFile ? readFileSync(door.certificateFile) : undefined;
  return new S3Client({
    region: 'eu-west-3',
    endpoint: door.url,
    forcePathStyle: true,
    credentials: door.credentials,
    maxAttempts: 1,
    requestHandler: { httpsAgent: new Agent({ ca, keepAlive: true }) },
    ...more,
  });
}
