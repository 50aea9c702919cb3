/** Reads what inspection found in a title's newest master. */
import type { MasterReport } from '../../contracts/masters.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Db } from './tables.ts';

export async function readMasterReport(db: Db, title: string): Promise<MasterReport> {
  const row = await db
    .selectFrom('studio.jobs')
    .select(['version', 'name', 'state', 'inspection', 'reason', 'reason_code'])
    .where('title', '=', title)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) throw new MatineeError('not_found', 'no master of this title is known');
  return {
    job: `${title}-${row.version}`,
    state: row.state,
    name: row.name,
    inspection: row.inspection,
    reason: row.reason,
    reasonCode: row.reason_code,
  };
}
