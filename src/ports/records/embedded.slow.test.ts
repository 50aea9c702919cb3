import assert from 'node:assert/strict';
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { embeddedConnection, openEmbeddedRecords } from './embedded.ts';
import { recordsContract } from './records.contract.ts';
import { connectRecords } from './server.ts';

const common = { clock: systemClock, log: silentLog, poolMax: 8, statementTimeoutMs: 1000 };
let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'matinee-records-'));
});
after(async () => {
  await rm(root, { recursive: true, force: true });
});
const open = (name: string) => openEmbeddedRecords({ ...common, folder: join(root, name) });
/** Closed also when the test fails, for a server that stays would keep the whole run from ending. */
async function openFor(t: TestContext, name: string) {
  const records = await open(name);
  t.after(() => records.close());
  return records;
}

recordsContract('embedded PostgreSQL', () => open('contract'));

recordsContract('a PostgreSQL of somebody else', async () => {
  const owner = await open('joined');
  const joined = await connectRecords({ ...(await embeddedConnection(join(root, 'joined'))), ...common });
  return {
    ...joined,
    close: async () => {
      await joined.close();
      await owner.close();
    },
  };
});

test('a second owner is refused, and the folder is free again after the first', async () => {
  const first = await open('owner');
  await assert.rejects(open('owner'), { code: 'owned_elsewhere' });
  await first.close();
  await (await open('owner')).close();
});

test('a killed server is started again and calls go on', async (t) => {
  const records = await openFor(t, 'killed');
  await sql`CREATE TABLE t AS SELECT 1 AS n`.execute(records.db());
  const pid = await records.pid();
  process.kill(pid as number, 'SIGKILL');
  const end = Date.now() + 20_000;
  while ((await records.pid()) === pid && Date.now() < end) await sleep(50);
  assert.notEqual(await records.pid(), pid);
  let count: unknown;
  while (count === undefined && Date.now() < end) {
    const result = await sql<{ n: number }>`SELECT n FROM t`.execute(records.db()).catch(() => undefined);
    count = result?.rows[0]?.n;
    if (count === undefined) await sleep(100);
  }
  assert.equal(count, 1);
});

test('kill -9 of the program ends its server, and what was committed is there afterwards', async (t) => {
  const folder = join(root, 'program');
  const program = join(root, 'program.ts');
  const url = (path: string) => new URL(path, import.meta.url).href;
  await writeFile(
    program,
    `import { openEmbeddedRecords } from '${url('./embedded.ts')}';
     import { systemClock } from '${url('../../platform/clock.ts')}';
     import { silentLog } from '${url('../../platform/log.ts')}';
     import pg from '${import.meta.resolve('pg')}';
     const records = await openEmbeddedRecords({ folder: ${JSON.stringify(folder)}, clock: systemClock, log: silentLog,
       poolMax: 2, statementTimeoutMs: 5000 });
     const client = new pg.Client(records.connection);
     await client.connect();
     await client.query('CREATE TABLE IF NOT EXISTS acked (n integer)');
     for (let n = 0; ; n++) {
       await client.query('INSERT INTO acked VALUES ($1)', [n]);
       process.send({ n, pid: await records.pid() });
     }`,
  );
  const child = fork(program, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  let last = { n: -1, pid: 0 };
  child.on('message', (message) => {
    last = message as typeof last;
    if (last.n === 50) child.kill('SIGKILL');
  });
  await once(child, 'exit');
  const records = await openFor(t, 'program');
  const { rows } = await sql<{ n: number }>`SELECT max(n) AS n FROM acked`.execute(records.db());
  assert.ok((rows[0]?.n ?? -1) >= last.n, `${rows[0]?.n} of ${last.n}`);
  assert.notEqual(await records.pid(), last.pid);
});

const strace = spawnSync('strace', ['-V']).status === 0;
test('a commit reaches the disk', { skip: strace ? false : 'strace is not installed' }, async (t) => {
  const records = await openFor(t, 'synced');
  await sql`CREATE TABLE t (n integer)`.execute(records.db());
  const trace = join(root, 'trace');
  const pid = await records.pid();
  const tracer = spawn('strace', ['-f', '-e', 'trace=fsync,fdatasync', '-o', trace, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(tracer.stderr, 'data');
  // A new connection is a new process of the server, which the tracer follows from its first moment.
  const own = await connectRecords({
    ...(await embeddedConnection(join(root, 'synced'))),
    ...common,
    poolMax: 1,
  });
  for (let n = 0; n < 5; n++) await sql`INSERT INTO t VALUES (${n})`.execute(own.db());
  await own.close();
  tracer.kill('SIGINT');
  await once(tracer, 'exit');
  const syncs = (await readFile(trace, 'utf8')).match(/f(data)?sync\(\d+\)\s+= 0/g) ?? [];
  assert.ok(syncs.length >= 5, `${syncs.length} syncs`);
});
