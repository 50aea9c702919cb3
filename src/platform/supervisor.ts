/**
 * Keeps child processes of this program alive: starts them, restarts those that die after a growing wait, stops
 * them in order. A child learns of its parent's death from the end of the channel between them, so that
 * `kill -9` of the parent leaves no orphan.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

export type ChildSpec = {
  name: string;
  /** Module to run, and its arguments. */
  file: string;
  args: readonly string[];
  /** Added to the environment of this program. */
  env?: Readonly<Record<string, string>>;
  /** How long it may take to end after SIGTERM before it is killed. */
  stopMs: number;
};

/** What a child tells its parent once it is ready. */
export type ReadyMessage = { kind: 'ready'; rows: ReadonlyArray<readonly [string, string]> };

export type SupervisedChild = {
  readonly name: string;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Resolves with its rows when the child was ready for the first time; rejects when it gave up. */
  readonly ready: Promise<ReadyMessage['rows']>;
  stop(): Promise<void>;
};

export type SupervisorDeps = { clock: Clock; log: Log };

const BACKOFF_MS = { first: 1000, max: 15_000 };
/** A child that lived this long is taken to have been well; its next restart waits the shortest time. */
const WELL_AFTER_MS = 30_000;
/** A child that dies this often before it was ever ready will not get better by itself. */
const HOPELESS_STARTS = 3;
/** Exit code by which a child says that a restart cannot help (bad configuration, a port that is taken). */
export const EXIT_HOPELESS = 78;

export function superviseChild(spec: ChildSpec, deps: SupervisorDeps): SupervisedChild {
  const { clock, log } = deps;
  const stopping = new AbortController();
  const ready = Promise.withResolvers<ReadyMessage['rows']>();
  let child: ChildProcess | undefined;
  let restarts = 0;
  let wasReady = false;

  const runOnce = () =>
    new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child = fork(spec.file, [...spec.args], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        execArgv: ['--disable-warning=ExperimentalWarning'],
        env: { ...process.env, ...spec.env },
      });
      child.on('message', (message: ReadyMessage) => {
        if (message.kind !== 'ready') return;
        wasReady = true;
        ready.resolve(message.rows);
      });
      child.once('error', (error) => log.error('child process failed', { child: spec.name, error }));
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });

  const loop = (async () => {
    let waitMs = BACKOFF_MS.first;
    let failedStarts = 0;
    while (!stopping.signal.aborted) {
      const startedAt = clock.monotonic();
      const { code, signal } = await runOnce();
      if (stopping.signal.aborted) return;
      failedStarts = wasReady ? 0 : failedStarts + 1;
      if (code === EXIT_HOPELESS || failedStarts >= HOPELESS_STARTS) {
        ready.reject(new Error(`${spec.name} could not be started`));
        return;
      }
      if (clock.monotonic() - startedAt > WELL_AFTER_MS) waitMs = BACKOFF_MS.first;
      log.warn('a process died and is started again', { process: spec.name, code, signal, waitMs });
      await clock.sleep(waitMs, stopping.signal).catch(() => undefined);
      waitMs = Math.min(BACKOFF_MS.max, waitMs * 2);
      restarts++;
    }
  })();
  ready.promise.catch(() => undefined);

  return {
    name: spec.name,
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    ready: ready.promise,
    stop: async () => {
      stopping.abort();
      if (child && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const kill = setTimeout(() => child?.kill('SIGKILL'), spec.stopMs);
        await loop;
        clearTimeout(kill);
      }
    },
  };
}

/** In a child: calls back when the parent is gone. */
export function onParentGone(callback: () => void): void {
  process.once('disconnect', callback);
}

/** In a child: tells the parent that it is ready. Does nothing when there is no parent. */
export function tellReady(rows: ReadyMessage['rows']): void {
  process.send?.({ kind: 'ready', rows } satisfies ReadyMessage);
}
