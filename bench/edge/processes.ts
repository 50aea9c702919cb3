/**
 * Starts the processes of a benchmark, each pinned to one processor where there are two, and ends them by their
 * own ids. What a process costs is in process-cost.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Servers have the first processor for themselves; clients, origin and this program share the second. */
export type Side = 'server' | 'client';

export type Launch = {
  side: Side;
  env?: Record<string, string>;
  cwd?: string;
  ipc?: boolean;
  quiet?: boolean;
};

export type Started = AsyncDisposable & {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote to its error output last. */
  said(): string;
};

const SAID_CHARS_MAX = 4000;
const STOP_MS = 5000;

export function isPinned(): boolean {
  return process.platform === 'linux' && availableParallelism() >= 2;
}

/** A command line that runs on the processor of its side. `taskset` becomes the program, so the pid is its own. */
export function pinned(side: Side, command: readonly string[]): readonly string[] {
  return isPinned() ? ['taskset', '-c', side === 'server' ? '0' : '1', ...command] : command;
}

export function start(command: readonly string[], { side, env, cwd, ipc, quiet = true }: Launch): Started {
  const [file, ...args] = pinned(side, command) as [string, ...string[]];
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    cwd,
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-SAID_CHARS_MAX);
  });
  child.on('error', (error) => {
    said += error.message;
  });
  return {
    ...{ child, pid: child.pid ?? 0 },
    said: () => said.trim(),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

/** Starts one of the benchmark's own programs: Node, TypeScript and a channel for messages. */
export function startProgram(
  file: URL,
  args: unknown,
  side: Side,
  env: Readonly<Record<string, string>> = {},
): Started {
  const command = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    file.pathname,
    JSON.stringify(args),
  ];
  return start(command, { side, env, ipc: true, quiet: false });
}

/** The next message of a program; rejects when it ends first or keeps silent. */
export function nextMessage<T>({ child, said }: Started, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(limit);
      child.off('message', take);
      child.off('close', ended);
      act();
    };
    const take = (message: unknown) => settle(() => resolve(message as T));
    const ended = (code: number | null, signal: string | null) => {
      const file = child.spawnargs.find((arg) => arg.endsWith('.ts'));
      settle(() => reject(new Error(`${file} ended with ${code ?? signal}: ${said()}`)));
    };
    const limit = setTimeout(
      () => settle(() => reject(new Error(`no message in ${limitMs} ms: ${said()}`))),
      limitMs,
    );
    child.once('message', take);
    child.once('close', ended);
  });
}

/** Runs a program to its end and gives its output. */
export async function runToEnd(command: readonly string[], side: Side, limitMs: number): Promise<string> {
  const [file, ...args] = pinned(side, command) as [string, ...string[]];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err = (err + chunk).slice(-SAID_CHARS_MAX);
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(limit);
  if (code !== 0) throw new Error(`${command[0]} ended with ${code}: ${err.trim() || out.slice(-500)}`);
  return out;
}

export async function untilListening(port: number, server: Started, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await accepts(port))) {
    const { exitCode, signalCode } = server.child;
    if (exitCode !== null || signalCode !== null) throw new Error(`it ended at once: ${server.said()}`);
    if (performance.now() > end) throw new Error(`it does not listen on ${port}: ${server.said()}`);
    await sleep(25);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('exit', resolve));
  // A stopped process hears no other signal until it goes on.
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await closed;
  clearTimeout(limit);
}
