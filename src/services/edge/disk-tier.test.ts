/** The disk tier: it outlives restarts, kills, damage and full disks, and never gives a wrong byte. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { DiskTier, type DiskTierOptions } from './disk-tier.ts';
import { bytesOf, openTestEdge, PREFIX, until } from './edge.testing.ts';
import { readMeta } from './stored-object.ts';

const MEBIBYTE = 1024 * 1024;
const meta = (size: number) => readMeta({ etag: '"e"', 'content-type': 'video/mp4' }, size, false, 1000);

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edge-disk-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function openTier(folder: string, options: Partial<DiskTierOptions> = {}): DiskTier {
  const defaults = { bytesMax: 10 * MEBIBYTE, readMs: 1000, restMs: 10_000, queueBytesMax: 32 * MEBIBYTE };
  const tier = new DiskTier(
    { clock: systemClock, log: silentLog },
    { folder, ...defaults, readsMax: 4, readsWaitingMax: 100, ...options },
  );
  tier.start();
  return tier;
}

async function filesIn(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('what was written is there after a restart, at once and without a scan', async (t) => {
  const folder = await temporaryFolder(t);
  const first = openTier(folder);
  for (let i = 0; i < 20; i++) first.put(`k${i}`, meta(5000), bytesOf(5000, i + 1));
  await first.close();
  const second = openTier(folder);
  const copy = await second.get('k7');
  assert.deepEqual(copy, { meta: meta(5000), body: bytesOf(5000, 8) });
  await second.close();
  assert.deepEqual([second.size, second.bytes], [first.size, first.bytes]);
  assert.equal(second.mayHold('k7'), true);
  assert.equal(second.mayHold('other'), false);
});

test('a file with any wrong byte is a miss, is deleted, and the others stay', async (t) => {
  const folder = await temporaryFolder(t);
  const damages: Array<(path: string) => Promise<unknown>> = [
    ...[0, 9, 13, 20, 40, 4000].map((at) => (path: string) => flip(path, at)),
    (path) => truncate(path, 100),
    (path) => truncate(path, 0),
    (path) => writeFile(path, 'x', { flag: 'a' }),
  ];
  for (const damage of damages) {
    const before = openTier(folder);
    before.put('good', meta(10), bytesOf(10));
    before.put('bad', meta(5000), bytesOf(5000));
    await before.close();
    const [path] = (await filesOver(folder, 5000)) as [string];
    await damage(path);
    const tier = openTier(folder);
    assert.equal(await tier.get('bad'), undefined);
    assert.ok(await tier.get('good'));
    await tier.close();
    assert.equal(tier.healed, 1);
    assert.equal(tier.size, 1);
    assert.equal((await filesIn(folder)).length, 1);
  }
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] as number) ^ 0x10;
  await writeFile(path, bytes);
}

async function filesOver(folder: string, bytes: number): Promise<string[]> {
  const over = [];
  for (const path of await filesIn(folder)) if ((await stat(path)).size > bytes) over.push(path);
  return over;
}

test('it keeps to its bytes on the disk too, also when it comes back smaller', async (t) => {
  const folder = await temporaryFolder(t);
  const tier = openTier(folder, { bytesMax: MEBIBYTE });
  for (let i = 0; i < 300; i++) tier.put(`k${i}`, meta(20_000), bytesOf(20_000, i + 1));
  await tier.close();
  assert.ok(tier.bytes <= MEBIBYTE && tier.size > 30, `${tier.size} files, ${tier.bytes} bytes`);
  assert.equal((await filesIn(folder)).length, tier.size);
  const smaller = openTier(folder, { bytesMax: MEBIBYTE / 4 });
  await smaller.close();
  assert.ok(smaller.bytes <= MEBIBYTE / 4 && smaller.size > 5);
  assert.equal((await filesIn(folder)).length, smaller.size);
});

test('what a kill left half-written goes, what is not ours stays', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'incoming'), { recursive: true });
  await writeFile(join(folder, 'incoming', 'half'), 'half');
  await writeFile(join(folder, 'README'), 'not ours');
  await writeFile(join(folder, 'ab'), 'a file where a shelf should be');
  const tier = openTier(folder);
  tier.put('k', meta(10), bytesOf(10));
  await tier.close();
  const left = (await filesIn(folder)).map((path) => path.slice(folder.length + 1));
  assert.deepEqual(left.filter((path) => !/^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(path)).toSorted(), [
    'README',
    'ab',
  ]);
  assert.equal(tier.size, 1);
});

test('killed while it writes, it gives right bytes or none', { timeout: 20_000 }, async (t) => {
  const folder = await temporaryFolder(t);
  const program = fileURLToPath(new URL('./fake-disk-writer.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const tier = openTier(folder, { bytesMax: 100 * MEBIBYTE });
  let whole = 0;
  for (let i = 0; i < 400; i++) {
    const copy = await tier.get(`k${i}`);
    if (!copy) continue;
    whole++;
    assert.ok(copy.body.equals(bytesOf(50_000, i + 1)));
  }
  await tier.close();
  assert.ok(whole > 0);
  assert.equal(tier.size, whole);
});

test('a folder that cannot be used is a miss and nothing worse', async (t) => {
  const folder = join(await temporaryFolder(t), 'file');
  await writeFile(folder, 'in the way');
  const tier = openTier(folder);
  tier.put('k', meta(10), bytesOf(10));
  assert.equal(await tier.get('k'), undefined);
  assert.equal(tier.mayHold('k'), false, 'it rests');
  await tier.close();
});

test('without bytes there is no disk tier', async (t) => {
  const folder = join(await temporaryFolder(t), 'none');
  const tier = openTier(folder, { bytesMax: 0 });
  tier.put('k', meta(0), Buffer.alloc(0));
  assert.equal(tier.mayHold('k'), false);
  await tier.close();
  await assert.rejects(stat(folder), { code: 'ENOENT' });
});

test('a disk that hangs is a miss, and is left alone for a while', async (t) => {
  const folder = await temporaryFolder(t);
  const before = openTier(folder);
  before.put('k', meta(10), bytesOf(10));
  await before.close();
  const [path] = (await filesIn(folder)) as [string];
  await rm(path);
  // To open a pipe waits for its other end, as a sick disk waits for itself.
  execFileSync('mkfifo', [path]);
  const tier = openTier(folder, { readMs: 50 });
  assert.equal(await tier.get('k'), undefined);
  assert.equal(tier.mayHold('k'), false);
  await (await open(path, 'r+')).close();
  await tier.close();
});

test('an edge serves on a full disk, and gives room back', async (t) => {
  const folder = await temporaryFolder(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    return t.skip(`a small file system cannot be mounted here: ${(error as Error).message}`);
  }
  try {
    await using kit = await openTestEdge({ limits: { diskRestMs: 50 } }, { folder });
    for (let i = 0; i < 12; i++) {
      const body = bytesOf(400_000, i + 1);
      kit.origin.objects.set(`${PREFIX}${i}.m4s`, { body });
      const got = Buffer.from(await (await kit.get(`${i}.m4s`)).arrayBuffer());
      assert.ok(got.equals(body));
    }
    await until(async () => (await filesIn(folder)).length < 5);
  } finally {
    execFileSync('umount', [folder]);
  }
});

test('what memory answers does not age on the disk', async (t) => {
  const tier = openTier(await temporaryFolder(t), { bytesMax: 400_000 });
  const put = async (name: string) => {
    tier.put(name, meta(30_000), bytesOf(30_000));
    await until(() => tier.holds(name));
  };
  await put('hot');
  await put('cold');
  for (let i = 0; i < 30; i++) {
    tier.touch('hot');
    tier.touch('hot');
    await put(`other-${i}`);
  }
  assert.deepEqual([tier.holds('hot'), tier.holds('cold')], [true, false]);
  await tier.close();
});
