/**
 * Moves object events from the store's outbox to the queue, in order. An event is acknowledged only after the
 * queue has it, so a crash between the two sends it again: the key makes the second send harmless while the
 * first still waits, and consumers must take at-least-once delivery anyway.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { ObjectEvent, ObjectEvents } from '../../ports/objects/objects.ts';
import type { JobPayload, Queue } from '../../ports/queue/queue.ts';

export type EventRelayDeps = {
  events: ObjectEvents;
  queue: Queue;
  eventQueue: string;
  clock: Clock;
  log: Log;
};

const BATCH_EVENTS = 100;
const TAKE_WAIT_MS = 5000;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 10_000;

/** Goes on until the signal aborts. Failures of store or queue are waited out, at most 10 s between tries. */
export async function relayEvents(deps: EventRelayDeps, signal: AbortSignal): Promise<void> {
  let waitMs = RETRY_FIRST_MS;
  while (!signal.aborted) {
    try {
      await relayBatch(deps, signal);
      waitMs = RETRY_FIRST_MS;
    } catch (error) {
      if (signal.aborted) return;
      deps.log.warn('object events wait: the queue or the store did not take them', { error, waitMs });
      await pause(deps.clock, waitMs, signal);
      waitMs = Math.min(waitMs * 2, RETRY_MAX_MS);
    }
  }
}

/** An event as it stands in the queue: dates become ISO 8601 text. */
export function eventPayload(event: ObjectEvent): JobPayload {
  return { ...event, at: event.at.toISOString() };
}

async function relayBatch(deps: EventRelayDeps, signal: AbortSignal): Promise<void> {
  const batch = await deps.events.take(BATCH_EVENTS, TAKE_WAIT_MS, signal);
  if (batch.length === 0) return;
  const jobs = batch.map((event) => ({ payload: eventPayload(event), key: String(event.sequence) }));
  await deps.queue.send(deps.eventQueue, jobs);
  await deps.events.acknowledge(batch.map(({ sequence }) => sequence));
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
