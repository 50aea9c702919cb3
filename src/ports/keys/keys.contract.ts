/** What every adapter of the `keys` port must do. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import type { Keys } from './keys.ts';

export function keysContract(name: string, open: () => Promise<Keys>): void {
  describe(`keys: ${name}`, () => {
    let keys: Keys;
    const context = { title: 't1', kind: 'content' };
    const refused = { code: 'forbidden' };
    before(async () => {
      keys = await open();
    });

    test('a secret comes back under its own context, whatever the order of names', async () => {
      for (const size of [1, 16, 4096]) {
        const secret = randomBytes(size);
        const wrapped = await keys.wrap(secret, context);
        assert.deepEqual(Buffer.from(await keys.unwrap(wrapped, { kind: 'content', title: 't1' })), secret);
        assert.ok(!Buffer.from(wrapped).includes(secret) || size === 1);
      }
    });

    test('another context opens nothing', async () => {
      const wrapped = await keys.wrap(randomBytes(16), context);
      for (const other of [{}, { title: 't1' }, { ...context, title: 't2' }, { ...context, more: '' }]) {
        await assert.rejects(keys.unwrap(wrapped, other as Record<string, string>), refused);
      }
    });

    test('one changed bit anywhere opens nothing', async () => {
      const wrapped = Buffer.from(await keys.wrap(randomBytes(8), context));
      for (let index = 0; index < wrapped.byteLength; index++) {
        const changed = Buffer.from(wrapped);
        changed[index] = (changed[index] as number) ^ 1;
        await assert.rejects(keys.unwrap(changed, context), refused, `byte ${index}`);
      }
      await assert.rejects(keys.unwrap(wrapped.subarray(0, 20), context), refused);
      await assert.rejects(keys.unwrap(new Uint8Array(), context), refused);
    });

    test('wrapping the same secret twice gives different bytes', async () => {
      const secret = randomBytes(16);
      const [one, two] = await Promise.all([keys.wrap(secret, context), keys.wrap(secret, context)]);
      assert.notDeepEqual(one, two);
    });

    test('data keys are fresh and come wrapped', async () => {
      const one = await keys.dataKey(32, context);
      const two = await keys.dataKey(16, context);
      assert.equal(one.plain.byteLength, 32);
      assert.equal(two.plain.byteLength, 16);
      assert.deepEqual(Buffer.from(await keys.unwrap(one.wrapped, context)), Buffer.from(one.plain));
    });

    test('what was wrapped before a rotation still opens after it', async () => {
      const secret = randomBytes(16);
      const before = await keys.wrap(secret, context);
      await keys.rotate();
      const after = await keys.wrap(secret, context);
      assert.deepEqual(Buffer.from(await keys.unwrap(before, context)), secret);
      assert.deepEqual(Buffer.from(await keys.unwrap(after, context)), secret);
    });

    test('secrets of no bytes or too many are refused', async () => {
      await assert.rejects(keys.wrap(new Uint8Array(), context), { code: 'invalid_request' });
      await assert.rejects(keys.wrap(new Uint8Array(4097), context), { code: 'invalid_request' });
    });
  });
}
