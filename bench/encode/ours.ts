/** Our ladder for one film, made by the product's own planner and worker, with what each part cost. */
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inspection, TaskResult, TaskSpec } from '../../src/contracts/tasks.ts';
import type { FakeStudio } from '../../src/services/encoder/fake-studio.ts';
import { chooseLadder } from '../../src/services/studio/choose-ladder.ts';
import { type Plan, type PlannedTask, planFilm } from '../../src/services/studio/plan.ts';
import { presetOf, readPresets } from '../../src/services/studio/presets.ts';
import type { MadeRung } from './apple.ts';

export const GRID = { segmentS: 4, chunkS: 24, gopS: 2 };

export type OurFilm = {
  readonly found: Inspection;
  readonly rungs: MadeRung[];
  readonly analysisCpuS: number;
  readonly encodeCpuS: number;
};

export type Planned = {
  found: Inspection;
  plan: Plan;
  tasks: PlannedTask[];
  analysisCpuS: number;
  /** What the planner thinks of it, in milliseconds. */
  analysisCost: number;
};

/** Inspects and analyses, and gives the whole plan of the film. */
export async function planOurs(studio: FakeStudio, file: string): Promise<Planned> {
  const master = studio.url(file);
  const inspected = await perform(studio, { kind: 'inspect', master, bytes: (await stat(file)).size });
  if (inspected.kind !== 'inspect' || inspected.outcome.verdict !== 'accepted') throw new Error('refused');
  const found = inspected.outcome.inspection;
  const preset = presetOf(readPresets(), 'per-title');
  if (preset.kind !== 'per-title') throw new Error('the preset is another');
  const first = planFilm(found, GRID, { name: 'per-title', preset });
  const { spec, cost: analysisCost = 0 } = first.tasks.find(({ kind }) => kind === 'analyse') ?? {};
  if (spec?.kind !== 'analyse') throw new Error('no analysis is planned');
  const analysed = await perform(studio, { ...spec, master });
  if (analysed.kind !== 'analyse') throw new Error('no analysis came');
  const rest = chooseLadder(found, first.plan, GRID, preset, analysed.analysis);
  const tasks = [...first.tasks.filter(({ kind }) => kind !== 'analyse'), ...rest.tasks];
  return { found, plan: rest.plan, tasks, analysisCpuS: analysed.analysis.cpuS, analysisCost };
}

export async function encodeOurs(studio: FakeStudio, file: string, folder: string): Promise<OurFilm> {
  const { found, plan, tasks, analysisCpuS } = await planOurs(studio, file);
  const master = studio.url(file);
  const rungs: MadeRung[] = [];
  let encodeCpuS = 0;
  for (const rung of plan.rungs) {
    const chunks = tasks.filter(({ track, kind }) => track === rung.name && kind === 'encode-video');
    // The clips of this benchmark are shorter than a chunk.
    if (chunks.length !== 1) throw new Error('the clip is longer than one chunk');
    const running = studio.run({ ...(chunks[0] as PlannedTask).spec, master } as TaskSpec);
    const end = await running;
    if (end.end !== 'done' || end.result.kind !== 'encode-video')
      throw new Error(`an encode failed: ${JSON.stringify(end)}`);
    const made = join(folder, `ours-${rung.name}.mp4`);
    await copyFile(studio.output(running.task, end.result.file), made);
    const { bytes, cpuS, frames } = end.result;
    const durationS = (frames * found.video.frameRate.den) / found.video.frameRate.num;
    encodeCpuS += cpuS;
    rungs.push({
      file: made,
      width: rung.width,
      height: rung.height,
      bitsPerS: (bytes * 8) / durationS,
      bytes,
      cpuS,
    });
  }
  return { found, rungs, analysisCpuS, encodeCpuS };
}

/** Rejects when the worker reports a failure. */
export async function perform(studio: FakeStudio, spec: TaskSpec): Promise<TaskResult> {
  const end = await studio.run(spec);
  if (end.end === 'failed') throw new Error(`${spec.kind} failed: ${end.message} ${end.log}`);
  return end.result;
}
