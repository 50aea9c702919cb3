/** Copies of the contract. */
import assert from 'node:assert/strict';
import { assertAbsent, assertCode, bytesAt, pattern, text, textAt } from './expectations.ts';
import { type ContractTest, newBucketName } from './subject.ts';

const ATTRIBUTES = { contentType: 'video/mp4', metadata: { n: '1' } };

export const copyTests: readonly ContractTest[] = [
  {
    name: 'a copy has the bytes and attributes of its source, and outlives it',
    run: async ({ store, bucket }) => {
      const bytes = pattern(500_000);
      const put = await store.put(bucket, 'a', bytes, ATTRIBUTES);
      const copy = await store.copy({ bucket, key: 'a' }, { bucket, key: 'b' });
      assert.equal(copy.etag, put.etag);
      await store.delete(bucket, 'a');
      assert.ok((await bytesAt(store, bucket, 'b')).equals(bytes));
      const head = await store.head(bucket, 'b');
      assert.equal(head.contentType, 'video/mp4');
      assert.deepEqual(head.metadata, { n: '1' });
    },
  },
  {
    name: 'a source outlives its copy, and their changes do not touch one another',
    run: async ({ store, bucket }) => {
      const bytes = pattern(100_000);
      await store.put(bucket, 'a', bytes);
      await store.copy({ bucket, key: 'a' }, { bucket, key: 'b' });
      await store.copy({ bucket, key: 'a' }, { bucket, key: 'c' });
      await store.delete(bucket, 'b');
      await store.put(bucket, 'c', text('changed'));
      assert.ok((await bytesAt(store, bucket, 'a')).equals(bytes));
      assert.equal(await textAt(store, bucket, 'c'), 'changed');
    },
  },
  {
    name: 'a copy goes from one bucket into another',
    run: async ({ store, bucket }) => {
      const other = newBucketName();
      await store.createBucket(other);
      await store.put(bucket, 'a', text('a'));
      await store.copy({ bucket, key: 'a' }, { bucket: other, key: 'deep/b' });
      assert.equal(await textAt(store, other, 'deep/b'), 'a');
    },
  },
  {
    name: 'a copy with attributes replaces them, onto itself too',
    run: async ({ store, bucket }) => {
      const bytes = pattern(100_000);
      await store.put(bucket, 'a', bytes, ATTRIBUTES);
      const self = { bucket, key: 'a' };
      await store.copy(self, self, { attributes: { contentType: 'text/plain', metadata: { m: '2' } } });
      const head = await store.head(bucket, 'a');
      assert.equal(head.contentType, 'text/plain');
      assert.deepEqual(head.metadata, { m: '2' });
      assert.ok((await bytesAt(store, bucket, 'a')).equals(bytes));
    },
  },
  {
    name: 'an empty object can be copied',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text(''));
      await store.copy({ bucket, key: 'a' }, { bucket, key: 'b' });
      assert.equal((await bytesAt(store, bucket, 'b')).length, 0);
    },
  },
  {
    name: 'a copy of an absent object is not_found and makes nothing',
    run: async ({ store, bucket }) => {
      await assertCode(store.copy({ bucket, key: 'a' }, { bucket, key: 'b' }), 'not_found');
      await assertAbsent(store, { bucket, key: 'b' });
    },
  },
  {
    name: 'a copy from or into a missing bucket is bucket_missing',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('a'));
      const missing = newBucketName();
      await assertCode(store.copy({ bucket: missing, key: 'a' }, { bucket, key: 'b' }), 'bucket_missing');
      await assertCode(store.copy({ bucket, key: 'a' }, { bucket: missing, key: 'b' }), 'bucket_missing');
    },
  },
  {
    name: 'conditions on the source of a copy hold or are precondition_failed',
    run: async ({ store, bucket }) => {
      const { etag } = await store.put(bucket, 'a', text('a'));
      const [from, to] = [
        { bucket, key: 'a' },
        { bucket, key: 'b' },
      ];
      const past = new Date(Date.now() - 3_600_000);
      for (const source of [{ ifMatch: '"0"' }, { ifNoneMatch: etag }, { ifUnmodifiedSince: past }]) {
        await assertCode(store.copy(from, to, { source }), 'precondition_failed');
      }
      await assertAbsent(store, to);
      await store.copy(from, to, { source: { ifMatch: etag } });
      await store.copy(from, to, { source: { ifNoneMatch: '"0"' } });
      await store.copy(from, to, { source: { ifModifiedSince: past } });
      assert.equal(await textAt(store, bucket, 'b'), 'a');
    },
  },
];
