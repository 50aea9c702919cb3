/** Buckets of the contract. */
import assert from 'node:assert/strict';
import { assertCode, PART_BYTES, pattern, text } from './expectations.ts';
import { type ContractTest, newBucketName } from './subject.ts';

export const bucketTests: readonly ContractTest[] = [
  {
    name: 'a new bucket is seen by head and list, with the time of its making',
    run: async ({ store, bucket }) => {
      const info = await store.headBucket(bucket);
      assert.equal(info?.name, bucket);
      const listed = (await store.listBuckets()).find(({ name }) => name === bucket);
      assert.ok(listed);
      assert.ok(Math.abs(Date.now() - listed.createdAt.getTime()) < 60_000);
    },
  },
  {
    name: 'a bucket that was never made is not there',
    run: async ({ store }) => {
      assert.equal(await store.headBucket(newBucketName()), undefined);
    },
  },
  {
    name: 'making a bucket twice is bucket_exists and keeps its objects',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('a'));
      await assertCode(store.createBucket(bucket), 'bucket_exists');
      assert.equal((await store.head(bucket, 'a')).size, 1);
    },
  },
  {
    name: 'every operation on a missing bucket is bucket_missing',
    run: async ({ store }) => {
      const missing = newBucketName();
      const upload = { bucket: missing, key: 'a', uploadId: 'none' };
      await assertCode(store.deleteBucket(missing), 'bucket_missing');
      await assertCode(store.put(missing, 'a', text('a')), 'bucket_missing');
      await assertCode(store.get(missing, 'a'), 'bucket_missing');
      await assertCode(store.head(missing, 'a'), 'bucket_missing');
      await assertCode(store.delete(missing, 'a'), 'bucket_missing');
      await assertCode(store.list(missing), 'bucket_missing');
      await assertCode(store.createUpload(missing, 'a'), 'bucket_missing');
      await assertCode(store.listUploads(missing), 'bucket_missing');
      await assertCode(store.abortUpload(upload), 'bucket_missing');
    },
  },
  {
    name: 'a bucket with objects is bucket_not_empty until they are gone',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('a'));
      await assertCode(store.deleteBucket(bucket), 'bucket_not_empty');
      assert.equal((await store.head(bucket, 'a')).size, 1);
      await store.delete(bucket, 'a');
      await store.deleteBucket(bucket);
      assert.equal(await store.headBucket(bucket), undefined);
    },
  },
  {
    name: 'a bucket with an open upload is bucket_not_empty until that is aborted',
    run: async ({ store, bucket }) => {
      const { uploadId } = await store.createUpload(bucket, 'a');
      await store.putPart({ bucket, key: 'a', uploadId }, 1, pattern(PART_BYTES));
      await assertCode(store.deleteBucket(bucket), 'bucket_not_empty');
      await store.abortUpload({ bucket, key: 'a', uploadId });
      await store.deleteBucket(bucket);
    },
  },
  {
    name: 'a bucket that was deleted can be made again, and is empty',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('a'));
      await store.delete(bucket, 'a');
      await store.deleteBucket(bucket);
      await store.createBucket(bucket);
      assert.deepEqual((await store.list(bucket)).entries, []);
    },
  },
  {
    name: 'the same key in two buckets is two objects',
    run: async ({ store, bucket }) => {
      const other = newBucketName();
      await store.createBucket(other);
      await store.put(bucket, 'a', text('one'));
      await store.put(other, 'a', text('other'));
      assert.equal((await store.head(bucket, 'a')).size, 3);
      assert.equal((await store.head(other, 'a')).size, 5);
    },
  },
];
