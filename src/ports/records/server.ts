/** The `records` port on a PostgreSQL that somebody else runs: another process of ours, a server, RDS. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import pg from 'pg';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { retry } from '../../platform/retry.ts';
import type { Records } from './records.ts';

export type ConnectOptions = Records['connection'] & {
  clock: Clock;
  log: Log;
  poolMax: number;
  statementTimeoutMs: number;
};

const CONNECT_TIMEOUT_MS = 5000;
const FIRST_CONTACT = { triesMax: 60, waitMs: 250, waitMaxMs: 1000 };
/** Key of the advisory lock under which migrations of concurrent starters take turns. */
const MIGRATION_LOCK = 7_245_119;

/** Waits for a server that is starting, half a minute at most; then throws unavailable. */
export async function connectRecords(options: ConnectOptions): Promise<Records> {
  const { clock, log, poolMax, statementTimeoutMs, ...connection } = options;
  const pool = new pg.Pool({
    ...connection,
    max: poolMax,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    application_name: 'matinee',
  });
  // An idle connection that breaks is dropped by the pool; the next query opens a new one.
  pool.on('error', (error) => log.debug('a database connection was lost', { error: error.message }));
  // One that breaks while it is lent out tells its borrower by a failed query; this event is about the same.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const database = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const close = () => database.destroy();
  try {
    await retry(() => sql`SELECT 1`.execute(database), { ...FIRST_CONTACT, clock });
  } catch (cause) {
    await close();
    throw new MatineeError('unavailable', `the database does not answer: ${(cause as Error).message}`, {
      cause,
    });
  }
  return {
    db: <Tables>() => database as Kysely<Tables>,
    migrate: (service, migrations) => migrate(database, service, migrations),
    connection,
    health: async () => {
      try {
        await sql`SELECT 1`.execute(database);
        return { ready: true };
      } catch (error) {
        return { ready: false, reason: (error as Error).message };
      }
    },
    close,
  };
}

async function migrate(
  database: Kysely<unknown>,
  service: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  await database.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`.execute(connection);
    try {
      await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(service)}`.execute(connection);
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: async () => ({ ...migrations }) },
        migrationTableSchema: service,
      });
      const { error } = await migrator.migrateToLatest();
      if (error)
        throw new MatineeError('internal', `the schema of ${service} could not be brought up`, {
          cause: error,
        });
    } finally {
      await sql`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}
