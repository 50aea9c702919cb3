import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { openLocalKeys, seal } from './embedded.ts';
import { keysContract } from './keys.contract.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-keys-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});
const open = (name: string) => openLocalKeys({ folder: join(folder, name), clock: systemClock });

keysContract('files', () => open('contract'));

test('the format of a wrapped secret does not drift', () => {
  const key = { id: '000000000000', bytes: Buffer.alloc(32, 7) };
  const wrapped = seal(key, Buffer.from('sixteen byte key'), { b: '2', a: '1' }, Buffer.alloc(12, 9));
  assert.equal(wrapped.subarray(0, 25).toString('hex'), `01${'30'.repeat(12)}${'09'.repeat(12)}`);
  assert.equal(wrapped.byteLength, 13 + 12 + 16 + 16);
  assert.equal(
    wrapped.subarray(25).toString('hex'),
    '54ecfce0db95af41c21bbf5dc681c6a668c985e1d184be6e1b989a169fd966f8',
  );
});

test('programs that start together on an empty folder use one key', async () => {
  const [one, ...others] = await Promise.all(Array.from({ length: 6 }, () => open('together')));
  const wrapped = await one?.wrap(Buffer.from('x'), {});
  for (const other of others)
    assert.equal(Buffer.from(await other.unwrap(wrapped ?? new Uint8Array(), {})).toString(), 'x');
  assert.equal((await readdir(join(folder, 'together'))).length, 1);
});

test('a rotation is found by a program that starts later', async () => {
  const first = await open('rotated');
  await first.rotate();
  const second = await open('rotated');
  const wrapped = await second.wrap(Buffer.from('x'), {});
  assert.equal(Buffer.from(await first.unwrap(wrapped, {})).toString(), 'x');
});

test('key files are for their owner only, and one that others can read is refused', async () => {
  await open('modes');
  const [name] = await readdir(join(folder, 'modes'));
  const file = join(folder, 'modes', name as string);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await stat(join(folder, 'modes'))).mode & 0o777, 0o700);
  await chmod(file, 0o644);
  await assert.rejects(open('modes'), { code: 'invalid_config' });
});
