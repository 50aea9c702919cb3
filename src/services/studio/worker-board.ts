/** Which workers were heard of, when, and what they do. Rows, so that every studio and every restart knows. */
import type { EncodeWorker } from '../../contracts/jobs.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx, WorkerRow } from './tables.ts';

/** A worker that is well is heard of at least every six seconds. */
export const LOST_AFTER_MS = 9000;
/** A worker that was lost is shown for so long. */
const SHOWN_MS = 10 * 60_000;
const FORGOTTEN_MS = 24 * 3600_000;
const WORKERS_MAX = 1000;

export type Heard = { task?: string | null; draining?: boolean; trouble?: string | null };
export type WorkerBoard = ReturnType<typeof createWorkerBoard>;

export function createWorkerBoard({ db, clock }: { db: Db; clock: Clock }) {
  return {
    /** `task`: what it has from now on; absent leaves that as it is. */
    async heard(name: string, of: Heard = {}): Promise<void> {
      const now = clock.now();
      const values = {
        heard_ms: now,
        ...(of.task === undefined ? {} : { task: of.task, since_ms: now }),
        ...(of.draining === undefined ? {} : { draining: of.draining }),
        ...(of.trouble === undefined ? {} : { trouble: of.trouble }),
      };
      await db
        .insertInto('studio.workers')
        .values({ name, task: null, since_ms: now, trouble: null, ...values })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
        .execute();
    },

    /** How many could be given work now. */
    count: () => countWorkers(db, clock.now()),

    async list(): Promise<EncodeWorker[]> {
      const now = clock.now();
      const rows = await db
        .selectFrom('studio.workers')
        .leftJoin('studio.tasks', 'studio.tasks.id', 'studio.workers.task')
        .selectAll('studio.workers')
        .select(['studio.tasks.fps', 'studio.tasks.title'])
        .where('studio.workers.heard_ms', '>', now - SHOWN_MS)
        .orderBy('name')
        .limit(WORKERS_MAX)
        .execute();
      return rows.map((row) => ({
        ...{ name: row.name, state: stateOf(row, now), task: row.task, title: row.title },
        since: new Date(row.since_ms).toISOString(),
        ...{ fps: row.fps, cpuS: null },
        trouble: row.trouble,
        lastHeardAt: new Date(row.heard_ms).toISOString(),
      }));
    },

    async forget(): Promise<void> {
      await db
        .deleteFrom('studio.workers')
        .where('heard_ms', '<', clock.now() - FORGOTTEN_MS)
        .execute();
    },
  };
}

/** Also inside a transaction. */
export async function countWorkers(db: Db | Tx, now: number): Promise<number> {
  const rows = await db
    .selectFrom('studio.workers')
    .select('name')
    .where('heard_ms', '>', now - LOST_AFTER_MS)
    .limit(WORKERS_MAX)
    .execute();
  return rows.length;
}

function stateOf({ task, draining, heard_ms }: WorkerRow, now: number): EncodeWorker['state'] {
  if (heard_ms < now - LOST_AFTER_MS) return 'lost';
  if (draining) return 'draining';
  return task === null ? 'idle' : 'working';
}
