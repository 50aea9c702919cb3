/** Adds the rungs that an analysis decided on to a title's work, in the transaction that takes its result. */
import type { PictureAnalysis } from '../../contracts/analysis.ts';
import type { Clock } from '../../platform/clock.ts';
import { chooseLadder, withFixedLadder } from './choose-ladder.ts';
import type { CodecPolicy } from './codec-policy.ts';
import type { GridConfig } from './grid.ts';
import { recordEstimate } from './job-estimate.ts';
import { type Past, readPast } from './past-rows.ts';
import type { Plan, Planned } from './plan.ts';
import { type LadderConfig, presetOf } from './presets.ts';
import { insertTasks, updateTitle } from './rows.ts';
import type { TitleRow, Tx } from './tables.ts';

/** By what newer codecs are weighed for a title; undefined where none are to be made. */
export function policyOf(
  { codecs = [], prices, expectedViews = 0 }: LadderConfig,
  { expected_views: own }: Pick<TitleRow, 'expected_views'>,
  { savings, cpu }: Past,
): CodecPolicy | undefined {
  return codecs.length === 0 ? undefined : { codecs, prices, views: own ?? expectedViews, savings, cpu };
}

export async function takeAnalysis(
  tx: Tx,
  clock: Clock,
  config: GridConfig & LadderConfig,
  title: TitleRow,
  analysis: PictureAnalysis,
): Promise<void> {
  const { inspection, plan } = title;
  if (!inspection || plan?.ladder?.state !== 'pending') return;
  const preset = presetOf(config.presets, plan.ladder.preset);
  const past = await readPast(tx);
  const policy = policyOf(config, title, past);
  const planned =
    preset.kind === 'per-title'
      ? chooseLadder(inspection, plan, config, preset, analysis, policy)
      : withFixedLadder(inspection, plan, config, 'the preset is another by now', policy);
  await store(tx, title, planned);
  const expected = { found: inspection, plan: planned.plan, preset: plan.ladder.preset, policy, past };
  await recordEstimate(tx, 'revised', title, { ...expected, nowMs: clock.now() });
}

/** Without an analysis the film gets the ladder of all others. */
export async function giveUpAnalysis(
  tx: Tx,
  config: GridConfig,
  title: TitleRow,
  why: string,
): Promise<void> {
  const { inspection, plan } = title;
  if (!inspection || plan?.ladder?.state !== 'pending') return;
  await store(tx, title, withFixedLadder(inspection, plan, config, `it could not be analysed: ${why}`));
}

async function store(tx: Tx, title: TitleRow, { plan, tasks }: Planned): Promise<void> {
  await insertTasks(tx, title.title, title.version, tasks);
  await updateTitle(tx, title.title, { plan: JSON.stringify(plan satisfies Plan) });
}
