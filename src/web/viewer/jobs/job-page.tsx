/** One encoding job in full, live: how far it is, its tasks, who works, its ladder, what it cost, and what can be done. */
import './jobs.css';
import './tasks.css';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Job, JobDetail } from '../../../contracts/jobs.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { AwayNotice } from '../library/away-notice.tsx';
import { useActions } from '../shell/actions.ts';
import { usePageTitle } from '../shell/navigation.ts';
import { NotFoundPage } from '../shell/not-found-page.tsx';
import { JobHead } from './job-head.tsx';
import { CodecDecisions, CostTable, MasterFacts, WorkersTable } from './job-tables.tsx';
import { jobName, jobStateWords } from './job-words.ts';
import { LadderSection } from './ladder-section.tsx';
import { TaskBoard } from './task-board.tsx';
import { TaskDialog } from './task-dialog.tsx';
import { FailedTasks, RunningTasks } from './task-tables.tsx';
import { useJob } from './use-jobs.ts';

export function JobPage({ jobId }: { jobId: string }) {
  const { value, away, failure, refresh } = useJob(jobId);
  const gone = isMatineeError(failure, 'not_found') || isMatineeError(failure, 'invalid_request');
  if (gone) return <NotFoundPage heading="No such job" words="Perhaps its film has been taken out." />;
  return (
    <div className="console">
      <Link href="/jobs" className="console-back">
        <ArrowLeft aria-hidden="true" />
        All jobs
      </Link>
      <AwayNotice away={away} loaded={value !== undefined} />
      {failure === undefined ? null : (
        <p className="fault" role="alert">
          The server did not show the job{failure instanceof Error ? `: ${failure.message}` : ''}.
        </p>
      )}
      {value === undefined && !away && failure === undefined ? (
        <p className="console-note" role="status">
          Asking for the job…
        </p>
      ) : null}
      {value ? <JobView detail={value} refresh={refresh} /> : null}
    </div>
  );
}

function JobView({ detail, refresh }: { detail: JobDetail; refresh: () => void }) {
  const { job, tasks, workers, ladder, inspection, codecs } = detail;
  const [shown, setShown] = useState<string | null>(null);
  const task = tasks.find(({ id }) => id === shown);
  usePageTitle(`Encoding of ${jobName(job)}`);
  useStateSpoken(job);
  return (
    <article className="job">
      <JobHead job={job} refresh={refresh} />
      <FailedTasks tasks={tasks} onShow={setShown} />
      <section aria-labelledby="tasks-heading">
        <h2 id="tasks-heading">Tasks</h2>
        <TaskBoard tasks={tasks} onShow={setShown} />
        <RunningTasks tasks={tasks} onShow={setShown} />
      </section>
      <LadderSection ladder={ladder} job={job} />
      <CostTable job={job} />
      {codecs && codecs.length > 0 ? <CodecDecisions codecs={codecs} /> : null}
      <WorkersTable workers={workers} tasks={tasks} />
      {inspection ? <MasterFacts inspection={inspection} /> : null}
      {task ? (
        <TaskDialog job={job} task={task} tasks={tasks} onClose={() => setShown(null)} refresh={refresh} />
      ) : null}
    </article>
  );
}

/** Says to assistive programs when the job's state changes; never each percent. */
function useStateSpoken(job: Job): void {
  const { state, reason } = job;
  const name = jobName(job);
  const { announce } = useActions();
  const known = useRef(state);
  useEffect(() => {
    if (known.current === state) return;
    known.current = state;
    announce(`Job of ${name}: ${jobStateWords(state)}.${reason === null ? '' : ` ${reason}`}`);
  }, [name, state, reason, announce]);
}
