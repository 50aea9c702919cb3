/** The `records` port on a PostgreSQL that this program brings, starts and supervises. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { lockFolder } from '../../platform/folder-lock.ts';
import type { Log } from '../../platform/log.ts';
import { type PostgresServer, socketConnection, startPostgres } from './postgres-server.ts';
import type { Records } from './records.ts';
import { connectRecords } from './server.ts';

export type EmbeddedRecordsOptions = {
  folder: string;
  clock: Clock;
  log: Log;
  poolMax: number;
  statementTimeoutMs: number;
  /** For tests alone: without fsync a power cut loses data. Default true. */
  durable?: boolean;
};

/** How another process on this machine joins the server of a folder, without owning it. */
export const embeddedConnection = socketConnection;

/** Throws owned_elsewhere when another program runs on the folder. */
export async function openEmbeddedRecords(
  options: EmbeddedRecordsOptions,
): Promise<Records & Pick<PostgresServer, 'pid'>> {
  const { folder, clock, log, poolMax, statementTimeoutMs, durable } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(join(folder, 'owner.lock'), `the database folder ${folder}`);
  try {
    const server = await startPostgres({ folder, clock, log, durable });
    const connection = await socketConnection(folder);
    const records = await connectRecords({ ...connection, clock, log, poolMax, statementTimeoutMs });
    return {
      ...records,
      pid: server.pid,
      close: async () => {
        await records.close();
        await server.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
