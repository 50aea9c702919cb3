import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEdgePool } from './edge-pool.ts';
import { fakeTimers } from './timers.testing.ts';

const EDGES = ['a', 'b', 'c'].map((name) => ({ name, url: `http://${name}.example:8101` }));

function open() {
  const timers = fakeTimers();
  const pool = createEdgePool(timers);
  pool.rank(EDGES);
  return {
    timers,
    pool,
    order: () =>
      pool
        .order()
        .map(({ name }) => name)
        .join(''),
  };
}

test('an edge that failed goes last, and gets its place back after a rest', async () => {
  const { timers, pool, order } = open();
  assert.equal(order(), 'abc');
  pool.failed('a');
  assert.equal(order(), 'bca');
  await timers.advance(9_999);
  assert.equal(order(), 'bca');
  await timers.advance(1);
  assert.equal(order(), 'abc');
});

test('each failure in a row doubles the rest, one success forgets them', async () => {
  const { timers, pool, order } = open();
  pool.failed('a');
  await timers.advance(10_000);
  pool.failed('a');
  await timers.advance(10_000);
  assert.equal(order(), 'bca', 'rests for 20 s the second time');
  await timers.advance(10_000);
  assert.equal(order(), 'abc');
  pool.served('a');
  pool.failed('a');
  await timers.advance(10_000);
  assert.equal(order(), 'abc');
});

test('requests that fail together count as one failure', async () => {
  const { timers, pool, order } = open();
  pool.failed('a');
  pool.failed('a');
  pool.failed('a');
  await timers.advance(10_000);
  assert.equal(order(), 'abc');
});

test('among resting edges the one that is due first is tried first', async () => {
  const { timers, pool, order } = open();
  for (const name of ['b', 'c', 'a']) {
    pool.failed(name);
    await timers.advance(100);
  }
  assert.equal(order(), 'bca');
  assert.equal(pool.exhausted(), true);
  assert.deepEqual(pool.resting(), ['a', 'b', 'c']);
});

test('a new ranking keeps what is known of failures, and old addresses stay known', () => {
  const { pool, order } = open();
  pool.failed('b');
  pool.rank([EDGES[1], EDGES[2]] as typeof EDGES);
  assert.equal(order(), 'cb');
  assert.equal(pool.at('http://a.example:8101')?.name, 'a');
  assert.equal(pool.at('http://elsewhere.example'), undefined);
});
