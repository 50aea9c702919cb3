import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openSqliteTables } from './embedded.ts';
import { tablesContract } from './tables.contract.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-tables-'));
});
after(async () => {
  await rm(folder, { recursive: true, force: true });
});

tablesContract('SQLite', async () => {
  let shiftMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + shiftMs };
  const tables = await openSqliteTables({
    file: join(folder, 'contract', 'tables.sqlite'),
    clock,
    log: silentLog,
  });
  return {
    tables,
    advance: (seconds) => {
      shiftMs += seconds * 1000;
    },
    nowS: () => clock.now() / 1000,
    close: () => tables.close(),
  };
});

test('what was acknowledged is there after kill -9, also for another process', async () => {
  const file = join(folder, 'kill.sqlite');
  const program = join(folder, 'writer.ts');
  const url = (path: string) => new URL(path, import.meta.url).href;
  await writeFile(
    program,
    `import { openSqliteTables } from '${url('./embedded.ts')}';
     import { systemClock } from '${url('../../platform/clock.ts')}';
     import { silentLog } from '${url('../../platform/log.ts')}';
     const tables = await openSqliteTables({ file: ${JSON.stringify(file)}, clock: systemClock, log: silentLog });
     const table = tables.table('t');
     for (let n = 0; ; n++) {
       await Promise.all([0, 1, 2].map((k) => table.put({ pk: 'p', sk: String(n * 3 + k).padStart(9, '0') }, { n })));
       process.send(n * 3 + 2);
     }`,
  );
  const tables = await openSqliteTables({ file, clock: systemClock, log: silentLog });
  let acknowledged = -1;
  for (let round = 0; round < 3; round++) {
    const child = fork(program, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    let last = -1;
    child.on('message', (n) => {
      last = Number(n);
      if (last > 100 + round * 37) child.kill('SIGKILL');
    });
    // A second owner writes at the same time.
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        tables.table('mine').put({ pk: String(round), sk: String(n) }, { n }),
      ),
    );
    await once(child, 'exit');
    acknowledged = Math.max(acknowledged, last);
  }
  for (let n = 0; n <= acknowledged; n++) {
    assert.ok(
      await tables.table('t').get({ pk: 'p', sk: String(n).padStart(9, '0') }),
      `item ${n} of ${acknowledged}`,
    );
  }
  await tables.close();
  await assert.rejects(tables.table('t').put({ pk: 'p', sk: 's' }, {}), { code: 'unavailable' });
});
