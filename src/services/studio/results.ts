/** What follows from a task's result, in the transaction that stores it. */
import type { Inspection, TaskResult } from '../../contracts/tasks.ts';
import type { Clock } from '../../platform/clock.ts';
import type { GridConfig } from './grid.ts';
import { recordEstimate } from './job-estimate.ts';
import { policyOf, takeAnalysis } from './late-ladder.ts';
import { adoptLight, takeGlance, takeSpan } from './light.ts';
import { readPast } from './past-rows.ts';
import { planFilm } from './plan.ts';
import { type LadderConfig, presetOf } from './presets.ts';
import { insertTasks, lockTitle, updateTask, updateTitle } from './rows.ts';
import { dropTasks, giveUp } from './setbacks.ts';
import { adoptTexts } from './sidecars.ts';
import type { TaskRow, TitleRow, Tx } from './tables.ts';

/** Resolves to the ids of tasks that nobody needs any more. */
export async function takeResult(
  tx: Tx,
  clock: Clock,
  config: GridConfig & LadderConfig,
  title: TitleRow,
  task: TaskRow,
  result: TaskResult,
): Promise<string[]> {
  if (result.kind === 'glance') return takeGlance(tx, clock, config, title, result);
  if (result.kind === 'first-light') return takeSpan(tx, clock, config, title);
  if (result.kind === 'inspect') {
    const { outcome } = result;
    if (outcome.verdict === 'refused') return giveUp(tx, clock, title, outcome);
    await beginEncoding(tx, clock, config, title, outcome.inspection);
    return [];
  }
  if (result.kind === 'analyse') {
    await takeAnalysis(tx, clock, config, title, result.analysis);
    return [];
  }
  // A stream without sound has nothing to package; the film does without it.
  if (result.kind === 'encode-audio' && result.file === null) return dropTasks(tx, title, task.track);
  if (await isOpen(tx, task)) return [];
  const next = `${task.title}-${task.version}-${task.track}-package`;
  await updateTask(tx, next, { state: 'queued' });
  return [];
}

export async function beginEncoding(
  tx: Tx,
  clock: Clock,
  config: GridConfig & LadderConfig,
  title: TitleRow,
  found: Inspection,
): Promise<void> {
  const name = title.preset || config.ladder;
  const { soundCodecs, loudnessLufs } = config;
  const past = await readPast(tx);
  const policy = policyOf(config, title, past);
  const ladder = {
    name,
    preset: presetOf(config.presets, name),
    policy,
    soundCodecs,
    loudnessLufs,
    heard: heardOf(title),
  };
  const { plan, tasks } = planFilm(found, config, ladder);
  const adopted = await adoptLight(tx, title, found, plan, tasks);
  await insertTasks(tx, title.title, title.version, adopted.tasks);
  await updateTitle(tx, title.title, {
    state: 'encoding',
    inspection: JSON.stringify(found),
    plan: JSON.stringify(plan),
  });
  const expected = { found, plan, preset: name, policy, past, nowMs: clock.now() };
  await recordEstimate(tx, 'estimate', title, expected);
  await adopted.after();
  await adoptTexts(tx, title.title, config);
  await takeKnownAnalysis(tx, clock, config, title);
}

function heardOf({ light }: TitleRow) {
  const { audio, gainDb } = light?.plan ?? {};
  return audio && gainDb !== undefined ? { streamIndex: audio.stream.index, gainDb } : undefined;
}

/** An analysis that an earlier version had done is there at once, with nobody to report it. */
async function takeKnownAnalysis(
  tx: Tx,
  clock: Clock,
  config: GridConfig & LadderConfig,
  { title: id }: TitleRow,
) {
  const title = await lockTitle(tx, id);
  if (!title) return;
  const known = await tx
    .selectFrom('studio.tasks')
    .select('result')
    .where('title', '=', id)
    .where('version', '=', title.version)
    .where('kind', '=', 'analyse')
    .where('state', '=', 'done')
    .executeTakeFirst();
  if (known?.result?.kind === 'analyse') await takeAnalysis(tx, clock, config, title, known.result.analysis);
}

/** Whether a package need not be sent now: other parts of its track are missing, or it is no longer waiting. */
async function isOpen(tx: Tx, task: TaskRow): Promise<boolean> {
  const open = await tx
    .selectFrom('studio.tasks')
    .select(['kind', 'state'])
    .where('title', '=', task.title)
    .where('version', '=', task.version)
    .where('track', '=', task.track)
    .where('state', '!=', 'done')
    .execute();
  return open.length !== 1 || open[0]?.kind !== 'package' || open[0].state !== 'waiting';
}
