/** Bodies of the contract: what is put is what is got, with its attributes. */
import assert from 'node:assert/strict';
import {
  assertAbsent,
  assertCode,
  bytesAt,
  md5Etag,
  pattern,
  readAll,
  streamed,
  text,
} from './expectations.ts';
import type { ContractTest } from './subject.ts';

const SIZES = [0, 1, 1023, 8 * 1024, 8 * 1024 + 1, 65_537, 1024 * 1024, 3 * 1024 * 1024 + 7];

export const bodyTests: readonly ContractTest[] = [
  ...SIZES.map(
    (size): ContractTest => ({
      name: `${size} bytes in memory come back as they went in`,
      run: async ({ store, bucket }) => {
        const bytes = pattern(size);
        const put = await store.put(bucket, 'a', bytes);
        assert.equal(put.size, size);
        assert.equal(put.etag, md5Etag(bytes));
        const body = await store.get(bucket, 'a');
        assert.equal(body.size, size);
        assert.equal(body.range, undefined);
        assert.equal(body.etag, put.etag);
        assert.ok((await readAll(body)).equals(bytes));
      },
    }),
  ),
  ...SIZES.map(
    (size): ContractTest => ({
      name: `${size} bytes streamed with their length come back as they went in`,
      run: async ({ store, bucket }) => {
        const bytes = pattern(size, 3);
        const put = await store.put(bucket, 'a', streamed(bytes), { length: size });
        assert.equal(put.etag, md5Etag(bytes));
        assert.ok((await bytesAt(store, bucket, 'a')).equals(bytes));
      },
    }),
  ),
  {
    name: 'a stream of unknown length comes back as it went in',
    run: async ({ store, bucket }) => {
      const bytes = pattern(20 * 1024 * 1024 + 11);
      const put = await store.put(bucket, 'a', streamed(bytes, 300_001));
      assert.equal(put.size, bytes.length);
      assert.ok((await bytesAt(store, bucket, 'a')).equals(bytes));
    },
  },
  {
    name: 'a stream that reuses its buffer is stored as it was when it was given',
    run: async ({ store, bucket }) => {
      const bytes = pattern(600_000);
      async function* reusing() {
        const buffer = Buffer.alloc(50_000);
        for (let at = 0; at < bytes.length; at += buffer.length) {
          bytes.copy(buffer, 0, at);
          yield buffer;
        }
        buffer.fill(0);
      }
      await store.put(bucket, 'a', reusing(), { length: bytes.length });
      assert.ok((await bytesAt(store, bucket, 'a')).equals(bytes));
    },
  },
  {
    name: 'attributes come back with get and head',
    run: async ({ store, bucket }) => {
      const attributes = {
        contentType: 'video/mp4',
        cacheControl: 'max-age=60',
        contentDisposition: 'attachment; filename="film.mp4"',
        contentEncoding: 'identity',
        contentLanguage: 'de',
        expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
        metadata: { title: 'First light', 'part-of': 'a series' },
      };
      await store.put(bucket, 'a', text('a'), attributes);
      const head = await store.head(bucket, 'a');
      const { stream, ...got } = await store.get(bucket, 'a');
      stream.destroy?.();
      for (const info of [head, got]) {
        for (const [name, value] of Object.entries(attributes)) {
          assert.deepEqual(info[name as keyof typeof attributes], value, name);
        }
        assert.equal(info.key, 'a');
      }
    },
  },
  {
    name: 'the time of a write is told, in the reply, by head and by list',
    run: async ({ store, bucket }) => {
      const { lastModified } = await store.put(bucket, 'a', text('a'));
      assert.ok(Math.abs(Date.now() - lastModified.getTime()) < 60_000);
      const head = await store.head(bucket, 'a');
      const entry = (await store.list(bucket)).entries[0];
      for (const other of [head.lastModified, entry?.lastModified]) {
        assert.ok(other && Math.abs(other.getTime() - lastModified.getTime()) < 5000);
      }
    },
  },
  {
    name: 'user metadata of 2 KiB is kept, more is invalid_request and stores nothing',
    run: async ({ store, bucket }) => {
      const most = { m: 'x'.repeat(2047) };
      await store.put(bucket, 'a', text('a'), { metadata: most });
      assert.deepEqual((await store.head(bucket, 'a')).metadata, most);
      await assertCode(
        store.put(bucket, 'b', text('b'), { metadata: { m: 'x'.repeat(2048) } }),
        'invalid_request',
      );
      await assertAbsent(store, { bucket, key: 'b' });
    },
  },
  {
    name: 'get and head of an absent key are not_found',
    run: async ({ store, bucket }) => {
      await assertCode(store.get(bucket, 'a'), 'not_found');
      await assertCode(store.head(bucket, 'a'), 'not_found');
    },
  },
  {
    name: 'a destroyed reader stops and can be destroyed again',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', pattern(3 * 1024 * 1024));
      const { stream } = await store.get(bucket, 'a');
      const reader = stream[Symbol.asyncIterator]();
      await reader.next();
      stream.destroy?.();
      stream.destroy?.();
      const unread = await store.get(bucket, 'a');
      unread.stream.destroy?.();
    },
  },
  {
    name: 'an aborted signal ends a get before and while it is read',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', pattern(12 * 1024 * 1024));
      await assert.rejects(store.get(bucket, 'a', { signal: AbortSignal.abort(new Error('too late')) }));
      const controller = new AbortController();
      const body = await store.get(bucket, 'a', { signal: controller.signal });
      const reader = body.stream[Symbol.asyncIterator]();
      await reader.next();
      controller.abort(new Error('enough'));
      await assert.rejects(async () => {
        for (let next = await reader.next(); !next.done; next = await reader.next());
      });
    },
  },
  {
    name: 'the store says that it is ready',
    run: async ({ store }) => {
      assert.deepEqual(await store.health(), { ready: true });
    },
  },
];
