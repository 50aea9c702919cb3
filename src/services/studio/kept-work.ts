/**
 * Encoded chunks outlive their job for a while, so that a re-encode with one changed parameter redoes only what
 * changed. Then they go, and much later the rows that told operators of the job.
 */
import type { Clock } from '../../platform/clock.ts';
import { PUBLISHED, versionWorkPrefix } from './prefixes.ts';
import { addRemovals, LATE_WRITERS_MS } from './removals.ts';
import { isActive, lockTitle, readTitle } from './rows.ts';
import type { Db } from './tables.ts';

const TITLES_PER_ROUND = 50;

export async function forgetWork(
  deps: { db: Db; clock: Clock },
  config: { workKeptS: number; jobsKeptS: number },
): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const titles = await db
    .selectFrom('studio.jobs')
    .select('title')
    .distinct()
    .where('work_kept', '=', true)
    .where('ended_ms', '<=', now - config.workKeptS * 1000)
    .limit(TITLES_PER_ROUND)
    .execute();
  for (const { title } of titles) await removeWork(deps, title);
  await forgetJobs(db, now - config.jobsKeptS * 1000);
}

/** A job that is under way may use the chunks of those before it, so all of a title's go together. */
async function removeWork({ db, clock }: { db: Db; clock: Clock }, id: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const title = await lockTitle(tx, id);
    if (!title || isActive(title)) return;
    const jobs = await tx
      .updateTable('studio.jobs')
      .set({ work_kept: false })
      .where('title', '=', id)
      .where('work_kept', '=', true)
      .returning('version')
      .execute();
    await tx.deleteFrom('studio.results').where('title', '=', id).execute();
    const prefixes = jobs.map(({ version }) => versionWorkPrefix(id, version));
    await addRemovals(tx, prefixes, clock.now());
    await addRemovals(tx, prefixes, clock.now() + LATE_WRITERS_MS);
  });
}

async function forgetJobs(db: Db, beforeMs: number): Promise<void> {
  const old = await db
    .deleteFrom('studio.jobs')
    .where('ended_ms', '<', beforeMs)
    .where('work_kept', '=', false)
    .returning(['title', 'version'])
    .execute();
  for (const { title, version } of old) {
    await forgetTasks(db, title, version);
  }
}

/** What is published stays known, for the next publication of the same version. */
async function forgetTasks(db: Db, title: string, version: number): Promise<void> {
  const now = await readTitle(db, title);
  let gone = db.deleteFrom('studio.tasks').where('title', '=', title).where('version', '=', version);
  // Captions may be made of a title whose job ended long ago.
  if (now?.version === version && (now.state === 'ready' || now.state === 'encoding'))
    gone = gone.where('kind', 'not in', [...PUBLISHED]);
  await gone.execute();
}
