import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { openLocalKeys } from '../../ports/keys/embedded.ts';
import type { KeyContext, Keys } from '../../ports/keys/keys.ts';
import { openSqliteTables } from '../../ports/tables/embedded.ts';
import type { Item, ItemKey, Table, Tables } from '../../ports/tables/tables.ts';
import { openAccessKeys } from './access-keys.ts';
import { allows, FULL_ACCESS } from './access-scope.ts';

const clock = { now: () => 1_700_000_000_000, monotonic: () => 0, sleep: async () => {} };
const READER = [{ actions: ['read'], bucket: 'media', prefix: 'titles/' }] as const;

/** The few calls of a table that access keys make, over a map. */
function fakeTables() {
  const items = new Map<string, Item>();
  let reads = 0;
  const at = ({ pk, sk }: ItemKey) => `${pk}\n${sk}`;
  const table: Partial<Table> = {
    get: async (key) => {
      reads++;
      return items.get(at(key));
    },
    update: async (key, { set }) => {
      const item = items.get(at(key));
      if (!item) throw new MatineeError('precondition_failed', 'absent');
      const changed = { ...item, value: { ...item.value, ...set }, version: item.version + 1 };
      items.set(at(key), changed);
      return changed;
    },
    transact: async (writes) => {
      if (writes.some((write) => items.has(at(write))))
        throw new MatineeError('precondition_failed', 'exists');
      for (const write of writes) {
        if (write.kind === 'put')
          items.set(at(write), { pk: write.pk, sk: write.sk, value: write.value, version: 1 });
      }
    },
  };
  const tables = { table: () => table } as unknown as Tables;
  return { tables, items, readCount: () => reads };
}

function fakeKeys(): Keys {
  const master = randomBytes(32);
  const aad = (context: KeyContext) => Buffer.from(JSON.stringify(Object.entries(context).sort()));
  return {
    wrap: async (secret: Uint8Array, context: KeyContext) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(aad(context));
      return Buffer.concat([iv, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap: async (wrapped: Uint8Array, context: KeyContext) => {
      const bytes = Buffer.from(wrapped);
      const decipher = createDecipheriv('aes-256-gcm', master, bytes.subarray(0, 12)).setAAD(aad(context));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    },
  } as unknown as Keys;
}

test('a key is made once by name and found by its id, also after a restart', async () => {
  const { tables } = fakeTables();
  const keys = fakeKeys();
  const accessKeys = openAccessKeys({ tables, keys, clock });
  const made = await accessKeys.ensure('root', FULL_ACCESS);
  assert.match(made.accessKeyId, /^MTNE[A-Z2-7]{16}$/);
  assert.equal(made.secretAccessKey.length, 40);
  assert.deepEqual(await accessKeys.ensure('root', FULL_ACCESS), made);
  const later = openAccessKeys({ tables, keys, clock });
  assert.deepEqual(await later.ensure('root', FULL_ACCESS), made);
  assert.deepEqual(await later.find(made.accessKeyId), { secret: made.secretAccessKey, scope: FULL_ACCESS });
  assert.notEqual((await later.ensure('edge', READER)).accessKeyId, made.accessKeyId);
});

test('the secret is not in the table in the clear', async () => {
  const { tables, items } = fakeTables();
  const { secretAccessKey } = await openAccessKeys({ tables, keys: fakeKeys(), clock }).ensure(
    'root',
    FULL_ACCESS,
  );
  assert.ok(!JSON.stringify([...items]).includes(secretAccessKey));
  assert.ok(!JSON.stringify([...items]).includes(Buffer.from(secretAccessKey).toString('base64')));
});

test('a new scope is in force at once', async () => {
  const accessKeys = openAccessKeys({ tables: fakeTables().tables, keys: fakeKeys(), clock });
  const { accessKeyId } = await accessKeys.ensure('edge', FULL_ACCESS);
  assert.deepEqual((await accessKeys.find(accessKeyId))?.scope, FULL_ACCESS);
  await accessKeys.ensure('edge', READER);
  assert.deepEqual((await accessKeys.find(accessKeyId))?.scope, READER);
});

test('two that make the same key at once end up with one', async () => {
  const { tables } = fakeTables();
  const keys = fakeKeys();
  const both = [openAccessKeys({ tables, keys, clock }), openAccessKeys({ tables, keys, clock })];
  const [one, two] = await Promise.all(both.map((each) => each.ensure('root', FULL_ACCESS)));
  assert.deepEqual(one, two);
});

test('a found key is remembered; unknown ids and nonsense find nothing', async () => {
  const { tables, readCount } = fakeTables();
  const accessKeys = openAccessKeys({ tables, keys: fakeKeys(), clock });
  const { accessKeyId } = await accessKeys.ensure('root', FULL_ACCESS);
  await accessKeys.find(accessKeyId);
  const before = readCount();
  await accessKeys.find(accessKeyId);
  assert.equal(readCount(), before);
  assert.equal(await accessKeys.find('MTNENOBODYNOBODYNOBO'), undefined);
  assert.equal(await accessKeys.find('name:root'), undefined);
});

test('a rule covers its actions, its bucket and its prefix, and nothing else', () => {
  const need = { action: 'read', bucket: 'media', key: 'titles/1/a.mp4' } as const;
  assert.ok(allows(FULL_ACCESS, need));
  assert.ok(allows(READER, need));
  assert.ok(!allows(READER, { ...need, action: 'write' }));
  assert.ok(!allows(READER, { ...need, bucket: 'media2' }));
  assert.ok(!allows(READER, { ...need, key: 'titles' }));
  assert.ok(!allows(READER, { ...need, key: '' }));
  assert.ok(!allows([], need));
});

test('over the embedded tables and key ring a key survives a restart', async () => {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'matinee-access-keys-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const open = async () => {
    const file = join(folder, 'tables.sqlite');
    const tables = await openSqliteTables({ file, clock: systemClock, log: silentLog });
    const keys = await openLocalKeys({ folder: join(folder, 'keys'), clock: systemClock });
    return { tables, accessKeys: openAccessKeys({ tables, keys, clock: systemClock }) };
  };
  const first = await open();
  const made = await first.accessKeys.ensure('root', FULL_ACCESS);
  await first.tables.close();
  const second = await open();
  cleanup.defer(() => second.tables.close());
  assert.deepEqual(await second.accessKeys.ensure('root', READER), made);
  const found = await second.accessKeys.find(made.accessKeyId);
  assert.deepEqual(found, { secret: made.secretAccessKey, scope: READER });
});
