/** Objects of the contract: what is put is what is got, replaced and deleted whole. */
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
  textAt,
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
    name: 'a second put replaces bytes and attributes',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('first'), { contentType: 'text/one', metadata: { n: '1' } });
      await store.put(bucket, 'a', text('the second'), { contentType: 'text/two' });
      const body = await store.get(bucket, 'a');
      assert.equal(body.contentType, 'text/two');
      assert.equal(body.metadata?.n, undefined);
      assert.equal((await readAll(body)).toString(), 'the second');
      assert.equal((await store.list(bucket)).entries.length, 1);
    },
  },
  {
    name: 'delete removes an object, and is content when there is none',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', pattern(100_000));
      await store.delete(bucket, 'a');
      await assertAbsent(store, { bucket, key: 'a' });
      await store.delete(bucket, 'a');
    },
  },
  {
    name: 'a reader that began on the old bytes finishes on them after an overwrite and a delete',
    run: async ({ store, bucket }) => {
      const old = pattern(2 * 1024 * 1024, 1);
      await store.put(bucket, 'a', old);
      const body = await store.get(bucket, 'a');
      const reader = body.stream[Symbol.asyncIterator]();
      const first = await reader.next();
      await store.put(bucket, 'a', pattern(2 * 1024 * 1024, 2));
      await store.delete(bucket, 'a');
      const chunks = [Buffer.from(first.value)];
      for (let next = await reader.next(); !next.done; next = await reader.next()) {
        chunks.push(Buffer.from(next.value));
      }
      assert.ok(Buffer.concat(chunks).equals(old));
    },
  },
  {
    name: 'while an object is replaced again and again, every reader sees one version whole',
    run: async ({ store, bucket }) => {
      const versions = Array.from({ length: 5 }, (_, i) => pattern(300_000 + i, i));
      await store.put(bucket, 'a', versions[0] as Buffer);
      let writing = true;
      const read = async () => {
        let reads = 0;
        while (writing || reads < 3) {
          const body = await store.get(bucket, 'a');
          const bytes = await readAll(body);
          assert.equal(bytes.length, body.size);
          assert.equal(md5Etag(bytes), body.etag);
          reads++;
        }
      };
      const readers = [read(), read()];
      for (const version of [...versions, ...versions]) await store.put(bucket, 'a', version);
      writing = false;
      await Promise.all(readers);
    },
  },
  {
    name: 'of two writers at once one wins, whole',
    run: async ({ store, bucket }) => {
      const [one, two] = [pattern(400_000, 1), pattern(500_000, 2)];
      await Promise.all([
        store.put(bucket, 'a', streamed(one), { length: one.length }),
        store.put(bucket, 'a', streamed(two), { length: two.length }),
      ]);
      const got = await bytesAt(store, bucket, 'a');
      assert.ok(got.equals(one) || got.equals(two));
    },
  },
  {
    name: 'a body that breaks off leaves nothing behind, and the old object in place',
    run: async ({ store, bucket }) => {
      async function* broken() {
        yield pattern(100_000);
        throw new Error('the sender went away');
      }
      await store.put(bucket, 'old', text('old'));
      await assert.rejects(store.put(bucket, 'new', broken(), { length: 200_000 }));
      await assert.rejects(store.put(bucket, 'old', broken(), { length: 200_000 }));
      await assert.rejects(store.put(bucket, 'new', broken()));
      await assertAbsent(store, { bucket, key: 'new' });
      assert.equal(await textAt(store, bucket, 'old'), 'old');
      assert.deepEqual(await store.listUploads(bucket), []);
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
    name: 'sixteen writers and readers at once do not disturb one another',
    run: async ({ store, bucket }) => {
      const lanes = Array.from({ length: 16 }, async (_, lane) => {
        for (let i = 0; i < 5; i++) {
          const bytes = pattern(1000 * (lane + 1) * (i + 1), lane * 10 + i);
          await store.put(bucket, `${lane}/${i}`, bytes);
          assert.ok((await bytesAt(store, bucket, `${lane}/${i}`)).equals(bytes));
        }
      });
      await Promise.all(lanes);
      assert.equal((await store.list(bucket)).entries.length, 80);
    },
  },
  {
    name: 'the store says that it is ready',
    run: async ({ store }) => {
      assert.deepEqual(await store.health(), { ready: true });
    },
  },
];
