/** The most frequent are found among many that come once, in bounded memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TopList } from './top-list.ts';

test('who comes often is in the list, with a count that is off by no more than is said', () => {
  const top = new TopList(10);
  const truth = new Map<string, { requests: number; bytes: number }>();
  let state = 7;
  for (let i = 0; i < 20_000; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const isFrequent = (state >>> 16) % 2 === 0;
    const name = isFrequent ? `often-${(state >>> 20) % 4}` : `once-${i}`;
    top.count(name, 3);
    const known = truth.get(name) ?? { requests: 0, bytes: 0 };
    truth.set(name, { requests: known.requests + 1, bytes: known.bytes + 3 });
  }
  const entries = top.entries();
  assert.equal(entries.length, 10);
  assert.deepEqual(
    entries
      .slice(0, 4)
      .map(({ name }) => name)
      .sort(),
    ['often-0', 'often-1', 'often-2', 'often-3'],
  );
  assert.equal(
    entries.reduce((sum, { requests }) => sum + requests, 0),
    20_000,
  );
  for (const { name, requests, excess, bytes } of entries) {
    const real = truth.get(name) ?? { requests: 0, bytes: 0 };
    assert.ok(requests >= real.requests && requests - excess <= real.requests, name);
    assert.ok(bytes <= real.bytes, name);
  }
});
