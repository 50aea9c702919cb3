import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDirectory } from './directory.ts';
import { parseConfig } from './platform/config.ts';
import { openHttpServer } from './platform/http.ts';
import { silentLog } from './platform/log.ts';
import { SETTINGS, SETTINGS_PREFIX } from './settings.ts';

let folder: string;
const settings = (env: Record<string, string> = {}) => parseConfig(SETTINGS, env, SETTINGS_PREFIX);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-directory-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('processes that start together on one folder share one secret, which only its owner can read', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => openDirectory(folder, settings())));
  assert.equal(new Set(all.map(({ secret }) => secret)).size, 1);
  assert.equal((await stat(join(folder, 'secrets', 'service'))).mode & 0o777, 0o600);
});

test('a short secret of the configuration is refused', async () => {
  const open = openDirectory(folder, settings({ MATINEE_SERVICE_SECRET: 'short' }));
  await assert.rejects(open, { code: 'invalid_config' });
});

test('a service of another process is found by what that process wrote down, and trusts only the secret', async () => {
  const theirs = await openDirectory(folder, settings());
  const ours = await openDirectory(folder, settings());
  const call = ours.transport('studio');
  await assert.rejects(call('/x', {}), { code: 'unavailable' });
  await using server = await openHttpServer({
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    health: () => ({ ready: true }),
    isTrusted: theirs.isTrusted,
    handle: async (_request, { trusted }) => new Response(trusted ? 'trusted' : 'stranger'),
  });
  await theirs.announce(server.url, ['studio']);
  assert.equal(await (await call('/x', {})).text(), 'trusted');
  assert.equal(await (await fetch(server.url)).text(), 'stranger');
  const wrong = await fetch(server.url, { headers: { authorization: `Bearer ${ours.secret}x` } });
  assert.equal(await wrong.text(), 'stranger');
});
