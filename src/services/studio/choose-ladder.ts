/** What becomes of a film's ladder when its analysis is in, or will never be. Pure. */
import type { PictureAnalysis } from '../../contracts/analysis.ts';
import type { Inspection, Rung } from '../../contracts/tasks.ts';
import type { CodecPolicy } from './codec-policy.ts';
import type { GridConfig } from './grid.ts';
import { named, planLadder } from './ladder.ts';
import { chooseRungs } from './per-title.ts';
import { addRungs, inNewerCodecs, type LadderPlan, type Plan, type Planned } from './plan.ts';
import type { LadderPreset } from './presets.ts';

type PerTitle = Extract<LadderPreset, { kind: 'per-title' }>;

/** A rung that hardly differs in rate from the lowest, which is there already, is left out. */
const ABOVE_LOWEST = 1.3;

/** The plan with the rungs that the analysis speaks for, and their tasks. */
export function chooseLadder(
  found: Inspection,
  plan: Plan,
  config: GridConfig,
  preset: PerTitle,
  analysis: PictureAnalysis,
  policy?: CodecPolicy,
): Planned {
  const { rungsMax, preset: x264 } = preset;
  const chosen = chooseRungs(analysis, { rungsMax, preset: x264, frameRate: found.video.frameRate });
  const lowest = plan.rungs[0] as Rung;
  // The lowest is small; whatever is as small costs the same and shows less.
  const above = chosen.filter(({ width }) => width >= lowest.width * ABOVE_LOWEST || chosen.length === 1);
  if (above.length === 0) return withFixedLadder(found, plan, config, 'the analysis gave no rungs');
  const names = plan.rungs.map(({ name }) => name);
  const rungs = named(above, names);
  return withRungs(found, plan, config, rungs, { state: 'chosen', analysis }, policy);
}

/** The plan with the rungs that all films get for which none are chosen. */
export function withFixedLadder(
  found: Inspection,
  plan: Plan,
  config: GridConfig,
  note: string,
  policy?: CodecPolicy,
): Planned {
  const rungs = planLadder(found.video).slice(1);
  return withRungs(found, plan, config, rungs, { state: 'fixed', note }, policy);
}

/** `rungs` are those of H.264 above the lowest; the policy says which newer codecs come beside them. */
function withRungs(
  found: Inspection,
  plan: Plan,
  config: GridConfig,
  rungs: readonly Rung[],
  outcome: Omit<LadderPlan, 'preset'>,
  policy: CodecPolicy | undefined,
): Planned {
  const other = inNewerCodecs(found, plan.grid, rungs, policy, outcome.analysis);
  const planned = addRungs(found, plan, config, [...rungs, ...other.rungs]);
  const ladder = { preset: plan.ladder?.preset ?? '', ...outcome };
  const weighed = other.decisions.length > 0 ? { codecs: other.decisions } : {};
  return { ...planned, plan: { ...planned.plan, ladder, ...weighed } };
}
