import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHeartbeats } from './heartbeats.ts';
import { fakeTimers } from './timers.testing.ts';

function open(send: (signal: AbortSignal) => Promise<void> = async () => {}) {
  const timers = fakeTimers(0);
  const sentAt: number[] = [];
  const heartbeats = createHeartbeats({
    timers,
    send: (signal) => {
      sentAt.push(timers.now());
      return send(signal);
    },
  });
  return { timers, heartbeats, sentAt };
}

test('a heartbeat comes at once and every ten seconds', async () => {
  const { timers, heartbeats, sentAt } = open();
  heartbeats.start();
  await timers.advance(30_000);
  assert.deepEqual(sentAt, [0, 10_000, 20_000, 30_000]);
});

test('a change is told soon, many changes at most once a second', async () => {
  const { timers, heartbeats, sentAt } = open();
  heartbeats.start();
  await timers.advance(5000);
  for (let change = 0; change < 20; change++) {
    heartbeats.changed();
    await timers.advance(100);
  }
  await timers.advance(1000);
  assert.deepEqual(sentAt, [0, 5000, 6000, 7000]);
});

test('one at a time, and a silent server is given up on', async () => {
  const { timers, heartbeats, sentAt } = open(
    (signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      ),
  );
  heartbeats.start();
  await timers.advance(1000);
  heartbeats.changed();
  await timers.advance(6000);
  assert.deepEqual(sentAt, [0]);
  await timers.advance(2000);
  assert.deepEqual(sentAt, [0, 8000], 'the change is told when the first has been given up');
});

test('a lost heartbeat does not stop the next, and after the stop there is none', async () => {
  const { timers, heartbeats, sentAt } = open(async () => {
    throw new Error('offline');
  });
  heartbeats.start();
  await timers.advance(10_000);
  heartbeats.stop();
  heartbeats.changed();
  await timers.advance(60_000);
  assert.deepEqual(sentAt, [0, 10_000]);
});
