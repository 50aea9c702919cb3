/**
 * Texts that do not come with a master: caption files beside it, and captions by speech recognition where nobody
 * wrote any. Events of the store keep a row for each; a title's plan follows those rows, when it is
 * made and whenever one of them changes, so that it does not matter which came first. Only the text is made then:
 * everything else of the title stands.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import { ignoreAbsent } from '../../ports/objects/absent.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import type { EventOf } from './arrivals.ts';
import { generatedTexts, isGenerated, transcribeTask } from './generated-text.ts';
import { type Plan, type PlannedTask, TEXT_MAX, type TextPlan, textTask } from './plan.ts';
import type { LadderConfig } from './presets.ts';
import { insertTasks, lockTitle, resumeTitle, updateTask } from './rows.ts';
import { CAPTIONS_REFUSED, dropTasks } from './setbacks.ts';
import { mastersOf, sidecarOf, stemOf } from './sidecar-names.ts';
import type { Db, TitleRow, Tx } from './tables.ts';

const ROWS_LOOKED_AT = 200;
const TITLES_LOOKED_AT = 100;
const GONE_KEPT_MS = 24 * 3600 * 1000;

const trackOf = (hash: string) => `s${hash.slice(0, 12)}`;
/** Of tracks of text: whether they can be taken back from a version of a title, as streams of the master cannot. */
export const mayLeave = (track: string) => /^(s[0-9a-f]{12}|g\d+)$/.test(track);

export type SidecarDeps = { db: Db; objects: ObjectStore; clock: Clock };

/** Stores what the store has under this name now. False when something newer is known. */
export async function noteSidecar(
  { db, objects, clock }: SidecarDeps,
  { bucket, key, sequence }: EventOf<'created' | 'removed'>,
): Promise<boolean> {
  const found = await objects.head(bucket, key).catch(ignoreAbsent);
  const values = { sequence, bytes: found?.size ?? null, changed_ms: clock.now() };
  const rows = await db
    .insertInto('studio.sidecars')
    .values({ bucket, key, ...values })
    .onConflict((conflict) =>
      conflict
        .columns(['bucket', 'key'])
        .doUpdateSet(values)
        .where('studio.sidecars.sequence', '<', sequence),
    )
    .returning('key')
    .execute();
  return rows.length > 0;
}

/** The titles that a sidecar of this name can belong to. */
export async function titlesBeside(db: Db, bucket: string, key: string): Promise<string[]> {
  const stems = mastersOf(key);
  if (stems.length === 0) return [];
  const rows = await db
    .selectFrom('studio.titles')
    .select(['title', 'key'])
    .where('bucket', '=', bucket)
    .where('state', '!=', 'removed')
    .where(({ or, eb }) =>
      or(stems.flatMap((stem) => [eb('key', '=', stem), sql<boolean>`starts_with(key, ${`${stem}.`})`])),
    )
    .orderBy('created_ms', 'desc')
    .limit(TITLES_LOOKED_AT)
    .execute();
  return rows.filter((row) => sidecarOf(row.key, key) !== undefined).map(({ title }) => title);
}

/**
 * Brings the plan of a locked title to what lies beside its master. Resolves to the tasks that nobody needs any more,
 * or undefined when nothing changed or there is no plan yet.
 */
export async function adoptTexts(
  tx: Tx,
  id: string,
  { speechLanguages = [] }: Pick<LadderConfig, 'speechLanguages'>,
): Promise<string[] | undefined> {
  const title = await lockTitle(tx, id);
  if (!title?.plan || !title.inspection || !['encoding', 'ready'].includes(title.state)) return undefined;
  const { plan, inspection } = title;
  const streams = plan.text.filter((one) => !one.sidecar && !isGenerated(one));
  const beside = (await sidecarsOf(tx, title)).slice(0, Math.max(0, TEXT_MAX - streams.length));
  const generated = generatedTexts(inspection.audio, [...streams, ...beside], speechLanguages);
  const wanted = [...beside, ...generated];
  const has = (list: readonly TextPlan[], { id }: TextPlan) => list.some((one) => one.id === id);
  const added = wanted.filter((one) => !has(plan.text, one));
  const gone = plan.text.filter((one) => !has([...streams, ...wanted], one));
  if (added.length === 0 && gone.length === 0) return undefined;
  const next: Plan = { ...plan, text: [...streams, ...wanted] };
  const tasks = added.map((text) =>
    isGenerated(text) ? transcribeTask(inspection, next, text) : textTask(inspection, next, text),
  );
  await insertTasks(tx, id, title.version, await thoseUnknown(tx, title, tasks));
  const dropped: string[] = [];
  for (const text of gone) dropped.push(...(await dropTasks(tx, title, text.id)));
  await resumeTitle(tx, id, {
    plan: JSON.stringify(next),
    ...(title.reason_code === CAPTIONS_REFUSED && !(await isAnyBad(tx, title, wanted))
      ? { reason: null, reason_code: null }
      : {}),
  });
  return dropped;
}

/** Those that this version never had. A text that comes back has its task, which is taken up again if it was dropped. */
async function thoseUnknown(
  tx: Tx,
  { title, version }: TitleRow,
  tasks: PlannedTask[],
): Promise<PlannedTask[]> {
  const rows = await tx
    .selectFrom('studio.tasks')
    .select(['id', 'name', 'state', 'failed'])
    .where('title', '=', title)
    .where('version', '=', version)
    .where('name', 'in', ['', ...tasks.map(({ name }) => name)])
    .execute();
  for (const { id, state, failed } of rows)
    if (state === 'dropped' && !failed) await updateTask(tx, id, { state: 'queued', progress: 0 });
  return tasks.filter(({ name }) => !rows.some((row) => row.name === name));
}

/** Whether one of these was left out, and still lies there as it was. */
async function isAnyBad(tx: Tx, { title, version }: TitleRow, texts: readonly TextPlan[]): Promise<boolean> {
  const bad = await tx
    .selectFrom('studio.tasks')
    .select('id')
    .where('title', '=', title)
    .where('version', '=', version)
    .where('failed', '=', true)
    .where('track', 'in', ['', ...texts.map(({ id }) => id)])
    .executeTakeFirst();
  return bad !== undefined;
}

async function sidecarsOf(tx: Tx, { bucket, key: master }: TitleRow): Promise<TextPlan[]> {
  const rows = await tx
    .selectFrom('studio.sidecars')
    .selectAll()
    .where('bucket', '=', bucket)
    .where('bytes', 'is not', null)
    .where(sql<boolean>`starts_with(key, ${`${stemOf(master)}.`})`)
    .orderBy('key')
    .limit(ROWS_LOOKED_AT)
    .execute();
  return rows.flatMap(({ key, sequence, bytes }): TextPlan[] => {
    const named = sidecarOf(master, key);
    if (!named) return [];
    const { format, language, ...roles } = named;
    // Another name for each content, so that what was published keeps its own.
    const hash = createHash('sha256')
      .update(JSON.stringify([key, sequence]))
      .digest('hex');
    const stream = { index: -1, codec: format, language, label: '', ...roles };
    return [{ id: trackOf(hash), stream, sidecar: { key, format, language, bytes: bytes ?? 0 } }];
  });
}

/** Forgets files that were removed long enough ago for every event of them to have come. */
export async function forgetSidecars(db: Db, clock: Clock): Promise<void> {
  await db
    .deleteFrom('studio.sidecars')
    .where('bytes', 'is', null)
    .where('changed_ms', '<', clock.now() - GONE_KEPT_MS)
    .execute();
}
