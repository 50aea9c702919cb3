/** The head of a job's page: name, state, progress, and what an operator can do to it. */
import { Ban, Download, RefreshCw, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { callEndpoint } from '../../../contracts/call.ts';
import { endpointPath } from '../../../contracts/endpoint.ts';
import { getJobReport, type Job, retryJob } from '../../../contracts/jobs.ts';
import { formatPercent, formatTimeLeft } from '../../ui/formats.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { useServices } from '../shell/services.ts';
import { CancelDialog } from './cancel-dialog.tsx';
import {
  canRetry,
  countsWords,
  formatFps,
  formatMoment,
  isActive,
  jobName,
  jobStateWords,
} from './job-words.ts';
import { newestJob } from './newest-job.ts';
import { ReencodeDialog } from './reencode-dialog.tsx';
import { useOrder } from './use-order.ts';

export type JobHeadProps = { job: Job; refresh: () => void };

export function JobHead({ job, refresh }: JobHeadProps) {
  const active = isActive(job);
  return (
    <header className="job-head">
      <h1>{jobName(job)}</h1>
      <p>
        <span className={`job-state ${job.state}`} data-testid="job-state">
          {jobStateWords(job.state)}
        </span>{' '}
        with preset <strong>{job.preset}</strong>, version {job.version} of{' '}
        <Link href={`/title/${job.title}`}>its film</Link>. Began {formatMoment(job.startedAt)}
        {job.endedAt === null ? '' : `, ended ${formatMoment(job.endedAt)}`}.
      </p>
      {job.reason === null ? null : (
        <p className={job.state === 'cancelled' ? 'console-note' : 'job-reason'}>
          {job.reason}
          {job.reasonCode === null ? null : (
            <>
              {' '}
              <code>{job.reasonCode}</code>
            </>
          )}
        </p>
      )}
      {active ? (
        <div className="job-progress">
          <ProgressBar label="Progress of the job" part={job.progress} />
          <p>
            <span>{formatPercent(job.progress)}</span>
            <span>{job.etaS === null ? 'Time left not known yet' : formatTimeLeft(job.etaS)}</span>
            {job.fps > 0 ? <span>{`${formatFps(job.fps)} frames/s`}</span> : null}
          </p>
        </div>
      ) : null}
      <p className="console-note">Tasks: {countsWords(job.tasks)}.</p>
      <JobActions job={job} refresh={refresh} />
    </header>
  );
}

function JobActions({ job, refresh }: JobHeadProps) {
  const { transport } = useServices();
  const [open, setOpen] = useState<'cancel' | 'reencode' | null>(null);
  const close = () => setOpen(null);
  const [, navigate] = useLocation();
  const tryAgain = async () => {
    await callEndpoint(transport, retryJob, { params: { job: job.id } });
    return newestJob(transport, job);
  };
  const retry = useOrder(tryAgain, {
    spoken: 'What failed is tried again.',
    onDone: (newest) => (newest === job.id ? refresh() : navigate(`/jobs/${newest}`)),
  });
  const report = (format: 'html' | 'json') => endpointPath(getJobReport, { job: job.id }, { format });
  return (
    <>
      <div className="job-actions">
        {isActive(job) ? (
          <button type="button" className="button danger" onClick={() => setOpen('cancel')}>
            <Ban aria-hidden="true" />
            Cancel
          </button>
        ) : (
          <button type="button" className="button" onClick={() => setOpen('reencode')}>
            <RefreshCw aria-hidden="true" />
            Encode anew
          </button>
        )}
        {canRetry(job) ? (
          <button type="button" className="button" disabled={retry.busy} onClick={retry.give}>
            <RotateCcw aria-hidden="true" />
            {retry.busy ? 'Trying…' : 'Try again'}
          </button>
        ) : null}
        <a className="button quiet" href={report('html')} download>
          <Download aria-hidden="true" />
          Report as a page
        </a>
        <a className="button quiet" href={report('json')} download>
          <Download aria-hidden="true" />
          Report as JSON
        </a>
      </div>
      {retry.fault === null ? null : (
        <p className="fault" role="alert">
          {retry.fault}
        </p>
      )}
      {open === 'cancel' ? <CancelDialog job={job} onClose={close} refresh={refresh} /> : null}
      {open === 'reencode' ? <ReencodeDialog job={job} onClose={close} /> : null}
    </>
  );
}
