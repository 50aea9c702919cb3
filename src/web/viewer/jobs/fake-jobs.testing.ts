/** A server's end of jobs in memory, for tests of the operators' pages: one job under way, steered as the API says. */
import type { Transport } from '../../../contracts/call.ts';
import type { Job, JobDetail, JobTask } from '../../../contracts/jobs.ts';

export const JOB_ID = '00000000000000000000000001-1';
const AT = '2026-01-01T00:00:00.000Z';

export function fakeTask(change: Partial<JobTask> & Pick<JobTask, 'name' | 'track'>): JobTask {
  return {
    ...{ id: change.name, kind: 'encode-video', state: 'queued', dependsOn: [], digest: null, reused: false },
    ...{ priority: 0, attempt: 0, failures: 0, lost: 0, worker: null, progress: 0, fps: null, etaS: null },
    ...{ cpuS: null, bytes: null, startedAt: null, endedAt: null, lastFailure: null },
    ...change,
  };
}

export function fakeJob(change: Partial<Job> = {}): Job {
  const cost = { cpuS: null, wallS: null, bytes: null };
  return {
    ...{ id: JOB_ID, title: '00000000000000000000000001', version: 1, name: 'film.mp4', state: 'encoding' },
    ...{ preset: 'per-title', progress: 0.4, etaS: 60, fps: 48, startedAt: AT, endedAt: null },
    ...{ reason: null, reasonCode: null, estimate: cost, actual: cost },
    tasks: { waiting: 0, queued: 0, leased: 0, done: 0, reused: 0, dropped: 0, failed: 0 },
    ...change,
  };
}

export function createFakeJobs(tasks: readonly JobTask[] = []) {
  let detail: JobDetail = { job: fakeJob(), tasks: [...tasks], workers: [], ladder: null, inspection: null };
  const asked: string[] = [];
  const error = (code: string, status: number) =>
    Response.json({ error: { code, message: `it is ${code}` } }, { status });
  const transport: Transport = async (path, init) => {
    asked.push(`${init.method} ${path}`);
    init.signal?.throwIfAborted();
    const url = new URL(path, 'http://studio');
    if (url.pathname === '/api/jobs' && init.method === 'GET') {
      const state = url.searchParams.get('state');
      const jobs = state === null || state === detail.job.state ? [detail.job] : [];
      return Response.json({ jobs, next: null });
    }
    const [, id, verb] = /^\/api\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
    if (id !== JOB_ID) return error('not_found', 404);
    if (verb === 'cancel') {
      if (detail.job.state !== 'encoding') return error('conflict', 409);
      detail = { ...detail, job: { ...detail.job, state: 'cancelled', endedAt: AT } };
      return Response.json({}, { status: 202 });
    }
    return Response.json(detail);
  };
  return { transport, asked };
}
