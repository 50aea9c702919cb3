import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAlarm } from './alarm.ts';
import { systemClock } from './clock.ts';

test('a ring ends the waits of all who wait, and none that begins later', async () => {
  const alarm = createAlarm(systemClock);
  const waits = [alarm.wait(60_000), alarm.wait(60_000, new AbortController().signal)];
  alarm.ring();
  await Promise.all(waits);
  const startedAt = systemClock.monotonic();
  await alarm.wait(20);
  assert.ok(systemClock.monotonic() - startedAt >= 15);
});

test('a signal ends its own wait with its reason', async () => {
  const alarm = createAlarm(systemClock);
  const stop = new AbortController();
  const ended = alarm.wait(60_000, stop.signal);
  const other = alarm.wait(60_000);
  stop.abort(new Error('stop'));
  await assert.rejects(ended, /stop/);
  alarm.ring();
  await other;
});
