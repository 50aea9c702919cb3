/** Jobs as they are polled: often while one is under way, seldom otherwise. A poll without news costs a 304. */
import { useMemo } from 'react';
import { callEndpoint, type Transport } from '../../../contracts/call.ts';
import type { EndpointReply } from '../../../contracts/endpoint.ts';
import { getJob, type JobDetail, type JobState, listJobs } from '../../../contracts/jobs.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { createPoller, type Polled, type Poller, type PollerDeps } from '../polling/poller.ts';
import { usePoller } from '../polling/use-poller.ts';
import { useServices } from '../shell/services.ts';
import { isActive } from './job-words.ts';

const POLL_MOVING_MS = 1500;
const POLL_RESTING_MS = 5000;

export type JobsAsked = { title?: string; state?: JobState; limit: number };
export type JobsPage = EndpointReply<typeof listJobs>;

type Around = Pick<PollerDeps<never>, 'timing' | 'visibility'>;

export function createJobsPoller(transport: Transport, asked: JobsAsked, around: Around): Poller<JobsPage> {
  return createPoller<JobsPage>({
    load: (_previous, signal) => callEndpoint(transport, listJobs, { query: asked }, signal),
    pauseMs: (page) => (page?.jobs.some(isActive) ? POLL_MOVING_MS : POLL_RESTING_MS),
    isAnswer,
    ...around,
  });
}

export function createJobPoller(transport: Transport, job: string, around: Around): Poller<JobDetail> {
  return createPoller<JobDetail>({
    load: (_previous, signal) => callEndpoint(transport, getJob, { params: { job } }, signal),
    pauseMs: (detail) => (detail && !isActive(detail.job) ? POLL_RESTING_MS : POLL_MOVING_MS),
    isAnswer,
    ...around,
  });
}

export function useJobs({ title, state, limit }: JobsAsked): Polled<JobsPage> {
  const { transport, timing, visibility } = useServices();
  const poller = useMemo(
    () => createJobsPoller(transport, { title, state, limit }, { timing, visibility }),
    [title, state, limit, transport, timing, visibility],
  );
  return usePoller(poller);
}

export function useJob(id: string): Polled<JobDetail> & { refresh(): void } {
  const { transport, timing, visibility } = useServices();
  const poller = useMemo(
    () => createJobPoller(transport, id, { timing, visibility }),
    [id, transport, timing, visibility],
  );
  return { ...usePoller(poller), refresh: poller.refresh };
}

function isAnswer(error: unknown): boolean {
  return isMatineeError(error) && error.row.status < 500;
}
