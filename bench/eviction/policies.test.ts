/** What must hold of every policy, and of the workloads that it is judged by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLICIES, type PolicyRow } from './policies.ts';
import { seededRandom } from './random.ts';
import { simulate } from './simulate.ts';
import { footprint, nextUses, plainTrace, type Trace } from './trace.ts';
import { vodTrace } from './vod.ts';
import { premiereTrace, scanTrace, zipfTrace } from './workloads.ts';

const vod = vodTrace({ seed: 5, name: 'vod', titles: 12, plays: 60, hours: 12 });
const traces: readonly Trace[] = [
  vod,
  zipfTrace(1, 8000, 1500),
  scanTrace(2, 8000, 300),
  premiereTrace(3, 8000, 1000, 200),
];
const online = POLICIES.filter(({ kind }) => kind !== 'optimum');
const optimum = POLICIES.find(({ kind }) => kind === 'optimum');

function named(name: string): PolicyRow {
  const row = POLICIES.find((policy) => policy.name === name);
  assert.ok(row, name);
  return row;
}

for (const { name, create } of POLICIES) {
  test(`${name} never holds more than its bytes and never hits what was not asked for before`, () => {
    for (const trace of traces) {
      const bytesMax = Math.floor(footprint(trace) / 20);
      const policy = create(trace, bytesMax);
      const seen = new Uint8Array(trace.sizes.length);
      let hits = 0;
      for (let i = 0; i < trace.objects.length; i++) {
        const object = trace.objects[i] ?? 0;
        const hit = policy.request(object, i);
        if (hit) hits++;
        assert.ok(policy.bytes <= bytesMax, `${trace.name}: ${policy.bytes} of ${bytesMax}`);
        assert.ok(!hit || seen[object] || (policy.aheadUsedBytes ?? 0) > 0, trace.name);
        seen[object] = 1;
      }
      assert.ok(hits > 0, `${trace.name}: a policy that never hits is broken`);
    }
  });

  test(`${name} takes nothing that is larger than the cache`, () => {
    const policy = create(plainTrace('large', Uint32Array.of(50, 200), Uint32Array.of(1, 1, 0, 0)), 100);
    assert.deepEqual([policy.request(1, 0), policy.request(1, 1)], [false, false]);
    assert.ok(policy.bytes <= 100);
  });
}

test('no policy without knowledge of the future has more hits than Belady where objects are of one size', () => {
  assert.ok(optimum);
  for (const { objects, name } of traces.slice(1)) {
    const count = objects.reduce((most, object) => Math.max(most, object + 1), 0);
    const trace = plainTrace(name, new Uint32Array(count).fill(10), objects);
    for (const share of [0.01, 0.05, 0.2]) {
      const bytesMax = Math.floor(footprint(trace) * share);
      const best = simulate(trace, optimum.create(trace, bytesMax)).objectHits;
      // The share is counted after a warm-up, before which the optimum may have given up a hit for a later one.
      for (const policy of online) {
        const { objectHits } = simulate(trace, policy.create(trace, bytesMax));
        assert.ok(objectHits <= best + 0.1, `${policy.name} on ${name}: ${objectHits} > ${best}`);
      }
    }
  }
});

test('Belady saves more bytes of plays than any policy that does not fetch ahead', () => {
  assert.ok(optimum);
  const bytesMax = Math.floor(footprint(vod) / 10);
  const best = simulate(vod, optimum.create(vod, bytesMax)).byteHits;
  for (const policy of online.filter(({ kind }) => kind !== 'ahead')) {
    assert.ok(simulate(vod, policy.create(vod, bytesMax)).byteHits <= best, policy.name);
  }
});

test('LRU throws out what was asked for longest ago', () => {
  const policy = named('LRU').create(plainTrace('abc', Uint32Array.of(1, 1, 1), Uint32Array.of()), 2);
  assert.deepEqual(
    [0, 1, 0, 2, 0, 1].map((object, i) => policy.request(object, i)),
    [false, false, true, false, true, false],
  );
});

test('hints change nothing where nobody plays', () => {
  for (const trace of traces.slice(1)) {
    const bytesMax = Math.floor(footprint(trace) / 20);
    const [plain, ours] = ['S3-FIFO', 'ours'].map((name) =>
      simulate(trace, named(name).create(trace, bytesMax)),
    );
    assert.deepEqual(ours, plain);
  }
});

test('fetching ahead is no saving: what the origin sends is more than without', () => {
  const bytesMax = Math.floor(footprint(vod) / 10);
  const [ours, ahead] = ['ours', 'ours + next segment'].map((name) =>
    simulate(vod, named(name).create(vod, bytesMax)),
  );
  assert.ok(ours && ahead);
  assert.ok(ahead.aheadHits > 10);
  assert.ok(ahead.originBytes > ours.originBytes);
  assert.ok(Math.abs(ours.byteHits + ours.originBytes - 100) < 1e-6);
});

test('a seed gives the same sessions again, in order of time, with bytes as the ladder has them', () => {
  const again = vodTrace({ seed: 5, name: 'vod', titles: 12, plays: 60, hours: 12 });
  assert.deepEqual(again.objects, vod.objects);
  assert.notDeepEqual(
    vodTrace({ seed: 6, name: 'vod', titles: 12, plays: 60, hours: 12 }).objects,
    vod.objects,
  );
  assert.ok(vod.timesMs.every((time, i) => i === 0 || time >= (vod.timesMs[i - 1] ?? 0)));
  assert.ok(vod.sizes.every((size) => size > 10_000 && size <= 3_600_000));
  assert.deepEqual(
    [...nextUses(plainTrace('n', Uint32Array.of(1, 1), Uint32Array.of(0, 1, 0)))],
    [2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  );
});

test('draws follow their weights', () => {
  const { unit } = seededRandom(1);
  const mean = Array.from({ length: 10_000 }, unit).reduce((sum, value) => sum + value, 0) / 10_000;
  assert.ok(Math.abs(mean - 0.5) < 0.02, String(mean));
});
