/** What every adapter of the `records` port must do. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Kysely, sql } from 'kysely';
import type { Records } from './records.ts';

type Tables = { 'contract.notes': { id: number; text: string } };

const migrations = {
  '001-notes': {
    up: async (db: Kysely<unknown>) => {
      await sql`CREATE TABLE contract.notes (id integer PRIMARY KEY, text text NOT NULL)`.execute(db);
    },
  },
};

export function recordsContract(name: string, open: () => Promise<Records>): void {
  describe(`records: ${name}`, () => {
    let records: Records;
    before(async () => {
      records = await open();
    });
    after(async () => {
      await records?.close();
    });
    const notes = () => records.db<Tables>();

    test('migrations run once, also when several processes start together', async () => {
      await Promise.all(Array.from({ length: 4 }, () => records.migrate('contract', migrations)));
      await records.migrate('contract', migrations);
      await notes().insertInto('contract.notes').values({ id: 1, text: 'ü 映画' }).execute();
      const row = await notes().selectFrom('contract.notes').selectAll().executeTakeFirst();
      assert.deepEqual(row, { id: 1, text: 'ü 映画' });
    });

    test('a rejected transaction leaves nothing', async () => {
      const failing = notes()
        .transaction()
        .execute(async (tx) => {
          await tx.insertInto('contract.notes').values({ id: 2, text: 'half' }).execute();
          throw new Error('no');
        });
      await assert.rejects(failing, /no/);
      const rows = await notes().selectFrom('contract.notes').where('id', '=', 2).execute();
      assert.equal(rows.length, 0);
    });

    test('transactions that want the same row take turns', async () => {
      await notes().insertInto('contract.notes').values({ id: 3, text: '0' }).execute();
      const add = () =>
        notes()
          .transaction()
          .execute(async (tx) => {
            const row = await tx
              .selectFrom('contract.notes')
              .where('id', '=', 3)
              .forUpdate()
              .select('text')
              .executeTakeFirstOrThrow();
            const text = String(Number(row.text) + 1);
            await tx.updateTable('contract.notes').set({ text }).where('id', '=', 3).execute();
          });
      await Promise.all(Array.from({ length: 10 }, add));
      const row = await notes()
        .selectFrom('contract.notes')
        .where('id', '=', 3)
        .select('text')
        .executeTakeFirst();
      assert.equal(row?.text, '10');
    });

    test('a query that takes too long is ended', async () => {
      const slow = records.db<Tables>();
      await assert.rejects(sql`SELECT pg_sleep(20)`.execute(slow), /statement timeout/);
    });

    test('it is healthy', async () => {
      assert.deepEqual(await records.health(), { ready: true });
    });
  });
}
