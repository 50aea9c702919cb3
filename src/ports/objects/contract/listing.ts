/** Listings of the contract: order, prefix, delimiter, pages. */
import assert from 'node:assert/strict';
import type { ListOptions, ObjectStore } from '../objects.ts';
import { assertCode, md5Etag, text } from './expectations.ts';
import type { ContractTest } from './subject.ts';

async function fill(store: ObjectStore, bucket: string, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 16) {
    await Promise.all(keys.slice(at, at + 16).map((key) => store.put(bucket, key, text(key))));
  }
}

type Names = { keys: string[]; prefixes: string[] };

async function allPages(store: ObjectStore, bucket: string, options: ListOptions): Promise<Names[]> {
  const pages: Names[] = [];
  let after = options.after;
  do {
    const page = await store.list(bucket, { ...options, after });
    pages.push({ keys: page.entries.map(({ key }) => key), prefixes: page.prefixes });
    after = page.next;
    assert.ok(pages.length < 100, 'the pages do not end');
  } while (after !== undefined);
  return pages;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const TREE = ['a.txt', 'b/1', 'b/2', 'b/c/3', 'b/c/4', 'b0', 'c/', 'c/d', 'z'];

export const listingTests: readonly ContractTest[] = [
  {
    name: 'an empty bucket lists nothing and has no next page',
    run: async ({ store, bucket }) => {
      assert.deepEqual(await store.list(bucket), { entries: [], prefixes: [] });
    },
  },
  {
    name: 'entries tell size and ETag',
    run: async ({ store, bucket }) => {
      await store.put(bucket, 'a', text('hello'));
      const [entry] = (await store.list(bucket)).entries;
      assert.equal(entry?.size, 5);
      assert.equal(entry?.etag, md5Etag(text('hello')));
    },
  },
  {
    name: 'keys come in the order of their UTF-8 bytes, not of their UTF-16 units',
    run: async ({ store, bucket }) => {
      const keys = ['a', 'B', 'é', 'z', '\uff5e', '🎬', '電', 'Z', '0', '-', 'a/b', 'a-b', 'ab', '\ufffd'];
      await fill(store, bucket, keys);
      const listed = (await store.list(bucket)).entries.map(({ key }) => key);
      assert.deepEqual(listed, [...keys].sort(byBytes));
      assert.ok(listed.indexOf('\uff5e') < listed.indexOf('🎬'));
    },
  },
  {
    name: 'a prefix keeps only the keys that begin with it',
    run: async ({ store, bucket }) => {
      await fill(store, bucket, [...TREE, '電影', '電話', '100%', '100_']);
      for (const prefix of ['b', 'b/', 'b/c/', 'c/', '電', '100%', 'nothing', 'z', 'zz']) {
        const listed = (await store.list(bucket, { prefix })).entries.map(({ key }) => key);
        const expected = [...TREE, '電影', '電話', '100%', '100_'].filter((key) => key.startsWith(prefix));
        assert.deepEqual(listed, expected.sort(byBytes), prefix);
      }
    },
  },
  {
    name: 'a delimiter rolls keys up into prefixes',
    run: async ({ store, bucket }) => {
      await fill(store, bucket, TREE);
      const roots = await store.list(bucket, { delimiter: '/' });
      assert.deepEqual(
        roots.entries.map(({ key }) => key),
        ['a.txt', 'b0', 'z'],
      );
      assert.deepEqual(roots.prefixes, ['b/', 'c/']);
      const below = await store.list(bucket, { delimiter: '/', prefix: 'b/' });
      assert.deepEqual(
        below.entries.map(({ key }) => key),
        ['b/1', 'b/2'],
      );
      assert.deepEqual(below.prefixes, ['b/c/']);
      const folder = await store.list(bucket, { delimiter: '/', prefix: 'c/' });
      assert.deepEqual(
        folder.entries.map(({ key }) => key),
        ['c/', 'c/d'],
      );
    },
  },
  {
    name: 'a delimiter may be any text',
    run: async ({ store, bucket }) => {
      await fill(store, bucket, ['a--b--c', 'a--d', 'a-e', '電影と音楽', '電影と本']);
      const page = await store.list(bucket, { delimiter: '--' });
      assert.deepEqual(page.prefixes, ['a--']);
      assert.deepEqual((await store.list(bucket, { delimiter: 'と' })).prefixes, ['電影と']);
    },
  },
  {
    name: 'after leaves out the keys up to it, whether it exists or not',
    run: async ({ store, bucket }) => {
      await fill(store, bucket, ['a', 'b', 'c', 'd']);
      const after = async (key: string) =>
        (await store.list(bucket, { after: key })).entries.map((entry) => entry.key);
      assert.deepEqual(await after('b'), ['c', 'd']);
      assert.deepEqual(await after('bb'), ['c', 'd']);
      assert.deepEqual(await after('d'), []);
      assert.deepEqual(await after('0'), ['a', 'b', 'c', 'd']);
    },
  },
  {
    name: 'after and prefix hold together',
    run: async ({ store, bucket }) => {
      await fill(store, bucket, TREE);
      const list = async (options: ListOptions) =>
        (await store.list(bucket, options)).entries.map((entry) => entry.key);
      assert.deepEqual(await list({ prefix: 'b/', after: 'b/1' }), ['b/2', 'b/c/3', 'b/c/4']);
      assert.deepEqual(await list({ prefix: 'b/', after: 'a' }), ['b/1', 'b/2', 'b/c/3', 'b/c/4']);
      assert.deepEqual(await list({ prefix: 'b/', after: 'y' }), []);
    },
  },
  ...[1, 2, 3, 4, 9].map(
    (limit): ContractTest => ({
      name: `pages of ${limit} together hold every key once, in order`,
      run: async ({ store, bucket }) => {
        await fill(store, bucket, TREE);
        const pages = await allPages(store, bucket, { limit });
        assert.deepEqual(
          pages.flatMap(({ keys }) => keys),
          [...TREE].sort(byBytes),
        );
        for (const page of pages) assert.ok(page.keys.length <= limit);
      },
    }),
  ),
  ...[1, 2, 3].map(
    (limit): ContractTest => ({
      name: `pages of ${limit} with a delimiter hold every key and prefix once`,
      run: async ({ store, bucket }) => {
        await fill(store, bucket, TREE);
        const pages = await allPages(store, bucket, { limit, delimiter: '/' });
        assert.deepEqual(
          pages.flatMap(({ keys }) => keys),
          ['a.txt', 'b0', 'z'],
        );
        assert.deepEqual(
          pages.flatMap(({ prefixes }) => prefixes),
          ['b/', 'c/'],
        );
        for (const page of pages) assert.ok(page.keys.length + page.prefixes.length <= limit);
      },
    }),
  ),
  {
    name: 'a prefix that holds hundreds of keys is one line of a page',
    run: async ({ store, bucket }) => {
      const many = Array.from({ length: 300 }, (_, i) => `m/${String(i).padStart(4, '0')}`);
      await fill(store, bucket, ['a/1', ...many, 'n/1', 'o']);
      const page = await store.list(bucket, { delimiter: '/', limit: 4 });
      assert.deepEqual(page.prefixes, ['a/', 'm/', 'n/']);
      assert.deepEqual(
        page.entries.map(({ key }) => key),
        ['o'],
      );
      assert.equal(page.next, undefined);
    },
  },
  {
    name: 'a page that holds everything to the last key has no next',
    run: async ({ store, bucket }) => {
      await fill(store, bucket, ['a', 'b']);
      assert.equal((await store.list(bucket, { limit: 2 })).next, undefined);
      assert.notEqual((await store.list(bucket, { limit: 1 })).next, undefined);
    },
  },
  {
    name: 'a limit over 1,000 counts as 1,000',
    run: async ({ store, bucket }) => {
      const keys = Array.from({ length: 1003 }, (_, i) => `k${String(i).padStart(5, '0')}`);
      await fill(store, bucket, keys);
      const page = await store.list(bucket, { limit: 5000 });
      assert.equal(page.entries.length, 1000);
      const rest = await store.list(bucket, { after: page.next });
      assert.deepEqual(
        rest.entries.map(({ key }) => key),
        keys.slice(1000),
      );
    },
  },
  {
    name: 'a listing sees every write that was acknowledged before it',
    run: async ({ store, bucket }) => {
      for (let i = 0; i < 20; i++) {
        await store.put(bucket, `k${i}`, text('x'));
        const { entries } = await store.list(bucket, { prefix: `k${i}` });
        assert.ok(entries.some(({ key }) => key === `k${i}`));
        if (i % 2 === 0) {
          await store.delete(bucket, `k${i}`);
          assert.deepEqual((await store.list(bucket, { prefix: `k${i}` })).entries, []);
        }
      }
    },
  },
  {
    name: 'a negative limit is invalid_request',
    run: async ({ store, bucket }) => {
      await assertCode(store.list(bucket, { limit: -1 }), 'invalid_request');
    },
  },
];
