/** A task's facts, what it waits for, and the evidence of its failures. */
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { callEndpoint } from '../../../contracts/call.ts';
import {
  getTaskEvidence,
  type Job,
  type JobTask,
  retryTask,
  type TaskEvidence,
} from '../../../contracts/jobs.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useServices } from '../shell/services.ts';
import { newestJob } from './newest-job.ts';
import { taskFacts } from './task-facts.ts';
import { useOrder } from './use-order.ts';

export type TaskDialogProps = {
  job: Job;
  task: JobTask;
  tasks: readonly JobTask[];
  onClose: () => void;
  refresh: () => void;
};

export function TaskDialog({ job, task, tasks, onClose, refresh }: TaskDialogProps) {
  const { transport } = useServices();
  const [, navigate] = useLocation();
  const tryAgain = async () => {
    await callEndpoint(transport, retryTask, { params: { job: job.id, task: task.id } });
    return newestJob(transport, job);
  };
  const retry = useOrder(tryAgain, {
    spoken: `${task.name} is tried again.`,
    onDone: (newest) => {
      onClose();
      if (newest === job.id) refresh();
      else navigate(`/jobs/${newest}`);
    },
  });
  return (
    <Dialog title={task.name} onClose={onClose}>
      <dl className="task-facts">
        {taskFacts(task, tasks).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {task.lastFailure === null ? null : <Evidence job={job.id} task={task} />}
      {retry.fault === null ? null : (
        <p className="fault" role="alert">
          {retry.fault}
        </p>
      )}
      <div className="dialog-actions">
        {task.state === 'failed' ? (
          <button type="button" className="button" disabled={retry.busy} onClick={retry.give}>
            {retry.busy ? 'Trying…' : 'Try this task again'}
          </button>
        ) : null}
        <button type="button" className="button quiet" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

type Told = { evidence: readonly TaskEvidence[] } | { fault: string } | null;

/** Asked for again when there is news of another failure. */
function Evidence({ job, task }: { job: string; task: JobTask }) {
  const { transport } = useServices();
  const [told, setTold] = useState<Told>(null);
  const { id } = task;
  const newest = task.lastFailure?.at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time of the newest failure says when to ask anew.
  useEffect(() => {
    const stop = new AbortController();
    callEndpoint(transport, getTaskEvidence, { params: { job, task: id } }, stop.signal).then(
      setTold,
      (error) => {
        if (!stop.signal.aborted) setTold({ fault: (error as Error).message });
      },
    );
    return () => stop.abort(new Error('the dialog was closed'));
  }, [transport, job, id, newest]);
  return (
    <section className="evidence" aria-labelledby="evidence-heading">
      <h3 id="evidence-heading">Why attempts failed</h3>
      {told === null ? <p role="status">Asking for the evidence…</p> : null}
      {told && 'fault' in told ? (
        <p className="fault" role="alert">
          {`The evidence did not come: ${told.fault}`}
        </p>
      ) : null}
      {told && 'evidence' in told ? <EvidenceList evidence={told.evidence} /> : null}
    </section>
  );
}

function EvidenceList({ evidence }: { evidence: readonly TaskEvidence[] }) {
  if (evidence.length === 0) return <p>None was kept.</p>;
  return (
    <ol>
      {evidence.map(({ at, attempt, worker, code, message, log }) => (
        <li key={`${at}-${attempt}`}>
          <p>
            <strong>{`Attempt ${attempt}`}</strong>
            {` on ${worker}: ${message} `}
            <code>{code}</code>
          </p>
          {log === '' ? null : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be within reach of the keyboard.
            <pre tabIndex={0}>{log}</pre>
          )}
        </li>
      ))}
    </ol>
  );
}
