import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRequestPatience } from './request-patience.ts';

test('an edge is given a second when edges have been quick, and more with each try', () => {
  const patience = createRequestPatience();
  patience.observe(20);
  const times = [0, 1, 2, 5].map((attempt) => patience.limits(attempt, 20e6).connectionMs);
  assert.deepEqual(times, [1000, 2000, 4000, 10_000]);
});

test('a slow line is not taken for a dead edge', () => {
  const patience = createRequestPatience();
  patience.observe(700);
  const { connectionMs, stallMs } = patience.limits(0, 200_000);
  assert.ok(connectionMs > 4 * 700, `${connectionMs} ms for an edge that usually takes 700`);
  assert.ok(stallMs >= connectionMs);
});
