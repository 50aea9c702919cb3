/** What every adapter of the `tables` port must do. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Table, Tables } from './tables.ts';

export type TablesFixture = {
  tables: Tables;
  /** Moves the clock that expiry is judged by. */
  advance(seconds: number): void;
  nowS(): number;
  close(): Promise<void>;
};

export function tablesContract(name: string, open: () => Promise<TablesFixture>): void {
  describe(`tables: ${name}`, () => {
    let fixture: TablesFixture;
    let table: Table;
    before(async () => {
      fixture = await open();
      table = fixture.tables.table('contract');
    });
    after(async () => {
      await fixture?.close();
    });
    const failed = { code: 'precondition_failed' };

    test('an item comes back as it was put, and is gone after a delete', async () => {
      const key = { pk: 'a', sk: 'ü "quoted" 映画' };
      const value = { text: 'x', number: 1.5, list: [1, null, { deep: true }] };
      assert.equal(await table.get(key), undefined);
      assert.deepEqual(await table.put(key, value), { ...key, value, version: 1 });
      assert.deepEqual(await table.get(key), { ...key, value, version: 1 });
      await table.delete(key);
      await table.delete(key);
      assert.equal(await table.get(key), undefined);
    });

    test('tables and partitions are apart', async () => {
      await table.put({ pk: 'p1', sk: 's' }, { n: 1 });
      await fixture.tables.table('other').put({ pk: 'p1', sk: 's' }, { n: 2 });
      assert.deepEqual((await table.get({ pk: 'p1', sk: 's' }))?.value, { n: 1 });
      assert.deepEqual((await table.query('p2')).items, []);
    });

    test('conditions are checked and applied in one step', async () => {
      const key = { pk: 'cond', sk: 's' };
      await assert.rejects(table.put(key, {}, { condition: { exists: true } }), failed);
      await table.put(key, { n: 1 }, { condition: { absent: true } });
      await assert.rejects(table.put(key, {}, { condition: { absent: true } }), failed);
      await table.put(key, { n: 2 }, { condition: { version: 1 } });
      await assert.rejects(table.put(key, {}, { condition: { version: 1 } }), failed);
      await assert.rejects(table.delete(key, { condition: { version: 1 } }), failed);
      await table.delete(key, { condition: { version: 2 } });
    });

    test('of many writers that want to be first, one is', async () => {
      const key = { pk: 'race', sk: 's' };
      const tries = Array.from({ length: 20 }, (_, n) =>
        table.put(key, { n }, { condition: { absent: true } }),
      );
      const outcomes = await Promise.allSettled(tries);
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    test('an update sets, adds and removes, and makes the item when there is none', async () => {
      const key = { pk: 'update', sk: 's' };
      await Promise.all(Array.from({ length: 50 }, () => table.update(key, { add: { count: 1 } })));
      const item = await table.update(key, { set: { name: 'x', gone: 1 }, add: { count: 0.5 } });
      assert.deepEqual(item.value, { count: 50.5, name: 'x', gone: 1 });
      assert.equal(item.version, 51);
      assert.deepEqual((await table.update(key, { remove: ['gone'] })).value, { count: 50.5, name: 'x' });
      await assert.rejects(table.update(key, { add: { name: 1 } }), { code: 'invalid_request' });
      await assert.rejects(
        table.update({ pk: 'update', sk: 'none' }, {}, { condition: { exists: true } }),
        failed,
      );
    });

    test('a query walks one partition in byte order, both ways, page by page', async () => {
      const keys = ['a', 'a/1', 'a/2', 'b', 'é', 'ｚ', '𝕫'];
      for (const sk of keys.toReversed()) await table.put({ pk: 'walk', sk }, { sk });
      const names = async (options?: Parameters<Table['query']>[1]) =>
        (await table.query('walk', options)).items.map(({ sk }) => sk);
      assert.deepEqual(await names(), keys);
      assert.deepEqual(await names({ descending: true }), keys.toReversed());
      assert.deepEqual(await names({ prefix: 'a' }), ['a', 'a/1', 'a/2']);
      assert.deepEqual(await names({ prefix: 'a', after: 'a/1' }), ['a/2']);
      assert.deepEqual(await names({ prefix: '𝕫' }), ['𝕫']);
      const first = await table.query('walk', { limit: 3 });
      assert.equal(first.next, 'a/2');
      const second = await table.query('walk', { limit: 10, after: first.next });
      assert.deepEqual(
        [...first.items, ...second.items].map(({ sk }) => sk),
        keys,
      );
      assert.equal(second.next, undefined);
    });

    test('an expired item is never seen, and its place is free', async () => {
      const key = { pk: 'ttl', sk: 's' };
      await table.put(key, { n: 1 }, { expiresAt: Math.floor(fixture.nowS()) + 60 });
      assert.equal((await table.get(key))?.value.n, 1);
      fixture.advance(61);
      assert.equal(await table.get(key), undefined);
      assert.deepEqual((await table.query('ttl')).items, []);
      assert.equal((await table.put(key, { n: 2 }, { condition: { absent: true } })).version, 1);
    });

    test('a transaction is done whole or not at all', async () => {
      await table.put({ pk: 'tx', sk: 'guard' }, { n: 1 });
      const put = (sk: string) => ({ kind: 'put', pk: 'tx', sk, value: {} }) as const;
      const guard = { kind: 'check', pk: 'tx', sk: 'guard' } as const;
      await assert.rejects(
        table.transact([put('one'), { ...guard, condition: { version: 9 } }, put('two')]),
        failed,
      );
      assert.equal((await table.query('tx')).items.length, 1);
      await table.transact([
        put('one'),
        { ...guard, condition: { version: 1 } },
        { kind: 'delete', pk: 'tx', sk: 'x' },
      ]);
      assert.equal((await table.query('tx')).items.length, 2);
    });

    test('items and keys over their limits are refused', async () => {
      const large = { text: 'x'.repeat(401 * 1024) };
      await assert.rejects(table.put({ pk: 'large', sk: 's' }, large), { code: 'too_large' });
      await assert.rejects(table.put({ pk: '', sk: 's' }, {}), { code: 'invalid_request' });
      await assert.rejects(table.put({ pk: 'p', sk: 'x'.repeat(1025) }, {}), { code: 'invalid_request' });
      assert.equal(await table.get({ pk: 'large', sk: 's' }), undefined);
    });
  });
}
