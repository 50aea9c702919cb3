/** Adds the rungs that an analysis decided on to a title's work, in the transaction that takes its result. */
import type { PictureAnalysis } from '../../contracts/analysis.ts';
import { chooseLadder, withFixedLadder } from './choose-ladder.ts';
import type { GridConfig } from './grid.ts';
import type { Plan, Planned } from './plan.ts';
import { type LadderConfig, presetOf } from './presets.ts';
import { insertTasks, updateTitle } from './rows.ts';
import type { TitleRow, Tx } from './tables.ts';

export async function takeAnalysis(
  tx: Tx,
  config: GridConfig & LadderConfig,
  title: TitleRow,
  analysis: PictureAnalysis,
): Promise<void> {
  const { inspection, plan } = title;
  if (!inspection || plan?.ladder?.state !== 'pending') return;
  const preset = presetOf(config.presets, plan.ladder.preset);
  await store(
    tx,
    title,
    preset.kind === 'per-title'
      ? chooseLadder(inspection, plan, config, preset, analysis, config.codecs)
      : withFixedLadder(inspection, plan, config, 'the preset is another by now', config.codecs),
  );
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
