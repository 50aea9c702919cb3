/** What operators ask of the studio about encoding jobs. */
import type { Transport } from '../contracts/call.ts';
import {
  cancelJob,
  getJob,
  getTaskEvidence,
  listJobs,
  listPresets,
  listWorkers,
  reencodeTitle,
  retryJob,
  retryTask,
} from '../contracts/jobs.ts';
import { getMasterReport } from '../contracts/masters.ts';
import { type Client, createClient } from './client.ts';

const rows = {
  cancelJob,
  getJob,
  getMasterReport,
  getTaskEvidence,
  listJobs,
  listPresets,
  listWorkers,
  reencodeTitle,
  retryJob,
  retryTask,
};
export type JobsClient = Client<typeof rows>;
export const createJobsClient = (transport: Transport): JobsClient => createClient(rows, transport);
