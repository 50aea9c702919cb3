/**
 * What becomes of a film when a part of it cannot be made: captions, images, one of several languages or a higher
 * rendition are left out; without its lowest rendition or its only sound the film is given up. What was published
 * before plays on in any case.
 */
import type { Updateable } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import { isGenerated } from './generated-text.ts';
import type { GridConfig } from './grid.ts';
import { giveUpAnalysis } from './late-ladder.ts';
import { endLight, lightOfRefused } from './light.ts';
import { versionPrefix } from './prefixes.ts';
import { addRemovals, LATE_WRITERS_MS } from './removals.ts';
import { updateTask, updateTitle } from './rows.ts';
import type { TaskRow, TitleRow, TitleTable, Tx } from './tables.ts';

export type Failure = { code: string; message: string };

/** Failures that speak of the machines or the way to them; a good master gets many tries at these. */
const MACHINE_CODES: readonly string[] = [
  'input_unreachable',
  'input_corrupted',
  'output_refused',
  'storage_full',
  'internal',
  'drained',
  'lost',
];

/** Why captions are missing from a title that has all else. */
export const CAPTIONS_REFUSED = 'captions_refused';

export const isMachineFailure = (code: string) => MACHINE_CODES.includes(code);

/** Ends a task for good. Resolves to the ids of tasks that nobody needs any more, for the queue to forget. */
export async function failForGood(
  tx: Tx,
  clock: Clock,
  config: GridConfig,
  title: TitleRow,
  task: TaskRow,
  failure: Failure,
): Promise<string[]> {
  await updateTask(tx, task.id, { failed: true, ended_ms: clock.now() });
  if (task.kind === 'analyse') {
    await giveUpAnalysis(tx, config, title, failure.message);
    return dropTasks(tx, title, task.track);
  }
  if (task.kind === 'glance' || task.kind === 'first-light') return endLight(tx, clock, config, title);
  if (task.spec.kind === 'extract-text' && task.spec.sidecar)
    return leaveOut(tx, title, task, task.spec.sidecar.key, failure);
  const lost = await whatIsLost(tx, title, task);
  if (lost === undefined) return giveUp(tx, clock, title, { ...reasonOf(failure) });
  const ids = await dropTasks(tx, title, task.track);
  if (lost !== '') {
    const reason = `${lost} could not be made: ${failure.message}.`;
    await updateTitle(tx, title.title, { reason, reason_code: reasonOf(failure).code });
  }
  return ids;
}

/** The film goes on without a caption file, and says what is wrong with it until another takes its place. */
async function leaveOut(
  tx: Tx,
  title: TitleRow,
  task: TaskRow,
  key: string,
  { message }: Failure,
): Promise<string[]> {
  const name = key.slice(key.lastIndexOf('/') + 1);
  await updateTitle(tx, title.title, {
    reason: `The captions in ${name} are left out: ${message}. Put a mended file in its place.`,
    reason_code: CAPTIONS_REFUSED,
  });
  return dropTasks(tx, title, task.track);
}

/** The part that the film goes on without, in words ('' where nobody would miss it), or undefined for none. */
async function whatIsLost(tx: Tx, title: TitleRow, task: TaskRow): Promise<string | undefined> {
  const { plan } = title;
  if (!plan || task.kind === 'inspect') return undefined;
  const rung = plan.rungs.findIndex(({ name }) => name === task.track);
  if (rung >= 0) return rung === 0 ? undefined : `The ${task.track} rendition`;
  const text = plan.text.find(({ id }) => id === task.track);
  if (text && isGenerated(text)) return '';
  if (text) return `The captions “${text.stream.label || text.stream.language}”`;
  const audio = plan.audio.find(({ id }) => id === task.track);
  if (!audio) return '';
  const others = await tx
    .selectFrom('studio.tasks')
    .select('id')
    .where('title', '=', title.title)
    .where('version', '=', title.version)
    .where('kind', '=', 'package')
    .where('state', '!=', 'dropped')
    .where('track', 'in', ['', ...plan.audio.map(({ id }) => id).filter((id) => id !== audio.id)])
    .execute();
  return others.length > 0 ? `The sound “${audio.stream.label || audio.stream.language}”` : undefined;
}

function reasonOf({ code, message }: Failure): { code: string; reason: string } {
  if (isMachineFailure(code)) {
    const advice = 'The fault is not in the file: put it in again to try once more.';
    return { code: 'encoding_failed', reason: `The film could not be encoded: ${message}. ${advice}` };
  }
  const advice = 'The file may be damaged.';
  return { code: 'undecodable', reason: `The film could not be encoded: ${message}. ${advice}` };
}

/** Ends all work on the master at hand. */
export async function giveUp(
  tx: Tx,
  clock: Clock,
  title: TitleRow,
  why: { code: string; reason: string },
): Promise<string[]> {
  const ids = await dropTasks(tx, title);
  await updateTitle(tx, title.title, {
    state: 'refused',
    reason: why.reason,
    reason_code: why.code,
    pending: null,
    ...lightOf(title),
  });
  await addRemovals(tx, unneededPrefixes(title), clock.now() + LATE_WRITERS_MS);
  return ids;
}

function lightOf(title: TitleRow): Updateable<TitleTable> {
  const { light, takesBack } = lightOfRefused(title);
  if (takesBack) title.published = null;
  return { light: light && JSON.stringify(light), ...(takesBack ? { published: null } : {}) };
}

/** Takes open tasks of a track, or of the whole version, out of the work. */
export async function dropTasks(tx: Tx, title: TitleRow, track?: string): Promise<string[]> {
  let update = tx
    .updateTable('studio.tasks')
    .set({ state: 'dropped' })
    .where('title', '=', title.title)
    .where('version', '=', title.version)
    .where('state', 'in', ['waiting', 'queued', 'leased']);
  if (track !== undefined) update = update.where('track', '=', track);
  const rows = await update.returning('id').execute();
  return rows.map(({ id }) => id);
}

/** What a version that is given up or superseded leaves behind and nobody plays; its work is kept for a while. */
export function unneededPrefixes(title: TitleRow): string[] {
  if (title.version === 0 || title.published?.version === title.version) return [];
  return [versionPrefix(title.title, title.version)];
}
