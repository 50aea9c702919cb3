/**
 * The `tables` port on one SQLite file. Writes of one event-loop turn share one commit with one fsync: each is
 * applied under a savepoint, so that a failed condition undoes only its own write, and promises resolve
 * after the commit. Several processes of one installation may open the same file.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import { createItemStore, type ItemStore } from './item-store.ts';
import type { Item, Table, Tables } from './tables.ts';

const SCHEMA_VERSION = 1;
const BUSY_TIMEOUT_MS = 5000;
/** Most writes in one commit, so that one turn cannot hold the event loop for long. */
const BATCH_MAX = 500;
/** Most writes that wait for their commit. */
const WAITING_MAX = 20_000;
const SWEEP_EVERY_MS = 60_000;
const SWEEP_ROWS_MAX = 1000;

export type SqliteTablesOptions = { file: string; clock: Clock; log: Log };

type Waiting = { apply: () => unknown; resolve: (value: never) => void; reject: (error: unknown) => void };

export async function openSqliteTables(options: SqliteTablesOptions): Promise<Tables> {
  const { file, clock, log } = options;
  await mkdir(dirname(file), { recursive: true });
  const database = openDatabase(file);
  const store = createItemStore(database, () => clock.now() / 1000);
  const waiting: Waiting[] = [];
  const closing = new AbortController();
  let scheduled = false;

  const flush = () => {
    scheduled = false;
    const batch = waiting.splice(0, BATCH_MAX);
    if (waiting.length > 0) schedule();
    commit(database, batch);
  };
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };
  const write = <T>(apply: () => T): Promise<T> => {
    if (closing.signal.aborted)
      return Promise.reject(new MatineeError('unavailable', 'the tables are closed'));
    if (waiting.length >= WAITING_MAX) {
      return Promise.reject(new MatineeError('unavailable', 'too many writes wait for their commit'));
    }
    return new Promise<T>((resolve, reject) => {
      waiting.push({ apply, resolve: resolve as Waiting['resolve'], reject });
      schedule();
    });
  };
  const sweeping = everyMinute(() => write(() => store.sweep(SWEEP_ROWS_MAX)), clock, log, closing.signal);

  return {
    table: (name) => tableOf(name, store, write),
    health: async () =>
      closing.signal.aborted ? { ready: false, reason: 'the tables are closed' } : probe(database),
    close: async () => {
      while (waiting.length > 0) flush();
      closing.abort();
      await sweeping;
      if (database.isOpen) database.close();
    },
  };
}

function tableOf(name: string, store: ItemStore, write: <T>(apply: () => T) => Promise<T>): Table {
  return {
    get: async (key) => store.get(name, key),
    put: (key, value, options = {}) => write((): Item => store.put(name, key, value, options)),
    update: (key, change, options = {}) => write((): Item => store.update(name, key, change, options)),
    delete: (key, options = {}) => write(() => store.delete(name, key, options.condition)),
    query: async (pk, options = {}) => store.query(name, pk, options),
    transact: (writes) => write(() => store.transact(name, writes)),
  };
}

/** Applies a batch in one transaction. Each write keeps its own outcome until the commit is durable. */
function commit(database: DatabaseSync, batch: readonly Waiting[]): void {
  if (batch.length === 0) return;
  const outcomes: Array<() => void> = [];
  try {
    database.exec('BEGIN IMMEDIATE');
    for (const { apply, resolve, reject } of batch) {
      database.exec('SAVEPOINT one');
      try {
        const value = apply() as never;
        outcomes.push(() => resolve(value));
      } catch (error) {
        database.exec('ROLLBACK TO one');
        outcomes.push(() => reject(error));
      }
      database.exec('RELEASE one');
    }
    database.exec('COMMIT');
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK');
    const error = storageError(cause);
    for (const { reject } of batch) reject(error);
    return;
  }
  for (const settle of outcomes) settle();
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;`);
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) {
    database.close();
    throw new MatineeError('invalid_config', `${file} was written by a newer version of the program`);
  }
  database.exec(`
    CREATE TABLE IF NOT EXISTS items (
      tbl TEXT NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL,
      version INTEGER NOT NULL, expires_at REAL, value TEXT NOT NULL,
      PRIMARY KEY (tbl, pk, sk)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS items_expiring ON items (expires_at) WHERE expires_at IS NOT NULL;
    PRAGMA user_version=${SCHEMA_VERSION};
  `);
  return database;
}

async function everyMinute(
  sweep: () => Promise<void>,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(SWEEP_EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    await sweep().catch((error) => log.warn('expired items stay until the next sweep', { error }));
  }
}

function probe(database: DatabaseSync): { ready: true } | { ready: false; reason: string } {
  try {
    database.prepare('SELECT 1').get();
    return { ready: true };
  } catch (error) {
    return { ready: false, reason: (error as Error).message };
  }
}

function storageError(cause: unknown): MatineeError {
  const text = (cause as Error).message;
  if (/disk is full/.test(text)) return new MatineeError('storage_full', 'the disk is full', { cause });
  return new MatineeError('unavailable', 'the tables could not be written', { cause });
}
