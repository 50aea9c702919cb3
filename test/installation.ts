/**
 * Starts a real Matinee on a folder and ports of its own, as one program or split into several, and gives back
 * its addresses. Tests that use it know nothing else of the program.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export type Form = 'all-in-one' | 'split';

export type Installation = {
  folder: string;
  web: string;
  door: string;
  edges: string[];
  /** Access key and secret of the credentials file's default profile. */
  credentials(): Promise<{ accessKeyId: string; secretAccessKey: string }>;
  /** Process ids of the programs that were started, not of their children. */
  pids(): number[];
  /** `kill -9` of everything that was started, at once. */
  killAll(): Promise<void>;
  /** Starts again on the same folder and ports. */
  start(): Promise<void>;
  /** `kill -9` of one of the programs with its children, by its place in `pids()`. */
  kill(at: number): Promise<void>;
  /** Starts that one again. */
  startAgain(at: number): void;
  /** Ends politely and removes the folder. */
  close(): Promise<void>;
  /** What the programs said, for the report of a failed test. */
  output(): string;
};

/** Who runs what in the split form: five programs that share nothing but the data folder. */
const SPLIT_ROLES = ['records,origin,catalog', 'studio,playback', 'steering,web', 'edge', 'encoder'];

const READY_LIMIT_MS = 90_000;
const OUTPUT_CHARS_MAX = 200_000;
const mainFile = fileURLToPath(new URL('../src/main.ts', import.meta.url));

export async function startInstallation(
  options: {
    form?: Form;
    /** Roles of each program, for a form of one's own. */
    programs?: readonly string[];
    env?: Record<string, string | undefined>;
    /** Called with the folder before anything is started on it. */
    prepare?(folder: string): Promise<void>;
    /** Called when all has ended, before the folder is removed. */
    release?(folder: string): Promise<void>;
  } = {},
): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-test-'));
  await options.prepare?.(folder);
  const [web, door, ...edges] = (await freePorts(4)) as [number, number, number, number];
  const env = {
    ...process.env,
    MATINEE_DATA: folder,
    MATINEE_PORT: String(web),
    MATINEE_ORIGIN_PORT: String(door),
    MATINEE_EDGE_PORTS: edges.join(','),
    MATINEE_DEMO: 'off',
    ...options.env,
  };
  let children: ChildProcess[] = [];
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
  };
  const launch = (roles: string) => {
    // A process group of its own, so that `killAll` takes the children in the same instant.
    const child = spawn(process.execPath, [mainFile, `--roles=${roles}`], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    return child;
  };
  const urls = [web, door, ...edges].map((port) => `http://127.0.0.1:${port}`);
  const programs = options.programs ?? (options.form === 'split' ? SPLIT_ROLES : ['all']);
  const start = async () => {
    children = programs.map(launch);
    try {
      await Promise.all(urls.map((url) => waitUntilReady(url, children)));
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${output}`);
    }
  };
  const end = async (ended: readonly ChildProcess[]) => {
    const gone = ended.map((child) =>
      child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null,
    );
    for (const child of ended) killGroup(child, 'SIGKILL');
    await Promise.all(gone);
  };
  const installation: Installation = {
    folder,
    web: urls[0] as string,
    door: urls[1] as string,
    edges: urls.slice(2),
    credentials: async () => parseCredentials(await readFile(join(folder, 'credentials'), 'utf8')),
    pids: () => children.map((child) => child.pid as number),
    killAll: () => end(children),
    start,
    kill: (at) => end(children.slice(at, at + 1)),
    startAgain: (at) => {
      children[at] = launch(programs[at] as string);
    },
    close: async () => {
      const kill = setTimeout(() => {
        for (const child of children) killGroup(child, 'SIGKILL');
      }, 30_000);
      for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
      await Promise.all(
        children.map((child) =>
          child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null,
        ),
      );
      clearTimeout(kill);
      await options.release?.(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
    output: () => output,
  };
  try {
    await start();
  } catch (error) {
    await end(children);
    await options.release?.(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    throw error;
  }
  return installation;
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function waitUntilReady(url: string, children: ChildProcess[]): Promise<void> {
  const deadline = Date.now() + READY_LIMIT_MS;
  let last = 'nothing answered';
  while (Date.now() < deadline) {
    const dead = children.find((child) => child.exitCode !== null);
    if (dead) throw new Error(`a program ended with ${dead.exitCode} before ${url} was ready`);
    try {
      const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000) });
      last = `${response.status} ${await response.text()}`;
      if (response.status === 200) return;
    } catch (error) {
      last = (error as Error).message;
    }
    await sleep(150);
  }
  throw new Error(`${url} was not ready in time: ${last}`);
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parseCredentials(text: string): { accessKeyId: string; secretAccessKey: string } {
  const section = text.split(/^\[/m).find((part) => part.startsWith('default]')) ?? '';
  const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(section)?.[1] ?? '';
  return { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
}
