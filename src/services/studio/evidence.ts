/** Why attempts at tasks failed, with the last of what programs said: kept so that a person can look into it. */
import type { Clock } from '../../platform/clock.ts';
import type { TaskRow, Tx } from './tables.ts';

/** The newest of a task are kept. */
const KEPT = 20;
const LOG_CHARACTERS = 16_000;

export type Failing = { code: string; message: string; log?: string };

export async function keepEvidence(tx: Tx, clock: Clock, task: TaskRow, failing: Failing): Promise<void> {
  await tx
    .insertInto('studio.evidence')
    .values({
      ...{ task: task.id, at_ms: clock.now(), attempt: task.attempt, worker: task.worker ?? '' },
      ...{ code: failing.code, message: failing.message.slice(0, 4000) },
      log: (failing.log ?? '').slice(-LOG_CHARACTERS),
    })
    .execute();
  const oldest = await tx
    .selectFrom('studio.evidence')
    .select('id')
    .where('task', '=', task.id)
    .orderBy('id', 'desc')
    .offset(KEPT)
    .limit(1)
    .executeTakeFirst();
  if (!oldest) return;
  await tx.deleteFrom('studio.evidence').where('task', '=', task.id).where('id', '<=', oldest.id).execute();
}
