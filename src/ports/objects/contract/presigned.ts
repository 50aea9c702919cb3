/** Presigned URLs of the contract; run where the store's own address answers requests. */
import assert from 'node:assert/strict';
import { pattern, text, textAt } from './expectations.ts';
import type { ContractTest } from './subject.ts';

export const presignTests: readonly ContractTest[] = [
  {
    name: 'a presigned GET gives the object to a bearer without credentials',
    needs: 'presign',
    run: async ({ store, bucket }) => {
      const key = 'a b/電影+%.txt';
      await store.put(bucket, key, text('hello'));
      const reply = await fetch(await store.presign('GET', bucket, key, { expiresS: 60 }));
      assert.equal(reply.status, 200);
      assert.equal(await reply.text(), 'hello');
    },
  },
  {
    name: 'a presigned PUT stores the body of a bearer without credentials',
    needs: 'presign',
    run: async ({ store, bucket }) => {
      const url = await store.presign('PUT', bucket, 'a', { expiresS: 60 });
      const reply = await fetch(url, { method: 'PUT', body: 'hello' });
      await reply.text();
      assert.equal(reply.status, 200);
      assert.equal(await textAt(store, bucket, 'a'), 'hello');
    },
  },
  {
    name: 'a presigned PUT of a part stores that part',
    needs: 'presign',
    run: async ({ store, bucket }) => {
      const { uploadId } = await store.createUpload(bucket, 'a');
      const url = await store.presign('PUT', bucket, 'a', { expiresS: 60, uploadId, partNumber: 2 });
      const reply = await fetch(url, { method: 'PUT', body: new Uint8Array(pattern(1000)) });
      await reply.text();
      assert.equal(reply.status, 200);
      const { parts } = await store.listParts({ bucket, key: 'a', uploadId });
      assert.deepEqual(
        parts.map(({ partNumber, size }) => [partNumber, size]),
        [[2, 1000]],
      );
      await store.abortUpload({ bucket, key: 'a', uploadId });
    },
  },
  {
    name: 'a presigned URL names the base address that was asked for',
    needs: 'presign',
    run: async ({ store, bucket }) => {
      const url = await store.presign('GET', bucket, 'a', {
        expiresS: 60,
        baseUrl: 'http://films.example:8123',
      });
      assert.equal(new URL(url).origin, 'http://films.example:8123');
    },
  },
];
