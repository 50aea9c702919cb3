/** All encoding jobs, newest first: what is under way, what ended how, and the way to each. */
import './jobs.css';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { type Job, type JobState, jobState } from '../../../contracts/jobs.ts';
import { formatPercent, formatTimeLeft } from '../../ui/formats.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { AwayNotice } from '../library/away-notice.tsx';
import { usePageTitle } from '../shell/navigation.ts';
import {
  countsWords,
  formatFps,
  formatMoment,
  formatSeconds,
  isActive,
  JOB_STATES,
  jobName,
  jobStateWords,
} from './job-words.ts';
import { useJobs } from './use-jobs.ts';

const PAGE = 50;
const LIMIT_MAX = 500;

export function JobsPage() {
  const [query, setQuery] = useSearchParams();
  const [limit, setLimit] = useState(PAGE);
  const title = query.get('title') ?? undefined;
  const state = jobState.safeParse(query.get('state')).data;
  const { value, away, failure } = useJobs({ title, state, limit });
  usePageTitle('Encoding jobs');
  const filter = (next: JobState | '') =>
    setQuery((now) => {
      if (next === '') now.delete('state');
      else now.set('state', next);
      return now;
    });
  return (
    <div className="console">
      <header className="console-head">
        <h1>Encoding jobs</h1>
        <label className="console-filter">
          <span>State</span>
          <select value={state ?? ''} onChange={({ target }) => filter(target.value as JobState | '')}>
            <option value="">All</option>
            {JOB_STATES.map((one) => (
              <option key={one} value={one}>
                {jobStateWords(one)}
              </option>
            ))}
          </select>
        </label>
      </header>
      {title ? (
        <p className="console-note">
          Jobs of one film only. <Link href="/jobs">Show all</Link>
        </p>
      ) : null}
      <AwayNotice away={away} loaded={value !== undefined} />
      {failure === undefined ? null : (
        <p className="fault" role="alert">
          The server did not list the jobs{failure instanceof Error ? `: ${failure.message}` : ''}.
        </p>
      )}
      {value === undefined && !away && failure === undefined ? (
        <p className="console-note" role="status">
          Asking for the jobs…
        </p>
      ) : null}
      {value?.jobs.length === 0 ? (
        <p className="console-note">
          {title || state
            ? 'There is no such job.'
            : 'Nothing was encoded yet. A job begins when a film comes in.'}
        </p>
      ) : null}
      {value && value.jobs.length > 0 ? <JobsTable jobs={value.jobs} /> : null}
      {value?.next && limit < LIMIT_MAX ? (
        <button
          type="button"
          className="button quiet"
          onClick={() => setLimit(Math.min(LIMIT_MAX, limit + PAGE))}
        >
          Show older jobs
        </button>
      ) : null}
      {value?.next && limit >= LIMIT_MAX ? (
        <p className="console-note">These are the newest {LIMIT_MAX}. The API lists the others.</p>
      ) : null}
    </div>
  );
}

function JobsTable({ jobs }: { jobs: readonly Job[] }) {
  return (
    <table className="console-table stacking" data-testid="jobs">
      <caption className="visually-hidden">Encoding jobs, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Film</th>
          <th scope="col">State</th>
          <th scope="col">Preset</th>
          <th scope="col">Tasks</th>
          <th scope="col">Frames/s</th>
          <th scope="col">Time</th>
          <th scope="col">Began</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id} data-state={job.state}>
            <th scope="row">
              <Link href={`/jobs/${job.id}`}>{jobName(job)}</Link>
              {job.version > 1 ? <small>version {job.version}</small> : null}
            </th>
            <td data-label="State">
              <JobStateCell job={job} />
            </td>
            <td data-label="Preset">{job.preset}</td>
            <td data-label="Tasks">{countsWords(job.tasks)}</td>
            <td data-label="Frames/s">{isActive(job) ? formatFps(job.fps) : ''}</td>
            <td data-label="Time">{formatSeconds(job.actual.wallS)}</td>
            <td data-label="Began">{formatMoment(job.startedAt)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function JobStateCell({ job }: { job: Job }) {
  if (!isActive(job)) {
    return (
      <>
        <span className={`job-state ${job.state}`}>{jobStateWords(job.state)}</span>
        {job.reason === null ? null : <small>{job.reason}</small>}
      </>
    );
  }
  const left = job.etaS === null ? '' : `, ${formatTimeLeft(job.etaS)}`;
  return (
    <>
      <span className={`job-state ${job.state}`}>{jobStateWords(job.state)}</span>
      <ProgressBar label={`Progress of ${jobName(job)}`} part={job.progress} />
      <small>{`${formatPercent(job.progress)}${left}`}</small>
    </>
  );
}
