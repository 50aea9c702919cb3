/** Knows the store's health without asking it on every request: asks again when somebody wants to know. */
import type { Clock } from '../../platform/clock.ts';
import type { Health } from '../../platform/service.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';

const FRESH_MS = 2000;

/** The last known health; a look that finds it older than 2 s starts a new question in the background. */
export function createHealthPoll(objects: Pick<ObjectStore, 'health'>, clock: Clock): () => Health {
  let last: Health = { ready: false, reasons: ['the object store has not answered yet'] };
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let asking = false;

  async function ask(): Promise<void> {
    asking = true;
    try {
      const health = await objects.health();
      last = health.ready ? { ready: true } : { ready: false, reasons: [health.reason] };
    } catch {
      last = { ready: false, reasons: ['the object store does not answer'] };
    }
    asking = false;
  }

  return () => {
    if (!asking && clock.monotonic() - askedAtMs > FRESH_MS) {
      askedAtMs = clock.monotonic();
      void ask();
    }
    return last;
  };
}
