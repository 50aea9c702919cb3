/**
 * Everything around an edge fails in turn while viewers ask: no wrong byte is ever served, what memory or disk can
 * answer goes on, and full service is back soon. Each fault is a row of a table; its recovery time is printed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTokenMint, PREFIX } from '../edge.testing.ts';
import { createRandom, type Random } from '../fuzz.testing.ts';
import { type Child, startChild } from './child.testing.ts';
import { damage, fill, hang, makeRoom, mountSmall, unmount } from './disk-faults.testing.ts';
import type { EdgeSetup } from './edge-process.testing.ts';
import { type Link, type LinkMode, openLink } from './link.testing.ts';
import { isGood, Loader, type Outcome, type Period } from './loader.testing.ts';
import type { OriginSetup } from './origin-process.testing.ts';
import { edition, type Thing, thing } from './truth.testing.ts';

const SEED = 3;
const FAULT_MS = 1500;
const CALM_MS = 400;
const RECOVERY_MS_MAX = 5000;
const WARM_SHARE_MIN = 0.99;
const FILE_SYSTEM_BYTES = 64 * 1024 * 1024;

type Lab = {
  origin: Child;
  link: Link;
  edge: Child;
  loader: Loader;
  random: Random;
  folder: string;
  /** Why the disk cannot be filled here. */
  unfillable: string | undefined;
  warnings: string[];
};

type Fault = {
  readonly name: string;
  /** What viewers may get besides 200, 206 and 304. */
  readonly allowed: readonly Outcome[];
  /** False when even what the edge has cannot be had meanwhile. */
  readonly keepsWarm: boolean;
  /** Gives back what ends the fault. */
  inflict(lab: Lab): Promise<() => Promise<void> | void>;
  /** How the edge or its viewers felt it: a fault that nobody feels proves nothing. */
  isFelt(lab: Lab, period: Period): boolean;
  skip?(lab: Lab): string | undefined;
};

const isFailed = (_lab: Lab, { outcomes }: Period) =>
  [...outcomes.keys()].some((outcome) => outcome === 'broken' || Number(outcome) >= 500);
const hasWarned = (text: RegExp) => (lab: Lab) => lab.warnings.some((warning) => text.test(warning));
const linkFault = (name: string, mode: LinkMode, allowed: readonly Outcome[]): Fault => ({
  ...{ name, allowed, keepsWarm: true, isFelt: isFailed },
  inflict: async ({ link }) => {
    link.set(mode);
    return () => link.set('open');
  },
});

const ORIGIN_FAULTS: readonly Fault[] = [
  {
    ...{ name: 'origin killed', allowed: [502, 'broken'], keepsWarm: true, isFelt: isFailed },
    inflict: async ({ origin }) => {
      await origin.kill();
      return () => origin.restart();
    },
  },
  {
    ...{ name: 'origin stopped', allowed: [502, 503, 504, 'broken'], keepsWarm: true, isFelt: isFailed },
    inflict: async ({ origin }) => {
      origin.stop();
      return () => origin.goOn();
    },
  },
  {
    ...{ name: 'new version at the origin', allowed: ['broken'], keepsWarm: true },
    inflict: async ({ origin, loader }) => {
      loader.version++;
      origin.tell({ version: loader.version });
      return () => undefined;
    },
    isFelt: ({ loader }) => loader.version > 0,
  },
];

/** What stands between the edge and the origin. A tier that comes to stand there adds its rows here. */
const PATH_FAULTS: readonly Fault[] = [
  linkFault('link cut', 'cut', [502, 'broken']),
  linkFault('link stalled', 'stalled', [502, 503, 504, 'broken']),
  {
    ...linkFault('link slow', 'slow', [504, 'broken']),
    // Patience is what is asked for here.
    isFelt: (_lab, { outcomes }) => outcomes.size > 0,
  },
  linkFault('bodies cut short by the link', 'truncating', [502, 'broken']),
  linkFault('replies garbled by the link', 'garbling', [502, 'broken']),
];

const EDGE_FAULTS: readonly Fault[] = [
  {
    ...{ name: 'edge killed', allowed: [503, 'refused', 'broken'], keepsWarm: false },
    inflict: async ({ edge }) => {
      await edge.kill();
      return () => edge.restart();
    },
    isFelt: (_lab, { outcomes }) => outcomes.has('refused'),
  },
  {
    ...{ name: 'disk corrupted', allowed: [], keepsWarm: true },
    inflict: async ({ folder, random }) => {
      await damage(folder, random);
      return () => undefined;
    },
    isFelt: hasWarned(/damaged file/),
  },
  {
    ...{ name: 'disk full', allowed: [], keepsWarm: true },
    skip: ({ unfillable }) => unfillable,
    inflict: async ({ folder }) => {
      await fill(folder);
      return () => makeRoom(folder);
    },
    isFelt: hasWarned(/rests.*ENOSPC/),
  },
  {
    ...{ name: 'disk hung', allowed: [], keepsWarm: true },
    inflict: ({ folder }) => hang(folder),
    isFelt: hasWarned(/slow and rests/),
  },
];

test('whatever fails around an edge, no wrong byte is served and hits go on', async (t) => {
  await using stack = new AsyncDisposableStack();
  const lab = await openLab(stack);
  const { loader } = lab;
  startViewers(lab);
  const calm: Period[] = [loader.begin('warming up', [])];
  await sleep(3000);
  for (const fault of [...ORIGIN_FAULTS, ...PATH_FAULTS, ...EDGE_FAULTS]) {
    const skip = fault.skip?.(lab);
    await t.test(fault.name, { skip: skip ?? false }, (t) => suffer(t, lab, fault));
    calm.push(loader.begin(`after ${fault.name}`, []));
    await sleep(CALM_MS);
  }
  await loader.end();
  assert.deepEqual(loader.wrong, []);
  for (const { name, outcomes } of calm) assert.deepEqual(bad(outcomes), [], name);
  t.diagnostic(`${loader.bytes} bytes of ${loader.replies} replies compared, none wrong`);
});

async function suffer(t: TestContext, lab: Lab, fault: Fault): Promise<void> {
  const { loader } = lab;
  lab.warnings.length = 0;
  const period = loader.begin(fault.name, fault.allowed);
  const end = await fault.inflict(lab);
  await sleep(FAULT_MS);
  const endedMs = performance.now();
  // What is asked for before full service is back counts for the fault too.
  await end();
  const recoveredMs = await recovered(lab, period, endedMs);
  const counts = [...period.outcomes].map(([outcome, count]) => `${outcome}: ${count}`).join(', ');
  t.diagnostic(`recovery after ${fault.name}: ${Math.round(recoveredMs)} ms`);
  t.diagnostic(`${counts}; warm ${period.warmGood} of ${period.warm}`);
  assert.deepEqual(loader.wrong, []);
  assert.deepEqual(
    bad(period.outcomes).filter((outcome) => !fault.allowed.includes(outcome)),
    [],
    counts,
  );
  if (fault.keepsWarm) {
    assert.ok(period.warm > 100, `${period.warm} requests are too few to tell`);
    assert.ok(period.warmGood >= WARM_SHARE_MIN * period.warm, `${period.warmGood} of ${period.warm}`);
  }
  assert.ok(fault.isFelt(lab, period), `nobody felt it: ${counts}`);
  assert.ok(recoveredMs <= RECOVERY_MS_MAX, `${recoveredMs} ms`);
}

/**
 * How long after the fault's end all was well: the last failure is past, an object that nobody asked for before
 * comes from the origin, and what changed is told in its new version.
 */
async function recovered({ loader }: Lab, period: Period, endedMs: number): Promise<number> {
  let wellMs = Number.POSITIVE_INFINITY;
  while (performance.now() < endedMs + RECOVERY_MS_MAX + CALM_MS) {
    const now = performance.now();
    const cold = await loader.probe(thing('cold', Math.round(now * 1000), 10_240, 3600));
    const live = await loader.probe(LIVE[0] as Thing);
    const isWell = cold.outcome === 200 && live.etag === edition(LIVE[0] as Thing, loader.version).etag;
    if (!isWell) wellMs = Number.POSITIVE_INFINITY;
    else wellMs = Math.max(Math.min(wellMs, performance.now()), period.lastBadMs);
    if (performance.now() - wellMs >= CALM_MS) break;
    await sleep(20);
  }
  return Math.max(0, wellMs - endedMs);
}

function bad(outcomes: ReadonlyMap<Outcome, number>): Outcome[] {
  return [...outcomes.keys()].filter((outcome) => !isGood(outcome));
}

/** Every third object is asked for anew each second, so that copies past their time are there in every fault. */
function things(kind: 'film' | 'live', from: number, count: number, size: number): Thing[] {
  return Array.from({ length: count }, (_, i) =>
    thing(kind, from + i, size, kind === 'live' || i % 3 === 0 ? 1 : 3600),
  );
}

const SMALL = things('film', 0, 120, 10_240);
const MEDIUM = things('film', 200, 50, 300_000);
const LARGE = things('film', 300, 10, 2_000_000);
const SLICED = things('film', 400, 2, 9_000_000);
const LIVE = [
  ...things('live', 0, 2, 10_240),
  ...things('live', 10, 2, 300_000),
  ...things('live', 20, 1, 2_000_000),
  ...things('live', 30, 1, 9_000_000),
];
/** Asked for so often that they are always in memory or on the disk. */
const WARM = [...SMALL.slice(0, 30), ...MEDIUM.slice(0, 8)];

function startViewers({ loader, random }: Lab): void {
  const all = shuffled([...SMALL, ...MEDIUM, ...LARGE, ...SLICED, ...LIVE, ...LIVE], random);
  const pickPopular = zipf(all, random);
  loader.run(6, 35, true, () => WARM[random(WARM.length)] as Thing);
  loader.run(12, 110, false, pickPopular);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random(2 ** 32) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** The r-th in rank is asked for in proportion to 1 / r^0.8, as titles of a catalogue about are. */
function zipf(items: readonly Thing[], random: Random): () => Thing {
  const sums: number[] = [];
  for (const i of items.keys()) sums.push((sums.at(-1) ?? 0) + (i + 1) ** -0.8);
  return () => {
    const dice = (random(2 ** 30) / 2 ** 30) * (sums.at(-1) as number);
    return items[sums.findIndex((sum) => dice < sum)] as Thing;
  };
}

async function openLab(stack: AsyncDisposableStack): Promise<Lab> {
  const random = createRandom(SEED);
  const folder = await mkdtemp(join(tmpdir(), 'edge-chaos-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const unfillable = await mountSmall(folder, FILE_SYSTEM_BYTES);
  if (unfillable === undefined) stack.defer(() => unmount(folder));
  const mint = createTokenMint('chaos');
  const warnings: string[] = [];
  let versionNow = () => 0;
  const origin = stack.use(
    await startChild('origin-process.testing.ts', (port): OriginSetup => ({ port, version: versionNow() })),
  );
  const link = stack.use(await openLink(origin.port, random));
  const { id, publicKey } = mint;
  const edge = stack.use(
    await startChild(
      'edge-process.testing.ts',
      (port): EdgeSetup => ({ port, originPort: link.port, folder, key: { id, publicKey } }),
      (warning) => warnings.push(warning),
    ),
  );
  const inAnHourS = Math.floor(Date.now() / 1000) + 3600;
  const loader = new Loader(() => edge.port, mint.mint(PREFIX, inAnHourS), random);
  stack.defer(() => loader.end());
  versionNow = () => loader.version;
  return { origin, link, edge, loader, random, folder, unfillable, warnings };
}
