import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FillAnnouncement } from '../../contracts/fill.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openSqliteTables } from '../../ports/tables/embedded.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { openFillPlans } from './fill-plan.ts';
import { createPopularity, HALF_LIFE_MS } from './popularity.ts';

let folder: string;
let tables: Tables;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fill-plan-'));
  tables = await openSqliteTables({ file: join(folder, 't.sqlite'), clock: systemClock, log: silentLog });
});
after(async () => {
  await tables.close();
  await rm(folder, { recursive: true, force: true });
});

const announcement = (number: number, bytes = 1000): FillAnnouncement => ({
  ...{ number, hashes: 'titles/a/1/p1/hashes.json', sha256: 'x'.repeat(43), size: 10, bytes },
});

async function openPlans(name: string, state = { ms: 1_000_000 }) {
  const clock = { ...systemClock, now: () => state.ms, monotonic: () => state.ms };
  const plans = await openFillPlans(tables.table(name), clock, new AbortController().signal);
  const titles = () => plans.plan().titles.map(({ title, whole }) => `${title}${whole ? '+' : ''}`);
  return { state, plans, titles };
}

test('a publication reaches edges that wait, outlives a restart, and an older one changes nothing', async () => {
  const { state, plans, titles } = await openPlans('restart');
  const { version } = plans.plan();
  const waiting = plans.take(version, 5000);
  await plans.announce('a', announcement(2));
  const plan = await waiting;
  assert.notEqual(plan.version, version);
  assert.deepEqual(plan.titles, [{ ...announcement(2), title: 'a', whole: false }]);
  await plans.announce('a', announcement(1));
  state.ms++;
  await plans.announce('b', announcement(1));
  assert.deepEqual(titles(), ['b', 'a']);
  assert.equal((await plans.take(plans.plan().version, 10)).version, plans.plan().version);
  const again = await openPlans('restart', { ms: state.ms + 5000 });
  assert.deepEqual(again.titles(), ['b', 'a']);
  assert.equal(again.plans.plan().titles[1]?.number, 2);
  assert.notEqual(again.plans.plan().version, plans.plan().version);
});

test('what is streamed most for its size is wanted whole, and no more when it is not streamed', async () => {
  const { state, plans, titles } = await openPlans('hot');
  await plans.announce('small', announcement(1, 1000));
  await plans.announce('large', announcement(1, 1_000_000));
  await plans.announce('quiet', announcement(1, 1000));
  plans.hear([
    { title: 'large', bytes: 600_000 },
    { title: 'small', bytes: 2000 },
    { title: 'quiet', bytes: 100 },
    { title: 'unknown', bytes: 1e9 },
  ]);
  assert.deepEqual(titles(), ['small+', 'large+', 'quiet']);
  const { version } = plans.plan();
  plans.hear([]);
  assert.equal(plans.plan().version, version);
  state.ms += HALF_LIFE_MS;
  plans.hear([]);
  assert.deepEqual(titles(), ['small+', 'quiet', 'large']);
});

test('half of what was streamed is forgotten within a half-life, and few titles are remembered', () => {
  const state = { ms: 0 };
  const popularity = createPopularity({ monotonic: () => state.ms }, 1000);
  popularity.add('a', 800);
  state.ms = 1000;
  assert.equal(popularity.of('a'), 400);
  popularity.add('a', 100);
  state.ms = 3000;
  assert.equal(popularity.of('a'), 125);
  for (let n = 0; n < 2000; n++) popularity.add(`t${n}`, n === 7 ? 1 : 1000);
  assert.deepEqual([popularity.of('t7'), popularity.of('a')], [0, 125]);
});
