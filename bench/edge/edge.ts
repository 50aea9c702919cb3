/** `npm run bench -- edge`: our edge beside nginx, Varnish and Traffic Server at the works of a video cache. */
import type { BenchOptions, BenchResult, BenchRow } from '../rows.ts';
import { compare } from './compare.ts';
import { COMPARISONS } from './comparisons.ts';
import { type Lab, openLab } from './lab.ts';
import { chooseCongestionControl, describeMachine, hasTool, TOOLS, versionOf } from './machine.ts';

export type Work = { id: string; run(lab: Lab): Promise<BenchRow[]> };

const WORKS: readonly Work[] = [
  ...COMPARISONS.map((comparison) => ({
    id: comparison.id,
    run: (lab: Lab) => compare(lab, comparison),
  })),
];

export const EDGE_WORKS = WORKS.map(({ id }) => id);

export async function runEdge(options: BenchOptions, say: (text: string) => void): Promise<BenchResult> {
  const congestion = chooseCongestionControl();
  await using lab = await openLab(options);
  const rows: BenchRow[] = [];
  for (const { id, run } of WORKS) {
    if (options.only.length > 0 && !options.only.includes(id)) continue;
    say(`measuring ${id}`);
    rows.push(...(await run(lab)));
  }
  const versions = TOOLS.filter(hasTool).map((tool) => `${tool} ${versionOf(tool)}`);
  return {
    rows,
    notes: [
      ...lab.notes,
      '',
      ...describeMachine(congestion),
      `Node ${process.versions.node}, ${versions.join(', ')}`,
    ],
  };
}
