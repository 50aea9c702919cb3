/** What inspection found in a title's master: for operators, and kept as long as the title's newest job is. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { jobId, jobState } from './jobs.ts';
import { inspection } from './tasks.ts';
import { titleId } from './titles.ts';

export const masterReport = z
  .object({
    job: jobId,
    state: jobState,
    name: z.string().meta({ description: 'File name of the master.' }),
    /** Null while it is inspected and when it was refused. */
    inspection: inspection.nullable(),
    /** Why it was refused: the sentence and its code. */
    reason: z.string().nullable(),
    reasonCode: z.string().nullable(),
  })
  .meta({ id: 'MasterReport' });
export type MasterReport = z.infer<typeof masterReport>;

export const getMasterReport = endpoint({
  id: 'getMasterReport',
  method: 'GET',
  path: '/api/titles/{id}/master',
  summary: 'What inspection found in the newest master of a title. The same ETag means: no news.',
  params: z.object({ id: titleId }),
  reply: masterReport,
  errors: ['not_found'],
});
