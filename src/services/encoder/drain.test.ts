import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTooLate } from './drain.ts';

test('a task is given back as soon as it cannot be finished, and not before', () => {
  assert.equal(isTooLate({ leftMs: 120_000, elapsedMs: 60_000, progress: 0.5 }), false);
  assert.equal(isTooLate({ leftMs: 120_000, elapsedMs: 60_000, progress: 0.25 }), true);
  assert.equal(isTooLate({ leftMs: 8000, elapsedMs: 60_000, progress: 0.99 }), true);
});

test('a task that tells nothing yet gets half of the notice', () => {
  assert.equal(isTooLate({ leftMs: 100_000, elapsedMs: 500, progress: 0 }), false);
  assert.equal(isTooLate({ leftMs: 59_000, elapsedMs: 41_000, progress: 0 }), true);
});
