/** Changes of the contract: objects are replaced and deleted whole, whoever reads or writes at the same time. */
import assert from 'node:assert/strict';
import { assertAbsent, bytesAt, md5Etag, pattern, readAll, streamed, text, textAt } from './expectations.ts';
import type { ContractTest } from './subject.ts';

export const changeTests: readonly ContractTest[] = [
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
];
