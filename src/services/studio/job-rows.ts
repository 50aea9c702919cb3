/**
 * The rows of jobs follow the rows of titles: whenever a title's state changes, the job of its version is brought to
 * it, and jobs of versions before it have ended. Times are the database's, which all studios share.
 */
import { sql } from 'kysely';
import type { JobState } from '../../contracts/jobs.ts';
import { actualOf } from './job-estimate.ts';
import type { Db, TitleState, Tx } from './tables.ts';

/** What a title's state makes of its job; undefined where it has none. */
const JOB_STATES: Readonly<Record<TitleState, JobState | undefined>> = {
  uploading: undefined,
  inspecting: 'inspecting',
  encoding: 'encoding',
  ready: 'ready',
  refused: 'refused',
  removed: 'cancelled',
};

export const JOB_CANCELLED = 'cancelled';
const NOW_MS = sql<number>`extract(epoch FROM clock_timestamp()) * 1000`;

export async function recordJob(tx: Tx | Db, id: string): Promise<void> {
  const title = await tx
    .selectFrom('studio.titles')
    .select(['version', 'key', 'state', 'preset', 'plan', 'reason', 'reason_code', 'inspection'])
    .where('title', '=', id)
    .executeTakeFirst();
  if (!title || title.version === 0) return;
  await endEarlier(tx, id, title.version);
  const found = JOB_STATES[title.state];
  if (found === undefined) return;
  const state = title.reason_code === JOB_CANCELLED ? 'cancelled' : found;
  const active = state === 'inspecting' || state === 'encoding';
  const now = {
    state,
    preset: title.preset || (title.plan?.ladder?.preset ?? ''),
    ...{ reason: title.reason, reason_code: title.reason_code },
    inspection: title.inspection === null ? null : JSON.stringify(title.inspection),
    ended_ms: active ? null : NOW_MS,
  };
  // Captions that come later are made beside a job that has ended, and do not make it longer.
  const still = sql<number>`CASE WHEN jobs.state = 'ready' THEN coalesce(jobs.ended_ms, ${NOW_MS}) ELSE ${NOW_MS} END`;
  const change = state === 'ready' ? { ...now, ended_ms: still } : now;
  const unknown = { estimate: null, revised: null, actual: null };
  await tx
    .insertInto('studio.jobs')
    .values({ title: id, version: title.version, name: title.key, started_ms: NOW_MS, ...unknown, ...now })
    .onConflict((conflict) => conflict.columns(['title', 'version']).doUpdateSet(change))
    .execute();
  if (state === 'ready') await recordActual(tx, id, title.version);
}

async function recordActual(tx: Tx | Db, title: string, version: number): Promise<void> {
  const { cpuS, bytes } = await actualOf(tx, title, version);
  await tx
    .updateTable('studio.jobs')
    .set({
      actual: sql<string>`jsonb_build_object(
        'cpuS', ${cpuS}::double precision, 'bytes', ${bytes}::double precision, 'wallS', (ended_ms - started_ms) / 1000)`,
    })
    .where('title', '=', title)
    .where('version', '=', version)
    .execute();
}

async function endEarlier(tx: Tx | Db, title: string, version: number): Promise<void> {
  await tx
    .updateTable('studio.jobs')
    .set({ state: 'cancelled', ended_ms: NOW_MS, reason: 'A newer version took its place.' })
    .where('title', '=', title)
    .where('version', '<', version)
    .where('ended_ms', 'is', null)
    .execute();
}
