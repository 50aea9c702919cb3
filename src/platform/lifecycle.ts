/**
 * How a process ends: named phases in a fixed order, each with a time limit. Whoever opens something says in
 * which phase it is let go; within a phase the last opened goes first.
 */
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** The order of a shutdown, with the limit of each phase in milliseconds. */
export const SHUTDOWN_PHASES = [
  ['unready', 500],
  ['stop-accepting', 1000],
  ['drain', 6000],
  ['return-leases', 4000],
  ['close', 15_000],
] as const;

export type ShutdownPhase = (typeof SHUTDOWN_PHASES)[number][0];

export type Lifecycle = {
  /** Aborts when the shutdown begins. */
  readonly signal: AbortSignal;
  /** Called in its phase; a failure is logged and does not stop the others. */
  onShutdown(phase: ShutdownPhase, name: string, work: () => Promise<void> | void): void;
  /** Runs all phases once; further calls wait for the same end. */
  shutdown(reason: string): Promise<void>;
};

export function createLifecycle(deps: { clock: Clock; log: Log }): Lifecycle {
  const { clock, log } = deps;
  const controller = new AbortController();
  const tasks: Array<{ phase: ShutdownPhase; name: string; work: () => Promise<void> | void }> = [];
  let ending: Promise<void> | undefined;

  const runPhase = async (phase: ShutdownPhase, limitMs: number) => {
    const due = tasks.filter((task) => task.phase === phase).reverse();
    const limit = new AbortController();
    const all = (async () => {
      for (const { name, work } of due) {
        try {
          await work();
        } catch (error) {
          log.warn('shutdown step failed', { phase, name, error });
        }
      }
      return 'done' as const;
    })();
    const timer = clock.sleep(limitMs, limit.signal).then(
      () => 'late' as const,
      () => 'done' as const,
    );
    if ((await Promise.race([all, timer])) === 'late')
      log.warn('shutdown phase ran out of time', { phase, limitMs });
    limit.abort();
  };

  return {
    signal: controller.signal,
    onShutdown: (phase, name, work) => void tasks.push({ phase, name, work }),
    shutdown: (reason) => {
      ending ??= (async () => {
        log.debug('shutting down', { reason });
        controller.abort(new Error(`shutting down: ${reason}`));
        for (const [phase, limitMs] of SHUTDOWN_PHASES) await runPhase(phase, limitMs);
      })();
      return ending;
    },
  };
}
