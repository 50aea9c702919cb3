import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from './clock.ts';
import { createLifecycle } from './lifecycle.ts';
import { silentLog } from './log.ts';

test('phases run in order, the last opened first, once, and failures do not stop the rest', async () => {
  const seen: string[] = [];
  const lifecycle = createLifecycle({ clock: systemClock, log: silentLog });
  lifecycle.onShutdown('close', 'database', () => void seen.push('database'));
  lifecycle.onShutdown('close', 'queue', () => void seen.push('queue'));
  lifecycle.onShutdown('drain', 'broken', () => {
    seen.push('broken');
    throw new Error('no');
  });
  lifecycle.onShutdown('unready', 'health', () => void seen.push(`health ${lifecycle.signal.aborted}`));
  await Promise.all([lifecycle.shutdown('test'), lifecycle.shutdown('again')]);
  assert.deepEqual(seen, ['health true', 'broken', 'queue', 'database']);
});

test('a step that hangs holds its phase only until the limit', async () => {
  const instant: Clock = { ...systemClock, sleep: () => Promise.resolve() };
  const lifecycle = createLifecycle({ clock: instant, log: silentLog });
  let closed = false;
  lifecycle.onShutdown('drain', 'hangs', () => new Promise(() => {}));
  lifecycle.onShutdown('close', 'last', () => {
    closed = true;
  });
  await lifecycle.shutdown('test');
  assert.equal(closed, true);
});
