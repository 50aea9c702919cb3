/** Rate limits: exact rates, a bound of keys, and that nobody resets a bucket by asking under other names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientKey, RateLimit, RequestLimits } from './rate-limit.ts';

const limitOf = (more = {}) => new RateLimit({ ratePerS: 10, burst: 5, keysMax: 100, seed: 7, ...more });

test('a burst, then the rate, then a burst again after rest', () => {
  const limit = limitOf();
  for (let i = 0; i < 5; i++) assert.deepEqual(limit.take('a', 1000), { allowed: true });
  assert.deepEqual(limit.take('a', 1000), { allowed: false, retryAfterS: 1 });
  assert.equal(limit.take('a', 1099).allowed, false);
  assert.equal(limit.take('a', 1100).allowed, true);
  assert.equal(limit.take('a', 1100).allowed, false);
  assert.equal(limit.take('b', 1100).allowed, true, 'another key has a bucket of its own');
  let allowed = 0;
  for (let ms = 1101; ms <= 11_100; ms++) if (limit.take('a', ms).allowed) allowed++;
  assert.equal(allowed, 100);
  let rested = 0;
  for (let i = 0; i < 20; i++) if (limit.take('a', 20_000).allowed) rested++;
  assert.equal(rested, 5);
});

test('the wait that is told is the wait that is needed', () => {
  const limit = limitOf({ ratePerS: 0.1, burst: 1 });
  limit.take('a', 0);
  assert.deepEqual(limit.take('a', 500), { allowed: false, retryAfterS: 10 });
  assert.equal(limit.take('a', 9999).allowed, false);
  assert.equal(limit.take('a', 10_000).allowed, true);
});

test('many keys stay within the bound and never reset a hot bucket', () => {
  const limit = limitOf({ ratePerS: 1, burst: 5 });
  for (let i = 0; i < 5; i++) limit.take('hot', 0);
  for (let i = 0; i < 20_000; i++) {
    limit.take(`attacker-${i}`, i % 1000);
    assert.ok(limit.size <= 100);
  }
  assert.equal(limit.take('hot', 999).allowed, false);
  assert.equal(limit.take('hot', 1000).allowed, true, 'its own second has passed');
  assert.equal(limit.take('hot', 1000).allowed, false);
});

test('a key without room for a bucket is limited by the crowd, and takes that along when there is room', () => {
  const limit = limitOf({ ratePerS: 1, burst: 5 });
  for (let i = 0; i < 100; i++) limit.take(`first-${i}`, 0);
  let allowed = 0;
  for (let i = 0; i < 50; i++) if (limit.take('late', 4000).allowed) allowed++;
  assert.equal(allowed, 5);
  for (let i = 0; i < 50; i++) if (limit.take('late', 10_000).allowed) allowed++;
  assert.equal(allowed, 10, 'full after five seconds, and no fuller');
  assert.equal(limit.size, 1, 'buckets that are full again are dropped');
});

test('no schedule of keys gets more than the bucket holds', () => {
  const limit = limitOf({ ratePerS: 2, burst: 4, keysMax: 8 });
  let state = 99;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const passed = new Map<string, number[]>();
  let nowMs = 0;
  for (let i = 0; i < 30_000; i++) {
    nowMs += random(40);
    const key = `k${random(30)}`;
    if (!limit.take(key, nowMs).allowed) continue;
    const times = passed.get(key) ?? [];
    times.push(nowMs);
    passed.set(key, times);
  }
  for (const [key, times] of passed) {
    for (let i = 0; i + 8 < times.length; i++) {
      const spanMs = (times[i + 8] as number) - (times[i] as number);
      // Nine requests need the four of a full bucket and five that came since, each half a second.
      assert.ok(spanMs >= 2499, `${key}: nine in ${spanMs} ms`);
    }
  }
  assert.ok([...passed.values()].flat().length > 1000);
});

test('client and token are limited apart, and a refusal by one costs nothing in the other', () => {
  const limits = new RequestLimits(limitOf({ burst: 10 }), limitOf({ burst: 2 }));
  assert.equal(limits.take('c', 't', 0).allowed, true);
  assert.equal(limits.take('c', 't', 0).allowed, true);
  for (let i = 0; i < 50; i++) assert.equal(limits.take('c', 't', 0).allowed, false);
  for (let i = 0; i < 8; i++) assert.equal(limits.take('c', '', 0).allowed, true, `${i}`);
  assert.equal(limits.take('c', '', 0).allowed, false);
});

test('IPv6 clients are told apart by their /64', () => {
  assert.equal(clientKey('192.0.2.1'), '192.0.2.1');
  assert.equal(clientKey('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(clientKey('::ffff:c000:201'), '192.0.2.1');
  assert.equal(clientKey('2001:db8:0:1::1'), '2001:db8:0:1');
  assert.equal(clientKey('2001:0DB8::1:ffff:0:0:9'), '2001:db8:0:1');
  assert.equal(clientKey('fe80::1%eth0'), 'fe80:0:0:0');
  assert.equal(clientKey('::1'), '0:0:0:0');
  assert.equal(clientKey('64:ff9b::192.0.2.1'), '64:ff9b:0:0');
  assert.equal(clientKey('nonsense'), 'unknown');
});
