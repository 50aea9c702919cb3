/** How the processes of an edge divide it, and what cannot be divided. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeOtherShards, shardConfig, shardCount, shardFolder } from './edge-shards.ts';
import { parseConfig } from './platform/config.ts';
import { SETTINGS, SETTINGS_PREFIX } from './settings.ts';

const settings = (env: Record<string, string>) => parseConfig(SETTINGS, env, SETTINGS_PREFIX);
const count = (env: Record<string, string>, platform = 'linux') => shardCount(settings(env), platform);

test('one process is the usual, and 0 makes one for each core', () => {
  assert.equal(count({}), 1);
  assert.equal(count({}, 'darwin'), 1);
  assert.equal(count({ MATINEE_EDGE_SHARDS: '3' }), 3);
  assert.equal(count({ MATINEE_EDGE_SHARDS: '0' }), Math.min(64, availableParallelism()));
});

test('what several processes cannot share is refused with the setting that is wrong', () => {
  const refused = (env: Record<string, string>, message: RegExp, platform?: string) =>
    assert.throws(() => count({ MATINEE_EDGE_SHARDS: '4', ...env }, platform), {
      code: 'invalid_config',
      message,
    });
  refused({}, /Linux/, 'darwin');
  refused({ MATINEE_EDGE_PORTS: '0' }, /not 0/);
  refused({ MATINEE_EDGE_TLS_PORTS: '0' }, /not 0/);
  refused({ MATINEE_EDGE_MEMORY_MB: '16' }, /8 MiB/);
  refused({ MATINEE_EDGE_METRICS_PORTS: '9301,9303' }, /4 ports/);
  assert.equal(count({ MATINEE_EDGE_SHARDS: '4', MATINEE_EDGE_METRICS_PORTS: '9301,9305' }), 4);
});

test('each shard has a folder and a socket of its own, and files of another number of shards go', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shards-'));
  try {
    const { folders, sockets } = shardConfig(folder, { index: 1, count: 2 }, 's');
    assert.equal(new Set([...folders, ...sockets]).size, 4);
    assert.ok(sockets.every((socket) => socket.startsWith('\0') && socket.length < 100));
    assert.equal(shardFolder(folder, { index: 0, count: 1 }), folder);
    for (const name of ['objects', 'shard-1-of-2', 'shard-2-of-2', 'shard-1-of-3'])
      await mkdir(join(folder, name));
    await removeOtherShards(folder, 2);
    assert.deepEqual((await readdir(folder)).sort(), ['shard-1-of-2', 'shard-2-of-2']);
    await removeOtherShards(folder, 1);
    assert.deepEqual(await readdir(folder), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
