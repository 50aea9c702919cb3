/** What tasks of each kind take here beside what the planner thinks, from a real clip through a real worker. */
import type { TaskKind } from '../../src/contracts/tasks.ts';
import { openFakeStudio } from '../../src/services/encoder/fake-studio.ts';
import { perform, planOurs } from '../encode/ours.ts';
import type { Factors } from './model.ts';

const MEASURED: readonly TaskKind[] = ['encode-video', 'encode-audio'];

/** Processor time over cost, as the workers tell it: neighbours on the machine hardly change it. */
export async function measureFactors(file: string): Promise<Factors> {
  await using studio = await openFakeStudio();
  const stop = await studio.startWorker('worker-1');
  const { tasks, analysisCpuS, analysisCost } = await planOurs(studio, file);
  const sums = new Map<TaskKind, { cpuMs: number; cost: number }>();
  for (const { kind, spec, cost } of tasks) {
    if (!MEASURED.includes(kind)) continue;
    const result = await perform(studio, { ...spec, master: studio.url(file) } as typeof spec);
    const sum = sums.get(kind) ?? { cpuMs: 0, cost: 0 };
    sum.cpuMs += 'cpuS' in result ? result.cpuS * 1000 : 0;
    sum.cost += cost;
    sums.set(kind, sum);
  }
  await stop();
  const factors = [...sums].map(([kind, { cpuMs, cost }]) => [kind, cpuMs / cost] as const);
  return { ...Object.fromEntries(factors), analyse: (analysisCpuS * 1000) / analysisCost };
}
