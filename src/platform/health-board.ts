/** Turns health checks that take time into one answer that is always at hand: each is asked every few seconds. */
import type { Clock } from './clock.ts';
import { combineHealth, type Health } from './service.ts';

export type HealthCheck = () => Promise<Health | { ready: false; reason: string }> | Health;

export type HealthBoard = {
  add(name: string, check: HealthCheck): void;
  health(): Health;
  /** Asks until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
};

const EVERY_MS = 1000;
const CHECK_LIMIT_MS = 3000;

export function createHealthBoard(clock: Clock): HealthBoard {
  const checks = new Map<string, HealthCheck>();
  const answers = new Map<string, Health>();

  const ask = async (name: string, check: HealthCheck) => {
    const limit = new AbortController();
    const late = clock.sleep(CHECK_LIMIT_MS, limit.signal).then(
      (): Health => ({ ready: false, reasons: ['does not answer'] }),
      (): Health => ({ ready: true }),
    );
    try {
      const answer = await Promise.race([check(), late]);
      answers.set(name, 'reason' in answer ? { ready: false, reasons: [answer.reason] } : answer);
    } catch (error) {
      answers.set(name, { ready: false, reasons: [(error as Error).message] });
    } finally {
      limit.abort();
    }
  };
  return {
    add: (name, check) => {
      checks.set(name, check);
      answers.set(name, { ready: false, reasons: ['starting'] });
    },
    health: () => combineHealth([...answers].map(([name, health]) => ({ name, health }))),
    run: async (signal) => {
      while (!signal.aborted) {
        await Promise.all([...checks].map(([name, check]) => ask(name, check)));
        await clock.sleep(EVERY_MS, signal).catch(() => undefined);
      }
    },
  };
}
