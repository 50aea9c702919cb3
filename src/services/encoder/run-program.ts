/**
 * Runs one program and waits for it: argument array (never a shell), own process group at low priority, bounded
 * capture of what it says, a time limit, and SIGKILL for the whole group when the signal aborts. It knows nothing
 * of media; `ffmpeg.ts` does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { systemCode } from '../../platform/errors.ts';
import { startMemoryWatch } from './memory-watch.ts';
import { TaskFailure, withoutUrls } from './task-failure.ts';

export type ProgramRun = {
  program: string;
  args: readonly string[];
  /** Command put before the program; see `Programs`. */
  tether?: readonly string[] | undefined;
  /** Default: that of long encodes. */
  niceness?: number | undefined;
  /** Working folder. Default: that of this process. */
  cwd?: string;
  timeLimitMs: number;
  /** Memory that the program may hold; more ends it. Watched on Linux only. */
  memoryBytesMax?: number | undefined;
  signal: AbortSignal;
  /** Gets standard output line by line; without it the output is captured. */
  onLine?(line: string): void;
  /** Gets each line of standard error and says whether it belongs into the kept tail. Default: all do. */
  keepErrorLine?(line: string): boolean;
  /** Largest captured standard output, in bytes. Default 8 MiB. */
  stdoutBytesMax?: number;
};

export type ProgramEnd = {
  /** Exit status, or null when a signal ended it. */
  status: number | null;
  stdout: string;
  /** The last lines of standard error, without URLs. */
  stderrTail: string;
};

const TAIL_CHARACTERS_MAX = 12_000;
const LINE_CHARACTERS_MAX = 2_000;
const STDOUT_BYTES_MAX = 8 * 1024 * 1024;
/** Below the services and their database, so that viewers do not feel the encoders. */
const NICENESS = 10;

/**
 * Resolves with the end of the program whatever its status. Throws the signal's reason when aborted, and
 * TaskFailure `program_timeout` after `timeLimitMs`, `memory_exceeded`, or `program_failed` when it cannot be started.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  run.signal.throwIfAborted();
  const [command = run.program, ...args] = [...(run.tether ?? []), run.program, ...run.args];
  const child = spawn(command, args, {
    cwd: run.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  lowerPriority(child, run.niceness ?? NICENESS);
  const memory = startMemoryWatch(child.pid, run.memoryBytesMax, () => killGroup(child));
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, run.timeLimitMs);
  const onAbort = () => killGroup(child);
  run.signal.addEventListener('abort', onAbort, { once: true });
  const stdout = run.onLine ? readLines(child.stdout, run.onLine) : capture(child, run.stdoutBytesMax);
  const stderr = readTail(child.stderr, run.keepErrorLine ?? (() => true));
  try {
    const [status, out, tail] = await Promise.all([ended(child), stdout, stderr]);
    run.signal.throwIfAborted();
    if (memory.exceeded) {
      throw new TaskFailure('memory_exceeded', memory.exceeded, { retry: true, programLog: tail });
    }
    if (timedOut) {
      const message = `the program took longer than ${Math.round(run.timeLimitMs / 1000)} s`;
      throw new TaskFailure('program_timeout', message, { retry: true, programLog: tail });
    }
    return { status, stdout: out ?? '', stderrTail: tail };
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof TaskFailure) throw error;
    const why = systemCode(error) ?? (error as Error).message;
    throw new TaskFailure('program_failed', `a program could not be run: ${why}`, {
      retry: true,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    memory.stop();
    run.signal.removeEventListener('abort', onAbort);
    killGroup(child);
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status));
  });
}

function lowerPriority(child: ChildProcess, niceness: number): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, niceness);
  } catch (error) {
    // It may have ended already; anything else would be a fault of the machine that must be seen.
    if (systemCode(error) !== 'ESRCH' && systemCode(error) !== 'ERR_SYSTEM_ERROR') throw error;
  }
}

/** Kills the program and everything that it started. A group that is gone already is what we want. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH' && systemCode(error) !== 'EPERM') throw error;
  }
}

async function readLines(stream: Readable | null, onLine: (line: string) => void): Promise<undefined> {
  if (!stream) return undefined;
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
    onLine(line);
  return undefined;
}

async function capture(child: ChildProcess, bytesMax = STDOUT_BYTES_MAX): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of child.stdout ?? []) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytesMax) {
      killGroup(child);
      throw new TaskFailure('program_failed', `the program wrote more than ${bytesMax} bytes`, {
        retry: false,
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readTail(stream: Readable | null, keep: (line: string) => boolean): Promise<string> {
  const lines: string[] = [];
  let characters = 0;
  await readLines(stream, (line) => {
    const text = line.slice(0, LINE_CHARACTERS_MAX);
    if (!keep(text)) return;
    lines.push(withoutUrls(text));
    characters += text.length + 1;
    while (characters > TAIL_CHARACTERS_MAX && lines.length > 1) {
      characters -= (lines.shift()?.length ?? 0) + 1;
    }
  });
  return lines.join('\n').slice(-TAIL_CHARACTERS_MAX);
}
