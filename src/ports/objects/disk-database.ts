/**
 * The metadata file: its schema, and commits that many writers share. All changes of one turn of the event loop
 * become one transaction, hence one fsync; a change that throws is undone alone. Knows nothing of objects.
 */
import { DatabaseSync } from 'node:sqlite';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import { diskFault } from './disk-faults.ts';

const SCHEMA_VERSION = 2;
/** More changes than this wait for the next transaction, so that no commit holds up the process for long. */
const BATCH_MAX = 256;

/** Keys are BLOBs, so that SQLite compares them byte by byte. Times are milliseconds since the epoch. */
const SCHEMA = `
CREATE TABLE schema (version INTEGER NOT NULL);
INSERT INTO schema VALUES (${SCHEMA_VERSION});
CREATE TABLE buckets (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL);
CREATE TABLE objects (
  id INTEGER PRIMARY KEY, bucket INTEGER NOT NULL, key BLOB NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
  modified_at INTEGER NOT NULL, checksum TEXT, attributes TEXT NOT NULL, upload TEXT, UNIQUE (bucket, key));
CREATE TABLE pieces (
  object INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL, blob TEXT, data BLOB,
  PRIMARY KEY (object, start)) WITHOUT ROWID;
CREATE INDEX pieces_blob ON pieces (blob) WHERE blob IS NOT NULL;
CREATE TABLE uploads (
  id TEXT PRIMARY KEY, bucket INTEGER NOT NULL, key BLOB NOT NULL, started_at INTEGER NOT NULL,
  active_at INTEGER NOT NULL, expected INTEGER, attributes TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX uploads_key ON uploads (bucket, key, id);
CREATE TABLE parts (
  upload TEXT NOT NULL, number INTEGER NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
  modified_at INTEGER NOT NULL, checksum TEXT, blob TEXT, data BLOB, PRIMARY KEY (upload, number)) WITHOUT ROWID;
CREATE INDEX parts_blob ON parts (blob) WHERE blob IS NOT NULL;
CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, bucket TEXT NOT NULL, key BLOB NOT NULL,
  kind TEXT NOT NULL, upload TEXT, facts TEXT NOT NULL);
CREATE INDEX events_progress ON events (upload) WHERE kind = 'upload-progress';
`;

/** What makes a version into the next one, by the version that it begins with. */
const MIGRATIONS: Readonly<Record<number, string>> = {
  1: 'ALTER TABLE objects ADD COLUMN upload TEXT',
};

/** Throws invalid_config for a file that this program does not know how to read. */
export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 5000 });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864');
    const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema'").get();
    if (!known) db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: DatabaseSync): void {
  const read = db.prepare('SELECT version FROM schema');
  for (let version = read.get()?.version; version !== SCHEMA_VERSION; version = read.get()?.version) {
    const step = MIGRATIONS[version as number];
    if (!step) {
      throw new MatineeError(
        'invalid_config',
        `this object folder has version ${version}, not ${SCHEMA_VERSION}`,
      );
    }
    db.exec(`BEGIN IMMEDIATE; ${step}; UPDATE schema SET version = version + 1; COMMIT`);
  }
}

export type Commits = {
  /** Runs a change in the next transaction and resolves, with what it gave, when that is on disk. */
  run<T>(change: () => T): Promise<T>;
  /** Ends what is queued; later changes are refused with unavailable. */
  close(): void;
};

type Queued = { change: () => unknown; resolve(value: unknown): void; reject(error: unknown): void };

export function createCommits(db: DatabaseSync): Commits {
  let queue: Queued[] = [];
  let scheduled = false;
  let closed = false;

  const flush = () => {
    scheduled = false;
    const batch = queue.slice(0, BATCH_MAX);
    queue = queue.slice(BATCH_MAX);
    if (queue.length > 0) schedule();
    commitBatch(db, batch);
  };
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };
  return {
    run: <T>(change: () => T) => {
      if (closed) return Promise.reject(new MatineeError('unavailable', 'the object store is closed'));
      return new Promise<T>((resolve, reject) => {
        queue.push({ change, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      });
    },
    close: () => {
      closed = true;
      while (queue.length > 0) flush();
    },
  };
}

function commitBatch(db: DatabaseSync, batch: readonly Queued[]): void {
  if (batch.length === 0) return;
  try {
    const settle = tryBatch(db, batch);
    for (const done of settle) done();
  } catch (error) {
    const fault = diskFault(error);
    for (const queued of batch) queued.reject(fault);
  }
}

/** On a full disk the room of SQLite's own log is the last to be had; changes that delete must still go through. */
function tryBatch(db: DatabaseSync, batch: readonly Queued[]): Array<() => void> {
  try {
    return runBatch(db, batch);
  } catch (error) {
    if (!isMatineeError(diskFault(error), 'storage_full')) throw error;
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return runBatch(db, batch);
  }
}

function runBatch(db: DatabaseSync, batch: readonly Queued[]): Array<() => void> {
  const settle: Array<() => void> = [];
  try {
    db.exec('BEGIN IMMEDIATE');
    for (const queued of batch) settle.push(runOne(db, queued));
    db.exec('COMMIT');
    return settle;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** A change that fails by its own rules is undone alone; a failing disk throws and undoes the whole batch. */
function runOne(db: DatabaseSync, queued: Queued): () => void {
  db.exec('SAVEPOINT change');
  try {
    const value = queued.change();
    db.exec('RELEASE change');
    return () => queued.resolve(value);
  } catch (error) {
    if (!db.isTransaction) throw error;
    db.exec('ROLLBACK TO change; RELEASE change');
    return () => queued.reject(diskFault(error));
  }
}
