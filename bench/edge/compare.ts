/** Puts the same load on several servers in turn, round by round, and compares what they did. */
import { type BenchRow, median, medianRatio, row } from '../rows.ts';
import type { Lab } from './lab.ts';
import { burst, type Load, type Sample } from './load.ts';
import type { BenchServer, Door, ServerName } from './server.ts';
import { warm } from './warm.ts';

export type Comparison = {
  id: string;
  work: string;
  door: Door;
  objects: readonly string[];
  load: Pick<Load, 'client' | 'connections' | 'headers' | 'rate'>;
  figure: Figure;
  /** What our figure divided by a peer's should be. */
  goals: readonly { peer: ServerName; factor: string }[];
};

const FIGURES = {
  'requests/s': (sample: Sample) => sample.perSecond,
  'us CPU/MB': (sample: Sample) => sample.cpuUsPerMb,
  'us CPU/request': (sample: Sample) => sample.cpuUs,
  'ms to first byte (p50)': (sample: Sample) => sample.firstP50Ms ?? sample.p50Ms ?? Number.NaN,
} as const;
type Figure = keyof typeof FIGURES;

export type Contender = { server: BenchServer; load: Load };
export type Samples = Map<ServerName, Sample[]>;

export async function compare(lab: Lab, comparison: Comparison): Promise<BenchRow[]> {
  const { goals, work, figure } = comparison;
  const names: ServerName[] = ['ours', ...goals.map(({ peer }) => peer)];
  const contenders: Contender[] = [];
  const missing = new Map<ServerName, string>();
  for (const name of names) {
    const server = await lab.server(name);
    const found = 'missing' in server ? server : await contender(lab, server, comparison);
    if ('missing' in found) missing.set(name, found.missing);
    else contenders.push(found);
  }
  // Peers are measured even where ours cannot be: their figures are what it will be held to.
  const samples = await runRounds(lab, contenders);
  lab.notes.push(...describeSamples(`${work} [${comparison.id}]`, samples));
  return goals.map(({ peer, factor }) => {
    const title = `${work}, ${figure}`;
    const goal = `${factor} x ${peer}`;
    const theirs = samples.get(peer);
    const mine = samples.get('ours');
    if (mine && theirs) return ratioRow(title, goal, figure, mine, theirs);
    return {
      ...row(title, goal, { ours: null, peer: null, value: null }),
      ours: missing.get('ours') ?? middle(figure, mine),
      peer: missing.get(peer) ?? middle(figure, theirs),
    };
  });
}

function middle(figure: Figure, samples: readonly Sample[] = []): number {
  return Math.round(median(samples.map(FIGURES[figure])));
}

async function contender(
  lab: Lab,
  server: BenchServer,
  { door, objects, load }: Comparison,
): Promise<Contender | { missing: string }> {
  const urls: string[] = [];
  for (const object of objects) {
    const url = server.url(door, object);
    if (typeof url !== 'string') return url;
    urls.push(url);
  }
  // What is warm by one door is warm by all of them.
  await warm(objects.map((object) => server.url('plain', object) as string));
  return { server, load: { ...load, urls, seconds: lab.burstS } };
}

/** Each round starts with another server, so that none always follows the same one. */
export async function runRounds(lab: Lab, contenders: readonly Contender[]): Promise<Samples> {
  const samples: Samples = new Map(contenders.map(({ server }) => [server.name, []]));
  const before = await lab.origin.requestsForAll();
  for (const { server, load } of contenders) {
    // What a JIT compiler has not seen yet is slow; the others need no such round when time is short.
    if (!lab.options.quick || (server.name === 'ours' && lab.isFirstUse(load.client)))
      await burst(server, load);
  }
  for (let round = 0; round < lab.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const { server, load } = contenders[(round + turn) % contenders.length] as Contender;
      samples.get(server.name)?.push(await burst(server, load));
    }
  }
  const fetched = (await lab.origin.requestsForAll()) - before;
  if (fetched > 0) lab.notes.push(`WARNING: ${fetched} requests reached the origin while hits were measured`);
  return samples;
}

export function ratioRow(
  work: string,
  goal: string,
  figure: Figure,
  ours: readonly Sample[],
  peer: readonly Sample[],
): BenchRow {
  const mine = ours.map(FIGURES[figure]);
  const theirs = peer.map(FIGURES[figure]);
  return row(work, goal, { ours: median(mine), peer: median(theirs), value: medianRatio(mine, theirs) });
}

/** Medians of all that was seen, one line a server. */
export function describeSamples(title: string, samples: Samples): string[] {
  const lines = [...samples].map(([name, taken]) => {
    const mid = (read: (sample: Sample) => number | undefined) =>
      median(taken.map(read).filter((value) => value !== undefined));
    const errors = taken.reduce((sum, sample) => sum + sample.errors, 0);
    const perSecond = mid((sample) => sample.perSecond);
    const gbPerSecond = mid((sample) => sample.bytes / sample.seconds) / 1e9;
    const parts = [
      `${Math.round(perSecond)}/s`,
      `${gbPerSecond.toFixed(2)} GB/s`,
      `${mid((sample) => sample.cpuUs).toFixed(1)} us CPU/request`,
      `${(mid((sample) => sample.cpuUsPerMb) / 1000).toFixed(3)} s CPU/GB`,
      `p50/p99 ${fixed(mid((sample) => sample.p50Ms))}/${fixed(mid((sample) => sample.p99Ms))} ms`,
      `first byte ${fixed(mid((sample) => sample.firstP50Ms))}/${fixed(mid((sample) => sample.firstP99Ms))} ms`,
      `core ${Math.round(mid((sample) => sample.busy) * 100)} %`,
      `client's core ${Math.round(mid((sample) => sample.clientBusy) * 100)} %`,
      ...(errors > 0 ? [`${errors} ERRORS`] : []),
    ];
    return `  ${name.padEnd(14)} ${parts.join(', ')}`;
  });
  return lines.length > 0 ? [title, ...lines, ...byProcessorTime(samples)] : [];
}

/** On a machine that others use too, processor time says more than requests a second. */
function byProcessorTime(samples: Samples): string[] {
  const ours = samples.get('ours')?.map(({ cpuUs }) => cpuUs);
  if (!ours) return [];
  const ratios = [...samples]
    .filter(([name]) => name !== 'ours')
    .map(
      ([name, taken]) =>
        `${medianRatio(
          taken.map(({ cpuUs }) => cpuUs),
          ours,
        ).toFixed(2)} x ${name}`,
    );
  return ratios.length > 0 ? [`  ours by processor time: ${ratios.join(', ')}`] : [];
}

function fixed(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '-';
}
