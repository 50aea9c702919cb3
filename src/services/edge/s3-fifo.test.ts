/** S3-FIFO: never over its bytes, keeps what is asked for again, lets one-off entries pass. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { S3Fifo, type S3FifoEntry } from './s3-fifo.ts';

const entry = (key: string, bytes = 1): S3FifoEntry => ({ key, bytes, visits: 0 });

test('it never holds more than its bytes, and evicts each entry once', () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const held = new Map<string, number>();
  const queue = new S3Fifo<S3FifoEntry>(1000, ({ key, bytes }) => {
    assert.equal(held.get(key), bytes, 'what is evicted was held');
    held.delete(key);
  });
  for (let round = 0; round < 20_000; round++) {
    const key = `k${random(300)}`;
    const action = random(10);
    if (action < 5) queue.get(key);
    else if (action < 9) {
      const bytes = 1 + random(60);
      // Told before, since an entry may be evicted while it is put.
      held.set(key, bytes);
      queue.put(entry(key, bytes));
    } else {
      queue.delete(key);
      held.delete(key);
    }
    assert.ok(queue.bytes <= 1000);
  }
  assert.equal(queue.size, held.size);
  assert.equal(
    queue.bytes,
    [...held.values()].reduce((sum, bytes) => sum + bytes, 0),
  );
});

test('what is larger than everything is not taken, and takes nothing away', () => {
  const queue = new S3Fifo<S3FifoEntry>(100);
  queue.put(entry('a', 50));
  assert.equal(queue.put(entry('b', 101)), false);
  assert.equal(queue.size, 1);
});

test('entries that are asked for outlive a scan of ones that are not', () => {
  const queue = new S3Fifo<S3FifoEntry>(100);
  for (let i = 0; i < 50; i++) queue.put(entry(`hot${i}`));
  for (let round = 0; round < 3; round++) for (let i = 0; i < 50; i++) queue.get(`hot${i}`);
  for (let i = 0; i < 5000; i++) queue.put(entry(`cold${i}`));
  const left = Array.from({ length: 50 }, (_, i) => queue.peek(`hot${i}`)).filter(Boolean).length;
  assert.equal(left, 50);
});

test('an entry that comes back soon after it was thrown out stays', () => {
  const queue = new S3Fifo<S3FifoEntry>(100);
  queue.put(entry('back'));
  for (let i = 0; i < 120; i++) queue.put(entry(`a${i}`));
  assert.equal(queue.peek('back'), undefined);
  queue.put(entry('back'));
  for (let i = 0; i < 500; i++) queue.put(entry(`b${i}`));
  assert.ok(queue.peek('back'));
});

test('what is expected is spared, and goes when it is expected no more', () => {
  const expected = new Set(['next']);
  const queue = new S3Fifo<S3FifoEntry>(100, undefined, ({ key }) => expected.has(key));
  queue.put(entry('next'));
  for (let i = 0; i < 1000; i++) queue.put(entry(`a${i}`));
  assert.ok(queue.peek('next'));
  expected.clear();
  // Main gives up entries only when others have earned a place there.
  for (let i = 0; i < 1000; i++) {
    queue.put(entry(`b${i}`));
    for (let visit = 0; visit < 2; visit++) queue.get(`b${i}`);
  }
  assert.equal(queue.peek('next'), undefined);
});

test('when everything is expected it still keeps to its bytes, after a bounded number of looks', () => {
  let looks = 0;
  const queue = new S3Fifo<S3FifoEntry>(1000, undefined, () => {
    looks++;
    return true;
  });
  for (let i = 0; i < 1000; i++) queue.put(entry(`a${i}`));
  looks = 0;
  for (let i = 0; i < 500; i++) {
    queue.put(entry(`b${i}`));
    assert.ok(queue.bytes <= 1000);
  }
  assert.ok(looks <= 500 * 16, String(looks));
});

test('an eviction costs no more when much is held', () => {
  const evictionsMs = (held: number) => {
    const queue = new S3Fifo<S3FifoEntry>(held);
    for (let i = 0; i < held; i++) queue.put(entry(`a${i}`));
    const from = process.cpuUsage();
    for (let i = 0; i < 80_000; i++) queue.put(entry(`b${i}`));
    const { user, system } = process.cpuUsage(from);
    return (user + system) / 1000;
  };
  evictionsMs(500);
  const few = evictionsMs(500);
  const many = evictionsMs(160_000);
  // Stepping over what was deleted before takes over thirty times as long; caches of the processor make it a few.
  assert.ok(many < 12 * few, `${few} ms, ${many} ms`);
});
