/** For tests: a real PostgreSQL in a temporary folder, without fsync because nothing in it must survive. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openEmbeddedRecords } from './embedded.ts';
import type { Records } from './records.ts';

export async function openTestRecords(): Promise<Records> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-records-'));
  const records = await openEmbeddedRecords({
    folder,
    clock: systemClock,
    log: silentLog,
    poolMax: 10,
    statementTimeoutMs: 30_000,
    durable: false,
  });
  return {
    ...records,
    close: async () => {
      await records.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
