/** Countries by address from a file that changes, and rules by country. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../../platform/clock.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { silentLog } from '../../../platform/log.ts';
import { countryRule, openCountryDatabase } from './geo.ts';
import { mmdbFile, type Network } from './mmdb.testing.ts';

const country = (iso_code: string) => ({ country: { iso_code } });
const NETWORKS: Network[] = [
  { block: '203.0.113.0/24', record: country('CH') },
  { block: '198.51.100.128/25', record: country('JP') },
  { block: '2001:db8::/32', record: country('DE') },
  { block: '192.0.2.0/25', record: { country: 'FR' } },
  { block: '192.0.2.128/25', record: { country_code: 'IT', city: 'x' } },
  { block: '10.0.0.0/8', record: { country: { iso_code: 'not a code' } } },
];

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-geo-'));
});
after(() => rm(folder, { recursive: true }));

const open = (path: string, more = {}) =>
  openCountryDatabase(path, { clock: systemClock, log: silentLog, pollMs: 60_000, ...more });

async function fileOf(name: string, bytes: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

test('addresses have the country of their block, in each form of record', async () => {
  await using database = await open(await fileOf('a.mmdb', mmdbFile(NETWORKS)), { cacheMax: 3 });
  const cases: Array<[string, string | undefined]> = [
    ['203.0.113.9', 'CH'],
    ['::ffff:203.0.113.9', 'CH'],
    ['198.51.100.200', 'JP'],
    ['198.51.100.100', undefined],
    ['2001:db8:1::1', 'DE'],
    ['2001:db9::1', undefined],
    ['192.0.2.1', 'FR'],
    ['192.0.2.200', 'IT'],
    ['10.1.1.1', undefined],
    ['8.8.8.8', undefined],
    ['nonsense', undefined],
    ['', undefined],
  ];
  for (const round of [1, 2]) {
    for (const [address, expected] of cases) {
      assert.equal(database.countryOf(address), expected, `${address} ${round}`);
    }
  }
});

test('a newer file is taken without a restart, and a damaged one is not', async () => {
  const path = await fileOf('b.mmdb', mmdbFile(NETWORKS));
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
  await using database = await open(path, { log });
  assert.equal(database.countryOf('203.0.113.9'), 'CH');
  assert.equal(await database.refresh(), false);
  const next = await fileOf('b.new', mmdbFile([{ block: '203.0.113.0/24', record: country('AT') }]));
  await rename(next, path);
  assert.equal(await database.refresh(), true);
  assert.equal(database.countryOf('203.0.113.9'), 'AT');
  await writeFile(path, 'nonsense');
  for (let i = 0; i < 3; i++) assert.equal(await database.refresh(), false);
  await rm(path);
  assert.equal(await database.refresh(), false);
  assert.equal(database.countryOf('203.0.113.9'), 'AT');
  assert.equal(warnings.length, 2, 'said once for each fault');
  await writeFile(path, mmdbFile(NETWORKS));
  assert.equal(await database.refresh(), true);
});

test('it looks by itself, and stops when it is closed', async () => {
  const path = await fileOf('c.mmdb', mmdbFile(NETWORKS));
  const database = await open(path, { pollMs: 5 });
  await writeFile(path, mmdbFile([{ block: '203.0.113.0/24', record: country('AT') }]));
  await utimes(path, 1, 1);
  while (database.countryOf('203.0.113.9') !== 'AT') await systemClock.sleep(2);
  await database.close();
  await writeFile(path, mmdbFile(NETWORKS));
  await systemClock.sleep(20);
  assert.equal(database.countryOf('203.0.113.9'), 'AT');
});

test('a file that is absent, too large or damaged is told when it is opened', async () => {
  const good = mmdbFile(NETWORKS);
  const refused = (error: unknown) => isMatineeError(error, 'invalid_config');
  await assert.rejects(open(join(folder, 'absent.mmdb')), refused);
  await assert.rejects(open(folder), refused);
  const path = await fileOf('d.mmdb', good);
  await assert.rejects(open(path, { fileBytesMax: good.length - 1 }), refused);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('nonsense'),
    good.subarray(0, 200),
    good.subarray(0, good.length - 40),
    good.subarray(good.length - 220),
  ]) {
    await assert.rejects(open(await fileOf('e.mmdb', bytes)), refused, `${bytes.length}`);
  }
});

test('bytes that are flipped anywhere never make a look-up fail or answer what is no country', async () => {
  const good = mmdbFile(NETWORKS);
  let opened = 0;
  for (let at = 3; at < good.length; at += 37) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] as number) ^ 0xff;
    const database = await open(await fileOf('f.mmdb', bytes)).catch((error) => {
      assert.ok(isMatineeError(error, 'invalid_config'));
    });
    if (!database) continue;
    opened++;
    for (const { block } of NETWORKS) {
      assert.match(database.countryOf(block.split('/')[0] as string) ?? 'XX', /^[A-Z]{2}$/);
    }
    await database.close();
  }
  assert.ok(opened > 5);
});

test('rules: only some countries, all but some, and what is unknown', () => {
  const only = countryRule({ allow: ['CH', 'DE'], unknown: 'deny' });
  assert.deepEqual(['CH', 'DE', 'FR', undefined].map(only), [true, true, false, false]);
  const but = countryRule({ deny: ['FR'], unknown: 'allow' });
  assert.deepEqual(['CH', 'FR', undefined].map(but), [true, false, true]);
  const both = countryRule({ allow: ['CH', 'DE'], deny: ['DE'], unknown: 'deny' });
  assert.deepEqual(['CH', 'DE', 'FR'].map(both), [true, false, false]);
  assert.deepEqual(['CH'].map(countryRule({ allow: [], unknown: 'allow' })), [false]);
  for (const code of ['ch', 'CHE', '']) {
    assert.throws(
      () => countryRule({ deny: [code], unknown: 'allow' }),
      (error) => isMatineeError(error, 'invalid_config'),
    );
  }
});
