import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecovery } from './recovery.ts';
import { fakeTimers } from './timers.testing.ts';

const NETWORK = { category: 1, code: 1002, data: [] };
const DECODER = { category: 3, code: 3016, data: [] };

test('while the buffer plays the network is tried again and nothing is told', () => {
  const recovery = createRecovery(fakeTimers());
  for (let time = 0; time < 50; time++) assert.equal(recovery.next(NETWORK, 20).do, 'retry');
});

test('with nothing left to play the tries end, and a segment that arrives gives new ones', () => {
  const recovery = createRecovery(fakeTimers());
  const tries = () => {
    let count = 0;
    while (recovery.next(NETWORK, 0).do === 'retry') count += 1;
    return count;
  };
  assert.equal(tries(), 5);
  recovery.begin();
  assert.equal(tries(), 5);
});

test('a decoder that breaks gets a fresh start, twice', () => {
  const recovery = createRecovery(fakeTimers());
  const steps = [1, 2, 3].map(() => recovery.next(DECODER, 20).do);
  assert.deepEqual(steps, ['reload', 'reload', 'tell']);
});

test('what no try can mend is told at once', () => {
  assert.equal(createRecovery(fakeTimers()).next({ category: 4, code: 4000, data: [] }, 20).do, 'tell');
});

test('a wait in which nothing arrives is told after a while', async () => {
  const timers = fakeTimers();
  const recovery = createRecovery(timers);
  await timers.advance(60_000);
  assert.equal(recovery.waiting(false), undefined);
  await timers.advance(24_000);
  assert.equal(recovery.waiting(true), undefined);
  recovery.begin();
  await timers.advance(24_000);
  assert.equal(recovery.waiting(true), undefined, 'slowly is not never');
  await timers.advance(2000);
  assert.equal(recovery.waiting(true)?.code, 1003);
});
