/** The API of jobs: routes, and the ETag by which a poll that brings no news costs a 304. */
import { createHash } from 'node:crypto';
import {
  cancelJob,
  getJob,
  getJobReport,
  getTaskEvidence,
  listJobs,
  listPresets,
  listWorkers,
  reencodeTitle,
  retryJob,
  retryTask,
} from '../../contracts/jobs.ts';
import { getMasterReport } from '../../contracts/masters.ts';
import { type HandlerContext, type Route, route } from '../../contracts/serve.ts';
import { type JobReadDeps, readEvidence, readJob, readJobs } from './job-reads.ts';
import { reportPage } from './job-report.ts';
import { createJobSteering, type SteeringConfig, type SteeringDeps } from './job-steering.ts';
import { readMasterReport } from './master-reports.ts';
import { presetViews } from './preset-views.ts';

export function jobRoutes(deps: JobReadDeps & SteeringDeps, config: SteeringConfig): Route[] {
  const steering = createJobSteering(deps, config);
  return [
    route(listJobs, async ({ query }, context) => tagged(await readJobs(deps, query), context)),
    route(getJob, async ({ params }, context) => tagged(await readJob(deps, params.job), context)),
    route(getMasterReport, async ({ params }, context) =>
      tagged(await readMasterReport(deps.db, params.id), context),
    ),
    route(listPresets, async (_, context) => tagged({ presets: presetViews(config) }, context)),
    route(listWorkers, async (_, context) => tagged({ workers: await deps.board.list() }, context)),
    route(getTaskEvidence, async ({ params }) => readEvidence(deps.db, params.job, params.task)),
    route(getJobReport, async ({ params, query }) => report(deps, params.job, query.format)),
    route(cancelJob, async ({ params }) => {
      await steering.cancel(params.job);
      return {};
    }),
    route(retryJob, async ({ params }) => {
      await steering.retryJob(params.job);
      return {};
    }),
    route(retryTask, async ({ params }) => {
      await steering.retryTask(params.job, params.task);
      return {};
    }),
    route(reencodeTitle, async ({ body }) => ({
      job: await steering.reencode(body.title, body.preset, body.expectedViews),
    })),
  ];
}

function tagged(reply: unknown, { request }: HandlerContext): Response {
  const text = JSON.stringify(reply);
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  const headers = { etag, 'cache-control': 'no-cache' };
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers });
  return new Response(text, { headers: { ...headers, 'content-type': 'application/json' } });
}

async function report(deps: JobReadDeps, id: string, format: 'json' | 'html'): Promise<Response> {
  const detail = await readJob(deps, id);
  const [text, type] =
    format === 'html'
      ? [reportPage(detail), 'text/html; charset=utf-8']
      : [JSON.stringify(detail, null, 2), 'application/json'];
  return new Response(text, {
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="encoding-${id}.${format}"`,
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'cache-control': 'no-store',
    },
  });
}
