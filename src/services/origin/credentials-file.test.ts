import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { readCredentials, writeCredentials } from './credentials-file.ts';

const ROOT = { accessKeyId: 'MTNEROOT', secretAccessKey: 'root/secret+=' };
const EDGE = { accessKeyId: 'MTNEEDGE', secretAccessKey: 'edge' };

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-credentials-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('what is written is read, by its owner only', async () => {
  const path = join(folder, 'new', 'credentials');
  assert.deepEqual(await readCredentials(path), {});
  await writeCredentials(path, { default: ROOT, 'matinee-edge': EDGE });
  assert.deepEqual(await readCredentials(path), { default: ROOT, 'matinee-edge': EDGE });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(folder, 'new')), ['credentials']);
});

test('other profiles, other settings and comments stay', async () => {
  const path = join(folder, 'kept');
  await writeFile(
    path,
    '# mine\n[work]\naws_access_key_id=A\naws_secret_access_key = B\n\n[ default ]\nregion = eu-west-3\naws_access_key_id = old\n',
    { mode: 0o644 },
  );
  await writeCredentials(path, { default: ROOT });
  await writeCredentials(path, { default: ROOT });
  assert.deepEqual(await readCredentials(path), {
    work: { accessKeyId: 'A', secretAccessKey: 'B' },
    default: ROOT,
  });
  const text = await readFile(path, 'utf8');
  assert.match(text, /^# mine\n/);
  assert.match(text, /region = eu-west-3/);
  assert.doesNotMatch(text, /old/);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a profile that is not complete is none, and a name that breaks the format is refused', async () => {
  const path = join(folder, 'half');
  await writeFile(path, '[half]\naws_access_key_id = A\n');
  assert.deepEqual(await readCredentials(path), {});
  await assert.rejects(writeCredentials(path, { 'a]\n[b': ROOT }), { code: 'invalid_request' });
  assert.equal(await readFile(path, 'utf8'), '[half]\naws_access_key_id = A\n');
});
