import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Clock, systemClock } from './clock.ts';
import { silentLog } from './log.ts';
import { EXIT_HOPELESS, superviseChild } from './supervisor.ts';

let folder: string;
/** Waits between restarts are cut short; everything else is real. */
const clock: Clock = { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(20, signal) };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-supervisor-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function program(name: string, body: string): Promise<string> {
  const file = join(folder, `${name}.mjs`);
  await writeFile(file, body);
  return file;
}

function supervise(file: string, args: string[] = []) {
  return superviseChild({ name: 'child', file, args, stopMs: 2000 }, { clock, log: silentLog });
}

test('a child that dies is started again, and its rows are told once it is ready', async () => {
  const count = join(folder, 'count');
  const file = await program(
    'dies',
    `import { appendFileSync, readFileSync } from 'node:fs';
     appendFileSync(process.argv[2], 'x');
     process.send({ kind: 'ready', rows: [['starts', String(readFileSync(process.argv[2]).length)]] });
     if (readFileSync(process.argv[2]).length < 3) setTimeout(() => process.exit(1), 20); else setInterval(() => {}, 1000);`,
  );
  const child = supervise(file, [count]);
  assert.deepEqual(await child.ready, [['starts', '1']]);
  while (child.restarts < 2) await systemClock.sleep(10);
  while ((await readFile(count)).length < 3) await systemClock.sleep(10);
  await child.stop();
  assert.equal(child.restarts, 2);
});

test('a child that says that a restart cannot help is given up at once', async () => {
  const child = supervise(await program('hopeless', `process.exit(${EXIT_HOPELESS});`));
  await assert.rejects(child.ready, /could not be started/);
  assert.equal(child.restarts, 0);
});

test('a child that never becomes ready is given up after a few starts', async () => {
  const child = supervise(await program('never', 'process.exit(1);'));
  await assert.rejects(child.ready, /could not be started/);
  assert.equal(child.restarts, 2);
});

test('a child that ignores SIGTERM is killed when its time is over', async () => {
  const file = await program(
    'stubborn',
    `process.on('SIGTERM', () => {}); process.send({ kind: 'ready', rows: [] }); setInterval(() => {}, 1000);`,
  );
  const child = superviseChild({ name: 'stubborn', file, args: [], stopMs: 100 }, { clock, log: silentLog });
  await child.ready;
  await child.stop();
  assert.throws(() => process.kill(child.pid as number, 0), { code: 'ESRCH' });
});
