/** Knows whether the studio's database and queue answer, by asking them every few seconds. */
import type { Clock } from '../../platform/clock.ts';
import type { Health } from '../../platform/service.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import type { Records } from '../../ports/records/records.ts';

const EVERY_MS = 2000;

export function createStoreWatch(deps: {
  records: Pick<Records, 'health'>;
  queue: Pick<Queue, 'health'>;
  clock: Clock;
}) {
  let last: Health = { ready: false, reasons: ['the studio is starting'] };

  async function ask(): Promise<Health> {
    const answers = await Promise.all([
      reasonOf('the database', deps.records),
      reasonOf('the queue', deps.queue),
    ]);
    const reasons = answers.flat();
    return reasons.length === 0 ? { ready: true } : { ready: false, reasons };
  }

  return {
    health: () => last,
    /** Asks until the signal aborts. */
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) {
        last = await ask();
        await deps.clock.sleep(EVERY_MS, signal).catch(() => undefined);
      }
      last = { ready: false, reasons: ['the studio has stopped'] };
    },
  };
}

async function reasonOf(name: string, store: Pick<Records, 'health'>): Promise<string[]> {
  try {
    const health = await store.health();
    return health.ready ? [] : [`${name} does not answer: ${health.reason}`];
  } catch (error) {
    return [`${name} does not answer: ${(error as Error).message}`];
  }
}
