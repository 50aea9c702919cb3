/**
 * Compares policies of eviction by the bytes and requests that they save, at caches of 1, 5, 10 and 20 % of all bytes
 * that a workload asks for. `node bench/eviction/eviction.ts [--json]`. What follows from it is in
 * `docs/decisions/eviction.md`.
 */
import { parseArgs } from 'node:util';
import type { BenchRow } from '../rows.ts';
import { POLICIES, type PolicyRow } from './policies.ts';
import { realTraces } from './real-traces.ts';
import { type Outcome, simulate } from './simulate.ts';
import { footprint, type Trace } from './trace.ts';
import { vodTrace } from './vod.ts';
import { premiereTrace, scanTrace, zipfTrace } from './workloads.ts';

const SHARES = [1, 5, 10, 20];
/** How far below the best simple policy ours may be on traces of other services. */
const BELOW_MAX = 1;

type Workload = { name: string; kind: 'plays' | 'synthetic' | 'real'; open(): Trace | string };
type Result = { policy: PolicyRow; outcomes: Outcome[] };

const WORKLOADS: readonly Workload[] = [
  ...[12, 48].map((hours): Workload => {
    const name = `VoD sessions over ${hours} h`;
    return {
      name,
      kind: 'plays',
      open: () => vodTrace({ seed: 20 + hours, name, titles: 160, plays: 700, hours }),
    };
  }),
  { name: 'Zipf 0.9 (IRM)', kind: 'synthetic', open: () => zipfTrace(1) },
  { name: 'scan over a hot set', kind: 'synthetic', open: () => scanTrace(2) },
  { name: 'premiere', kind: 'synthetic', open: () => premiereTrace(3) },
];

export async function runEviction({ json }: { json: boolean }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const real = realTraces().map(({ name, trace }): Workload => ({ name, kind: 'real', open: () => trace }));
  for (const workload of [...WORKLOADS, ...real]) {
    const trace = workload.open();
    if (typeof trace === 'string') {
      rows.push({
        work: workload.name,
        ours: null,
        peer: trace,
        value: null,
        goal: goalOf(workload),
        met: null,
      });
      if (!json) console.log(`\n${workload.name}: ${trace}`);
      continue;
    }
    const results = compare(trace, workload);
    if (!json) print(workload, trace, results);
    rows.push(...SHARES.flatMap((share, i) => rowsOf(workload, share, i, results)));
  }
  return rows;
}

function compare(trace: Trace, { kind }: Workload): Result[] {
  const bytes = footprint(trace);
  return POLICIES.filter((policy) => policy.kind !== 'ahead' || kind === 'plays').map((policy) => ({
    policy,
    outcomes: SHARES.map((share) => simulate(trace, policy.create(trace, Math.floor((bytes * share) / 100)))),
  }));
}

function goalOf({ kind }: Workload): string {
  if (kind === 'plays') return 'above S3-FIFO';
  return `at most ${BELOW_MAX} point below the best simple policy`;
}

/** `value` is by how many points ours is above what the goal compares it with. */
function rowsOf(workload: Workload, share: number, i: number, results: readonly Result[]): BenchRow[] {
  const row = (what: string, of: (outcome: Outcome) => number, isGoal: boolean): BenchRow => {
    const numbers = results.map(({ policy, outcomes }) => {
      const outcome = outcomes[i];
      return { policy, percent: outcome ? of(outcome) : 0 };
    });
    const ours = numbers.find(({ policy }) => policy.kind === 'ours')?.percent ?? 0;
    const peers = numbers.filter(({ policy }) => policy.kind === 'simple');
    const rivals =
      workload.kind === 'plays' ? peers.filter(({ policy }) => policy.name === 'S3-FIFO') : peers;
    const value = round(ours - Math.max(...rivals.map(({ percent }) => percent)));
    const isMet = workload.kind === 'plays' ? value > 0 : value >= -BELOW_MAX;
    return {
      work: `${workload.name}, ${what} hit %, cache ${share} %`,
      ours: round(ours),
      peer: numbers
        .filter(({ policy }) => policy.kind === 'simple' || policy.kind === 'optimum')
        .map(({ policy, percent }) => `${policy.name} ${percent.toFixed(1)}`)
        .join(', '),
      value,
      goal: isGoal ? goalOf(workload) : 'reported',
      met: isGoal ? isMet : null,
    };
  };
  // On made-up workloads without plays nothing was promised.
  const isGoal = workload.kind !== 'synthetic';
  return [
    row('byte', ({ byteHits }) => byteHits, isGoal),
    row('object', ({ objectHits }) => objectHits, false),
    ...results
      .filter(({ policy }) => policy.kind === 'ahead')
      .flatMap((ahead) => aheadRow(workload, share, i, ahead)),
  ];
}

/** What fetching ahead brings is no saving, so it stands apart: hits that the origin sent the bytes for. */
function aheadRow(workload: Workload, share: number, i: number, { policy, outcomes }: Result): BenchRow[] {
  const outcome = outcomes[i];
  if (!outcome) return [];
  return [
    {
      work: `${workload.name}, ${policy.name}, cache ${share} %`,
      ours: round(outcome.byteHits),
      peer: `fetched ahead and used ${outcome.aheadHits.toFixed(1)}, sent by the origin ${outcome.originBytes.toFixed(1)}`,
      value: round(outcome.aheadHits),
      goal: 'reported',
      met: null,
    },
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function print(workload: Workload, trace: Trace, results: readonly Result[]): void {
  const gigabytes = (footprint(trace) / 1e9).toFixed(1);
  console.log(`\n${workload.name}: ${trace.objects.length} requests, ${gigabytes} GB of objects`);
  console.log(
    `| cache ${SHARES.join(' / ')} % | bytes hit % | requests hit % | fetched ahead and used % | origin sent % |`,
  );
  console.log('|---|---|---|---|---|');
  for (const { policy, outcomes } of results) {
    const cells = (['byteHits', 'objectHits', 'aheadHits', 'originBytes'] as const).map((part) =>
      outcomes.map((outcome) => outcome[part].toFixed(1)).join(' / '),
    );
    console.log(`| ${policy.name} | ${cells.join(' | ')} |`);
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const rows = await runEviction(values);
  if (values.json) console.log(JSON.stringify({ rows }));
  else console.log(`\ngoals missed: ${rows.filter(({ met }) => met === false).length}`);
  process.exitCode = rows.some(({ met }) => met === false) ? 1 : 0;
}
