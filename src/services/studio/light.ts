/**
 * The first light of a title in its rows: begun by a glance, grown by spans, taken into the plan as its lowest rung
 * when the thorough inspection agrees, ended when it cannot go on, withdrawn when the film is refused. All of it
 * happens in the transaction of whatever caused it. When nothing is left of it, the plan makes that rung in chunks.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Inspection, TaskResult } from '../../contracts/tasks.ts';
import { assert } from '../../platform/assert.ts';
import type { Clock } from '../../platform/clock.ts';
import type { GridConfig } from './grid.ts';
import { LIGHT_TRACK, type LightPlan, planLight, planSpans, spanTask } from './light-plan.ts';
import { type DoneSpan, filesOf, fitTogether, reachedTracks, reachOf } from './light-tracks.ts';
import { pictureOf } from './picture-treatment.ts';
import { type Plan, type PlannedTask, videoTasks } from './plan.ts';
import { trackPrefix } from './prefixes.ts';
import { addRemovals, LATE_VIEWERS_MS } from './removals.ts';
import { insertTasks, updateTask, updateTitle } from './rows.ts';
import type { TaskRow, TitleRow, Tx } from './tables.ts';

export type Light = {
  plan: LightPlan;
  /** `ended`: it does not grow any more. `withdrawn`: nobody may play it any more. */
  state: 'growing' | 'complete' | 'ended' | 'withdrawn';
  sinceMs: number;
  /** The film's plan counts on it for the lowest rung. */
  adopted: boolean;
  /** The publication that it has by itself, what its files tell, and how far it can be played. */
  number: number | null;
  told: string;
  reachS: number;
};

type Glance = Extract<TaskResult, { kind: 'glance' }>;

/** Begins the light, unless the inspection came first and found something else. */
export async function takeGlance(
  tx: Tx,
  clock: Clock,
  config: GridConfig,
  title: TitleRow,
  { outcome }: Glance,
): Promise<string[]> {
  if (outcome.verdict === 'unsure') return endLight(tx, clock, config, title);
  const plan = planLight(outcome.inspection, outcome.source, config, outcome.gainDb);
  const isTaken = title.plan !== null;
  if (title.plan && title.inspection && !agrees(plan, title.inspection, title.plan))
    return endLight(tx, clock, config, title);
  const fresh = { number: null, told: '', reachS: 0, sinceMs: clock.now() };
  await storeLight(tx, title, { plan, state: 'growing', adopted: isTaken, ...fresh });
  const tasks = planSpans(plan).map((span, at) => ({ ...spanTask(plan, span), waits: at > 0 }));
  await insertTasks(tx, title.title, title.version, tasks);
  return [];
}

export async function takeSpan(tx: Tx, clock: Clock, config: GridConfig, title: TitleRow): Promise<string[]> {
  const { light } = title;
  await releaseRest(tx, title);
  if (light?.state !== 'growing') return [];
  const done = await doneSpans(tx, title);
  if (!fitTogether(done)) return endLight(tx, clock, config, title);
  if (reachOf(done) < light.plan.segments) return [];
  await storeLight(tx, title, { ...light, state: 'complete' });
  if (light.adopted) await fillPackage(tx, title, light.plan, done);
  return [];
}

/**
 * Takes the tasks out of a fresh plan that the light does. While the glance is still out, the plan counts on it; when
 * nothing comes of that, `endLight` puts the tasks back.
 */
export async function adoptLight(
  tx: Tx,
  title: TitleRow,
  found: Inspection,
  plan: Plan,
  tasks: readonly PlannedTask[],
): Promise<{ tasks: PlannedTask[]; after(): Promise<void> }> {
  const { light } = title;
  const nothing = async () => undefined;
  const fits = light ? agrees(light.plan, found, plan) : await isGlancing(tx, title);
  const lives = !light || light.state === 'growing' || light.state === 'complete';
  if (!fits || !lives) return { tasks: [...tasks], after: nothing };
  const [lowest] = plan.rungs;
  const rest = tasks.filter(({ track, kind }) => track !== lowest?.name || kind !== 'encode-video');
  const after = async () => {
    if (!light) return;
    await storeLight(tx, title, { ...light, adopted: true });
    if (light.state === 'complete') await fillPackage(tx, title, light.plan, await doneSpans(tx, title));
  };
  return { tasks: rest, after };
}

/** Lets go of what waits for the opening: the inspection and the further spans. */
export async function releaseRest(
  tx: Tx,
  { title, version }: Pick<TitleRow, 'title' | 'version'>,
): Promise<void> {
  await tx
    .updateTable('studio.tasks')
    .set({ state: 'queued' })
    .where('title', '=', title)
    .where('version', '=', version)
    .where('kind', 'in', ['inspect', 'first-light'])
    .where('state', '=', 'waiting')
    .execute();
}

/** Stops the growth. What there is stays for those who watch it; the plan does its lowest rung in chunks. */
export async function endLight(tx: Tx, clock: Clock, config: GridConfig, title: TitleRow): Promise<string[]> {
  const { light, plan, inspection } = title;
  await releaseRest(tx, title);
  const open = await deleteOpen(tx, title);
  if (light && (light.state === 'growing' || light.state === 'complete')) {
    await storeLight(tx, title, { ...light, state: 'ended', adopted: false });
    await removeLater(tx, clock, title, light);
  }
  const [lowest] = plan?.rungs ?? [];
  if (!plan || !inspection || !lowest) return open;
  const chunks = videoTasks(inspection, plan, config, lowest, 0).filter(({ kind }) => kind !== 'package');
  const own = await tx
    .selectFrom('studio.tasks')
    .select(['kind', 'state'])
    .where('title', '=', title.title)
    .where('version', '=', title.version)
    .where('track', '=', lowest.name)
    .execute();
  const isAwaited = own.length === 1 && own[0]?.kind === 'package' && own[0].state === 'waiting';
  if (isAwaited) await insertTasks(tx, title.title, title.version, chunks);
  return open;
}

/** What viewers get is a first light that has not reached the film's end. */
export function playsUnfinished({ light, published }: TitleRow): boolean {
  return light !== null && light.state !== 'complete' && published?.number === light.number;
}

/** The light of a film that is given up, as it is to be stored; what it had published is taken back. */
export function lightOfRefused({ light, published }: TitleRow): { light: Light | null; takesBack: boolean } {
  if (!light) return { light: null, takesBack: false };
  const takesBack = published !== null && published.number === light.number;
  return { light: { ...light, state: takesBack ? 'withdrawn' : 'ended' }, takesBack };
}

/** The light of a film that is ready. One that was no part of it goes when nobody can watch it any more. */
export async function dismissLight(tx: Tx, clock: Clock, title: TitleRow): Promise<void> {
  const { light } = title;
  if (!light || light.adopted) return;
  await removeLater(tx, clock, title, light);
  if (light.state === 'growing') await storeLight(tx, title, { ...light, state: 'ended' });
}

async function removeLater(tx: Tx, clock: Clock, title: TitleRow, light: Light): Promise<void> {
  const folder = trackPrefix(title.title, title.version, light.plan.rung.name, 0);
  await addRemovals(tx, [folder], clock.now() + LATE_VIEWERS_MS);
}

export async function storeLight(tx: Tx, title: TitleRow, light: Light): Promise<void> {
  title.light = light;
  await updateTitle(tx, title.title, { light: JSON.stringify(light) });
}

export async function doneSpans(tx: Tx, { title, version }: TitleRow): Promise<DoneSpan[]> {
  const rows = await tx
    .selectFrom('studio.tasks')
    .select(['spec', 'result'])
    .where('title', '=', title)
    .where('version', '=', version)
    .where('kind', '=', 'first-light')
    .where('state', '=', 'done')
    .execute();
  return rows.map(({ spec, result }) => {
    assert(spec.kind === 'first-light' && result?.kind === 'first-light', 'a done span has its result');
    return { first: spec.firstSegment, result };
  });
}

/** The rung is packaged already: its package is done as soon as the last span is. */
async function fillPackage(tx: Tx, title: TitleRow, light: LightPlan, done: DoneSpan[]): Promise<void> {
  const { video } = reachedTracks(light, done);
  const files = filesOf(done).filter(({ name }) => name.startsWith('v'));
  const result = JSON.stringify({ kind: 'package', track: video, files });
  const id = `${title.title}-${title.version}-${light.rung.name}-package`;
  await updateTask(tx, id, { state: 'done', progress: 1, result });
}

/** Whether the light is, frame by frame, what the plan wants its lowest rung to be. */
function agrees(light: LightPlan, found: Inspection, plan: Plan): boolean {
  return (
    isDeepStrictEqual(light.grid, plan.grid) &&
    isDeepStrictEqual(light.rung, plan.rungs[0]) &&
    isDeepStrictEqual(pictureOf(light.found), pictureOf(found)) &&
    light.found.video.index === found.video.index
  );
}

async function isGlancing(tx: Tx, { title, version }: TitleRow): Promise<boolean> {
  const open = await tx
    .selectFrom('studio.tasks')
    .select('id')
    .where('title', '=', title)
    .where('version', '=', version)
    .where('kind', '=', 'glance')
    .where('state', 'in', ['queued', 'leased'])
    .execute();
  return open.length > 0;
}

/** Deleted rather than dropped, so that they do not count as parts that the film goes without. */
async function deleteOpen(tx: Tx, { title, version }: TitleRow): Promise<string[]> {
  const rows: Array<Pick<TaskRow, 'id'>> = await tx
    .deleteFrom('studio.tasks')
    .where('title', '=', title)
    .where('version', '=', version)
    .where('track', '=', LIGHT_TRACK)
    .where('state', '!=', 'done')
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
