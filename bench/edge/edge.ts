/** `npm run bench -- edge`: our edge beside nginx, Varnish and Traffic Server at the works of a video cache. */
import { type BenchOptions, type BenchResult, type BenchRow, missingRow } from '../rows.ts';
import { compare } from './compare.ts';
import { COMPARISONS } from './comparisons.ts';
import { measureNoStore, measureTrickle } from './crowds.ts';
import { measureDisk } from './disk.ts';
import { measureConnections, measureObjects } from './growth.ts';
import { measureHalfLoad } from './half-load.ts';
import { type Lab, openLab } from './lab.ts';
import { chooseCongestionControl, describeMachine, hasTool, TOOLS, versionOf } from './machine.ts';
import { measureMemory } from './memory.ts';
import { measureTrouble } from './trouble.ts';

export type Work = { id: string; run(lab: Lab): Promise<BenchRow[]> };

const WORKS: readonly Work[] = [
  ...COMPARISONS.map((comparison) => ({
    id: comparison.id,
    run: (lab: Lab) => compare(lab, comparison),
  })),
  { id: 'disk', run: measureDisk },
  { id: 'connections', run: measureConnections },
  { id: 'objects', run: measureObjects },
  { id: 'half-load', run: measureHalfLoad },
  { id: 'memory', run: measureMemory },
  { id: 'crowd', run: measureTrickle },
  { id: 'no-store', run: measureNoStore },
  { id: 'trouble', run: measureTrouble },
];

export const EDGE_WORKS = WORKS.map(({ id }) => id);

export async function runEdge(
  options: BenchOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BenchResult> {
  const congestion = chooseCongestionControl();
  await using lab = await openLab(options, signal);
  const rows: BenchRow[] = [];
  for (const { id, run } of WORKS) {
    if (options.only.length > 0 && !options.only.includes(id)) continue;
    say(`measuring ${id}`);
    try {
      rows.push(...(await run(lab)));
    } catch (error) {
      // One work that cannot be measured must not cost the figures of all others.
      rows.push(missingRow(id, 'measured', 'ours', (error as Error).message.slice(0, 200)));
    }
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
