/**
 * Everything around an edge fails in turn while viewers ask: no wrong byte is ever served, what memory or disk can
 * answer goes on, and full service is back soon. Recovery times are printed.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIVE } from './catalogue.testing.ts';
import {
  EDGE_FAULTS,
  type Fault,
  ORIGIN_FAULTS,
  PATH_FAULTS,
  SHARD_FAULTS,
  SHIELD_FAULTS,
} from './faults.testing.ts';
import { type Lab, openLab } from './lab.testing.ts';
import { isGood, type Outcome, type Period } from './loader.testing.ts';
import { edition, type Thing, thing } from './truth.testing.ts';

const WARMING_MS = 3000;
const FAULT_MS = 1500;
const CALM_MS = 400;
const RECOVERY_MS_MAX = 5000;
const WARM_SHARE_MIN = 0.99;
/** Fewer requests than this would tell nothing of a share. */
const WARM_MIN = 100;
const NO_SHARDS = process.platform === 'linux' ? false : 'processes share a port on Linux alone';

test('whatever fails around an edge, no wrong byte is served and hits go on', async (t) => {
  await using lab = await openLab();
  await sufferAll(t, lab, [...ORIGIN_FAULTS, ...PATH_FAULTS, ...EDGE_FAULTS]);
});

test('a shield that dies or hangs is gone round, and taken again when it is back', async (t) => {
  await using lab = await openLab({ hasShield: true });
  await sufferAll(t, lab, SHIELD_FAULTS);
});

test('a shard that dies takes no other with it', { skip: NO_SHARDS }, async (t) => {
  await using lab = await openLab({ hasSibling: true });
  await sufferAll(t, lab, SHARD_FAULTS);
});

async function sufferAll(t: TestContext, lab: Lab, faults: readonly Fault[]): Promise<void> {
  const { loader } = lab;
  const calm: Period[] = [loader.begin('warming up', [])];
  await sleep(WARMING_MS);
  for (const fault of faults) {
    const skip = fault.skip?.(lab) ?? false;
    await t.test(fault.name, { skip }, (t) => suffer(t, lab, fault));
    calm.push(loader.begin(`after ${fault.name}`, []));
    await sleep(CALM_MS);
  }
  await loader.end();
  for (const { name, outcomes, wrong } of calm) {
    assert.deepEqual([...wrong, ...failuresOf(outcomes)], [], name);
  }
  t.diagnostic(`${loader.bytes} bytes of ${loader.replies} replies were compared with the truth`);
}

async function suffer(t: TestContext, lab: Lab, fault: Fault): Promise<void> {
  const { loader } = lab;
  lab.warnings.length = 0;
  const first = loader.begin(fault.name, fault.allowed);
  const end = await fault.inflict(lab);
  const period = fault.keepsWarm === 'once inflicted' ? loader.begin(fault.name, fault.allowed) : first;
  await sleep(FAULT_MS);
  const endedMs = performance.now();
  // What is asked for before full service is back counts for the fault too.
  await end();
  const recoveredMs = await recovered(lab, period, endedMs);
  const counts = [...period.outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(', ');
  t.diagnostic(`recovery after ${fault.name}: ${Math.round(recoveredMs)} ms`);
  t.diagnostic(`${counts}; warm ${period.warmGood} of ${period.warm}`);
  assert.deepEqual([...first.wrong, ...period.wrong], []);
  const failures = [...failuresOf(first.outcomes), ...failuresOf(period.outcomes)];
  assert.deepEqual(
    failures.filter((outcome) => !fault.allowed.includes(outcome)),
    [],
    counts,
  );
  if (fault.keepsWarm !== 'never') {
    assert.ok(period.warm >= WARM_MIN, `${period.warm} requests`);
    assert.ok(period.warmGood >= WARM_SHARE_MIN * period.warm, `${period.warmGood} of ${period.warm}`);
  }
  assert.ok(fault.isFelt(lab, period), `nobody felt it: ${counts}`);
  assert.ok(recoveredMs <= RECOVERY_MS_MAX, `${recoveredMs} ms`);
}

/**
 * How long after the fault's end all was well: the last failure is past, an object that nobody asked for before
 * comes from the origin, and one that changed comes in its newest version.
 */
async function recovered({ loader }: Lab, period: Period, endedMs: number): Promise<number> {
  const live = LIVE[0] as Thing;
  const newest = edition(live, loader.version).etag;
  let wellMs = Number.POSITIVE_INFINITY;
  while (performance.now() < endedMs + RECOVERY_MS_MAX + CALM_MS) {
    const cold = thing('cold', Math.round(performance.now() * 1000), 10_240, 3600);
    const { outcome } = await loader.probe(cold);
    const isWell = outcome === 200 && (await loader.probe(live)).etag === newest;
    if (!isWell) wellMs = Number.POSITIVE_INFINITY;
    else wellMs = Math.max(Math.min(wellMs, performance.now()), period.lastBadMs);
    if (performance.now() - wellMs >= CALM_MS) break;
    await sleep(20);
  }
  return Math.max(0, wellMs - endedMs);
}

function failuresOf(outcomes: ReadonlyMap<Outcome, number>): Outcome[] {
  return [...outcomes.keys()].filter((outcome) => !isGood(outcome));
}
