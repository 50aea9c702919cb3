/** Where the work on a film goes on: trying a job again that was given up makes a new one of it. */
import { callEndpoint, type Transport } from '../../../contracts/call.ts';
import { type Job, listJobs } from '../../../contracts/jobs.ts';

/** Id of the newest job of the same film. */
export async function newestJob(transport: Transport, { id, title }: Job): Promise<string> {
  const { jobs } = await callEndpoint(transport, listJobs, { query: { title, limit: 1 } });
  return jobs[0]?.id ?? id;
}
