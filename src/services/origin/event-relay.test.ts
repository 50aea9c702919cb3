import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type Clock, systemClock } from '../../platform/clock.ts';
import { MatineeError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { openDiskObjects } from '../../ports/objects/embedded.ts';
import type { ObjectEvent, ObjectEvents } from '../../ports/objects/objects.ts';
import type { NewJob, Queue } from '../../ports/queue/queue.ts';
import { relayEvents } from './event-relay.ts';

const AT = new Date('2026-03-01T12:00:00Z');
const created = (sequence: number): ObjectEvent => ({
  ...{ sequence, at: AT, bucket: 'b', key: `k${sequence}` },
  ...{ kind: 'created', etag: '"e"', size: 1 },
});

/** An outbox and a queue that fails when it is told to; `done` aborts when all is acknowledged. */
function bench(sequences: readonly number[], failures: number) {
  const done = new AbortController();
  const waiting = sequences.map(created);
  const sent: NewJob[][] = [];
  const log: string[] = [];
  let failuresLeft = failures;
  const events: ObjectEvents = {
    take: async (limit) => waiting.slice(0, Math.min(limit, 2)),
    acknowledge: async (numbers) => {
      log.push(`acknowledged ${numbers}`);
      for (const number of numbers) {
        waiting.splice(
          waiting.findIndex(({ sequence }) => sequence === number),
          1,
        );
      }
      if (waiting.length === 0) done.abort();
    },
  };
  const send = async (_queue: string, jobs: readonly NewJob[]) => {
    if (failuresLeft-- > 0) throw new MatineeError('unavailable', 'the queue is away');
    log.push(`sent ${jobs.map(({ key }) => key)}`);
    sent.push([...jobs]);
    return jobs.map(({ key }) => key);
  };
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: async (ms) => {
      waits.push(ms);
      if (waits.length > 50) done.abort();
    },
  };
  const deps = { events, queue: { send } as unknown as Queue, eventQueue: 'events', clock, log: silentLog };
  return { deps, done, sent, log, waits };
}

test('events go to the queue in order and are acknowledged only after that', async () => {
  const { deps, done, sent, log } = bench([1, 2, 3], 0);
  await relayEvents(deps, done.signal);
  assert.deepEqual(log, ['sent 1,2', 'acknowledged 1,2', 'sent 3', 'acknowledged 3']);
  assert.deepEqual(sent[1], [
    {
      key: '3',
      payload: {
        sequence: 3,
        at: '2026-03-01T12:00:00.000Z',
        bucket: 'b',
        key: 'k3',
        kind: 'created',
        etag: '"e"',
        size: 1,
      },
    },
  ]);
});

test('a queue that is away is waited for with growing, bounded waits, and nothing is lost', async () => {
  const { deps, done, log, waits } = bench([1], 9);
  await relayEvents(deps, done.signal);
  assert.deepEqual(log, ['sent 1', 'acknowledged 1']);
  assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

test('an abort ends it, also while it waits', async () => {
  const { deps, done } = bench([1], 1000);
  const stop = setTimeout(() => done.abort(), 20);
  const clock = systemClock;
  await relayEvents({ ...deps, clock }, done.signal);
  clearTimeout(stop);
  assert.ok(done.signal.aborted);
});

test('what is put through the store arrives in the queue, once it is committed', async () => {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'matinee-relay-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const store = await openDiskObjects({ folder, clock: systemClock, log: silentLog });
  cleanup.defer(() => store.close());
  const stop = new AbortController();
  const received: NewJob[] = [];
  const queue = {
    send: async (_name: string, jobs: readonly NewJob[]) => {
      received.push(...jobs);
      if (received.some(({ payload }) => payload.kind === 'removed')) stop.abort();
    },
  } as unknown as Queue;
  await store.createBucket('films');
  await store.put('films', 'a film.mp4', Buffer.from('bytes'), { contentType: 'video/mp4' });
  await store.delete('films', 'a film.mp4');
  await relayEvents(
    { events: store.events, queue, eventQueue: 'events', clock: systemClock, log: silentLog },
    stop.signal,
  );
  assert.deepEqual(
    received.map(({ payload }) => [payload.kind, payload.bucket, payload.key]),
    [
      ['created', 'films', 'a film.mp4'],
      ['removed', 'films', 'a film.mp4'],
    ],
  );
  assert.equal(received[0]?.payload.size, 5);
  assert.deepEqual(received[0]?.key, String(received[0]?.payload.sequence));
});
