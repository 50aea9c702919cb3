/** Several processes as one edge, to steering and to all who ask it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asOne, type EdgeShards, hearShard, type Known } from './edge-shards.ts';

const beat = (of: Partial<Known> = {}) => ({
  ...{ url: 'http://e:1', region: 'local', ready: true, draining: false },
  ...{ requestsPerS: 100, bytesPerS: 1000, hitRatio: 0.5, memoryBytes: 10, diskBytes: 20 },
  ...of,
});
const at = (ms: number) => ({ heardMs: ms, seenMs: ms });
const isHeard = ({ heardMs }: Known) => heardMs >= 100;

function heard(...beats: Array<[index: number, of: Partial<Known>, ms?: number]>): EdgeShards {
  let edge: EdgeShards | undefined;
  for (const [index, of, ms = 200] of beats) edge = hearShard(edge, { index, count: 2 }, beat(of), at(ms));
  return edge as EdgeShards;
}

test('sizes and rates are added up, and hits count by requests', () => {
  const edge = heard([0, { requestsPerS: 300, hitRatio: 0.9 }], [1, { requestsPerS: 100, hitRatio: 0.5 }]);
  const one = asOne('e', edge, isHeard);
  assert.deepEqual([one.requestsPerS, one.bytesPerS, one.memoryBytes, one.diskBytes], [400, 2000, 20, 40]);
  assert.equal(one.hitRatio, 0.8);
  assert.deepEqual([one.shards, one.shardsHeard], [2, 2]);
});

test('an edge has done what all of its processes have done, and is ready while one is', () => {
  const edge = heard([0, {}], [1, { ready: false, draining: true }]);
  for (const [index, doneSeq] of [5, 3].entries())
    edge.shards.set(index, { ...(edge.shards.get(index) as Known), doneSeq, configVersion: doneSeq });
  const one = asOne('e', edge, isHeard);
  assert.deepEqual([one.doneSeq, one.configVersion, one.ready, one.draining], [3, 3, true, false]);
});

test('a silent process does not count, unless all are silent', () => {
  const edge = heard([0, {}], [1, { requestsPerS: 900 }, 50]);
  assert.deepEqual([asOne('e', edge, isHeard).requestsPerS, asOne('e', edge, isHeard).shardsHeard], [100, 1]);
  const silent = heard([0, {}, 10], [1, {}, 20]);
  assert.deepEqual([asOne('e', silent, isHeard).heardMs, asOne('e', silent, isHeard).shardsHeard], [20, 0]);
});

test('what a process has done outlives its heartbeats, and another number of processes begins anew', () => {
  const edge = heard([0, {}]);
  edge.shards.set(0, { ...(edge.shards.get(0) as Known), doneSeq: 7 });
  assert.equal(hearShard(edge, { index: 0, count: 2 }, beat(), at(300)).shards.get(0)?.doneSeq, 7);
  assert.equal(hearShard(edge, { index: 0, count: 3 }, beat(), at(300)).shards.get(0)?.doneSeq, -1);
});
