/**
 * One PostgreSQL server of our own: made at the first start, started under a guard that stops it when this
 * process dies, started again when it dies itself. It listens on a Unix socket only.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chmod, mkdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { Clock } from '../../platform/clock.ts';
import { MatineeError, systemCode } from '../../platform/errors.ts';
import { createFileOnce } from '../../platform/files.ts';
import type { Log } from '../../platform/log.ts';
import { type Account, giveFolder, postgresAccount } from './postgres-account.ts';
import { findPostgres, type PostgresPrograms } from './postgres-programs.ts';

export type PostgresServerOptions = {
  folder: string;
  clock: Clock;
  log: Log;
  /** For tests alone: without fsync a power cut loses data. */
  durable?: boolean;
};

export type PostgresServer = {
  /** The process id of the server itself, once it runs. */
  pid(): Promise<number | undefined>;
  close(): Promise<void>;
};

export type SocketConnection = {
  host: string;
  port: number;
  user: string;
  database: string;
  password: string;
};

const PORT = 5432;
const USER = 'matinee';
const SOCKET_PATH_MAX = 100;
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 8000;
const LEFTOVER_LIMIT_MS = 15_000;

/**
 * Runs the server as a child of a small shell that also waits for the end of descriptor 3. When this process
 * dies, by `kill -9` too, that pipe ends and the shell asks the server for a fast shutdown.
 */
const GUARD = '"$@" & pg=$!; ( read -r _ <&3; kill -INT $pg ) 2>/dev/null & wait $pg; exit $?';

/** How to reach the server of this folder, also from another process on the machine. */
export async function socketConnection(folder: string): Promise<SocketConnection> {
  const password = await createFileOnce(
    join(folder, 'password'),
    randomBytes(24).toString('base64url'),
    0o600,
  );
  return { host: socketFolder(folder), port: PORT, user: USER, database: USER, password };
}

export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const { folder, clock, log } = options;
  const programs = await findPostgres();
  const account = await postgresAccount([folder, programs.postgres]);
  const connection = await socketConnection(folder);
  await endLeftover(folder, programs, clock, log);
  await initialise(folder, programs, account, connection.password);
  await prepareSocket(connection.host, account);
  const closing = new AbortController();
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => undefined);
  let child: ChildProcess | undefined;
  const loop = (async () => {
    for (let waitMs = 200; !closing.signal.aborted; waitMs = Math.min(waitMs * 2, 10_000)) {
      const startedAt = clock.monotonic();
      child = launch(programs, account, folder, connection.host, options.durable ?? true);
      const [code] = await once(child, 'exit');
      // The guard's watcher waits for the end of this pipe, and would wait on after a server that died by itself.
      child.stdio[3]?.destroy();
      if (closing.signal.aborted) return;
      first.reject(
        new MatineeError('unavailable', `PostgreSQL ended with ${code}; see ${join(folder, 'server.log')}`),
      );
      if (clock.monotonic() - startedAt > 30_000) waitMs = 200;
      log.warn('PostgreSQL ended and is started again', { code, waitMs });
      await clock.sleep(waitMs, closing.signal).catch(() => undefined);
    }
  })();
  const close = async () => {
    closing.abort();
    const kill = setTimeout(() => child?.kill('SIGKILL'), STOP_LIMIT_MS);
    child?.stdio[3]?.destroy();
    await loop;
    clearTimeout(kill);
  };
  try {
    await Promise.race([answers(connection, clock, first.promise), first.promise]);
    await createDatabase(connection);
  } catch (error) {
    await close();
    throw error;
  }
  return { pid: () => readPid(folder), close };
}

function launch(
  programs: PostgresPrograms,
  account: Account,
  folder: string,
  socket: string,
  durable: boolean,
): ChildProcess {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socket,
    unix_socket_permissions: '0700',
    max_connections: '60',
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    logging_collector: 'on',
    log_directory: join(folder, 'logs'),
    log_filename: 'postgres-%w.log',
    log_truncate_on_rotation: 'on',
    log_min_messages: 'warning',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [
    ...account.prefix,
    programs.postgres,
    '-D',
    join(folder, 'data'),
    '-p',
    String(PORT),
    ...flags,
  ];
  return spawn('sh', ['-c', GUARD, 'postgres', ...command], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C at the terminal must reach the program, which then stops the server in order.
    detached: true,
    ...(account.uid === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
}

/** Makes the data folder beside its final place, so that a half-made one is never taken for a whole. */
async function initialise(
  folder: string,
  programs: PostgresPrograms,
  account: Account,
  password: string,
): Promise<void> {
  const data = join(folder, 'data');
  if (await exists(join(data, 'PG_VERSION'))) return;
  const fresh = join(folder, 'data.new');
  const passwordFile = join(folder, 'password.new');
  await rm(fresh, { recursive: true, force: true });
  await createFileOnce(passwordFile, password, 0o600);
  await giveFolder(folder, account);
  const command = [
    ...[...account.prefix, programs.initdb, '-D', fresh, '-U', USER, `--pwfile=${passwordFile}`],
    ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--data-checksums'],
  ];
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(account.uid === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  const [code] = await once(child, 'close');
  await rm(passwordFile, { force: true });
  if (code !== 0)
    throw new MatineeError('unavailable', `PostgreSQL could not make its data folder: ${said.trim()}`);
  await rename(fresh, data);
}

/**
 * A server whose parent was killed a moment ago may still be on its way out. It is waited for, asked to end when
 * it does not, and never taken for one that merely has its old process id.
 */
async function endLeftover(
  folder: string,
  programs: PostgresPrograms,
  clock: Clock,
  log: Log,
): Promise<void> {
  const deadline = clock.monotonic() + LEFTOVER_LIMIT_MS;
  for (let asked = false; ; ) {
    const pid = await readPid(folder);
    if (pid === undefined || !(await isOurs(pid, programs))) return;
    if (clock.monotonic() > deadline) {
      throw new MatineeError(
        'owned_elsewhere',
        `another PostgreSQL (process ${pid}) still runs on ${folder}`,
      );
    }
    if (!asked && clock.monotonic() > deadline - LEFTOVER_LIMIT_MS + 3000) {
      log.warn('asking a left-over PostgreSQL to end', { pid });
      process.kill(pid, 'SIGINT');
      asked = true;
    }
    await clock.sleep(100);
  }
}

async function readPid(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

/** Whether a process is the PostgreSQL of our package; where that cannot be told, whether it lives at all. */
async function isOurs(pid: number, programs: PostgresPrograms): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/exe`)).startsWith(programs.postgres);
  } catch (error) {
    if (process.platform === 'linux' && systemCode(error) !== 'EACCES') return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function answers(connection: SocketConnection, clock: Clock, ended: Promise<void>): Promise<void> {
  const deadline = clock.monotonic() + START_LIMIT_MS;
  for (;;) {
    const client = new Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 2000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (cause) {
      if (clock.monotonic() > deadline)
        throw new MatineeError('timeout', 'PostgreSQL does not answer', { cause });
    }
    await Promise.race([clock.sleep(50), ended]);
  }
}

async function createDatabase(connection: SocketConnection): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [USER]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${USER}`);
  } finally {
    await client.end();
  }
}

/** A socket's path has a small limit, so that a deep data folder gets its socket elsewhere. */
function socketFolder(folder: string): string {
  const near = join(folder, 'run');
  if (near.length + `/.s.PGSQL.${PORT}`.length <= SOCKET_PATH_MAX) return near;
  return join(tmpdir(), `matinee-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
}

async function prepareSocket(folder: string, account: Account): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await giveFolder(folder, account);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
