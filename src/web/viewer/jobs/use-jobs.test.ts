import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callEndpoint } from '../../../contracts/call.ts';
import { cancelJob } from '../../../contracts/jobs.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import type { Timing } from '../../ui/timing.ts';
import type { Polled, Poller } from '../polling/poller.ts';
import { createFakeJobs, JOB_ID } from './fake-jobs.testing.ts';
import { createJobPoller, createJobsPoller } from './use-jobs.ts';

const visibility = { hidden: () => false, subscribe: () => () => undefined };

/** Time that stands still; what was slept is written down. */
function stillTiming() {
  const slept: number[] = [];
  const timing: Timing = {
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise((_, reject) => {
        slept.push(ms);
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
  return { timing, slept };
}

function settled<T>(poller: Poller<T>, until: (state: Polled<T>) => boolean) {
  return new Promise<{ state: Polled<T>; stop: () => void }>((resolve) => {
    const stop = poller.subscribe(() => {
      if (until(poller.get())) setImmediate(() => resolve({ state: poller.get(), stop }));
    });
  });
}

test('a job under way is asked for often; after its end, seldom', async () => {
  const server = createFakeJobs();
  const { timing, slept } = stillTiming();
  const poller = createJobPoller(server.transport, JOB_ID, { timing, visibility });
  const first = await settled(poller, ({ value }) => value !== undefined);
  const often = slept.at(-1) as number;
  await callEndpoint(server.transport, cancelJob, { params: { job: JOB_ID } });
  const ended = settled(poller, ({ value }) => value?.job.state === 'cancelled');
  poller.refresh();
  const { stop } = await ended;
  assert.ok((slept.at(-1) as number) > often, `${slept}`);
  stop();
  first.stop();
});

test('a job that there is not is an answer, not an outage', async () => {
  const server = createFakeJobs();
  const { timing } = stillTiming();
  const other = JOB_ID.replace(/1$/, '9');
  const poller = createJobPoller(server.transport, other, { timing, visibility });
  const { state, stop } = await settled(poller, ({ failure }) => failure !== undefined);
  assert.ok(isMatineeError(state.failure, 'not_found'));
  assert.equal(state.away, false);
  stop();
});

test('a list asks for the state and film that it is of', async () => {
  const server = createFakeJobs();
  const { timing } = stillTiming();
  const asked = { state: 'refused', limit: 50 } as const;
  const poller = createJobsPoller(server.transport, asked, { timing, visibility });
  const { state, stop } = await settled(poller, ({ value }) => value !== undefined);
  assert.deepEqual(state.value?.jobs, []);
  assert.deepEqual(server.asked, ['GET /api/jobs?state=refused&limit=50']);
  stop();
});
