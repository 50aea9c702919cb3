/** Asks before a job is ended. */
import { callEndpoint } from '../../../contracts/call.ts';
import { cancelJob, type Job } from '../../../contracts/jobs.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useServices } from '../shell/services.ts';
import { jobName } from './job-words.ts';
import { useOrder } from './use-order.ts';

export type CancelDialogProps = { job: Job; onClose: () => void; refresh: () => void };

export function CancelDialog({ job, onClose, refresh }: CancelDialogProps) {
  const { transport } = useServices();
  const order = useOrder(() => callEndpoint(transport, cancelJob, { params: { job: job.id } }), {
    spoken: `The job of ${jobName(job)} was cancelled.`,
    onDone: () => {
      refresh();
      onClose();
    },
  });
  return (
    <Dialog title={`Cancel the job of “${jobName(job)}”?`} onClose={onClose}>
      <p>Workers stop within a few seconds. What was published already plays on; the rest is not made.</p>
      {order.fault === null ? null : (
        <p className="fault" role="alert">
          {order.fault}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button quiet" onClick={onClose}>
          Let it run
        </button>
        <button type="button" className="button danger" disabled={order.busy} onClick={order.give}>
          {order.busy ? 'Cancelling…' : 'Cancel the job'}
        </button>
      </div>
    </Dialog>
  );
}
