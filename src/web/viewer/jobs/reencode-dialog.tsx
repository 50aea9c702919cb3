/** Asks with which preset a film is encoded anew, and goes to the new job. */
import { useId, useState } from 'react';
import { useLocation } from 'wouter';
import { callEndpoint } from '../../../contracts/call.ts';
import { type Job, presetName, reencodeTitle } from '../../../contracts/jobs.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useServices } from '../shell/services.ts';
import { jobName } from './job-words.ts';
import { useOrder } from './use-order.ts';

/** Those that every installation has; an operator's file may add others, whose names are typed. */
const BUILT_IN = ['per-title', 'standard', 'apple', 'archive'];

export function ReencodeDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const { transport } = useServices();
  const [, navigate] = useLocation();
  const [preset, setPreset] = useState('');
  const [field, names] = [useId(), useId()];
  const valid = preset === '' || presetName.safeParse(preset).success;
  const order = useOrder(
    () => callEndpoint(transport, reencodeTitle, { body: { title: job.title, preset: preset || undefined } }),
    {
      spoken: `${jobName(job)} is being encoded anew.`,
      onDone: ({ job: made }) => {
        onClose();
        navigate(`/jobs/${made}`);
      },
    },
  );
  return (
    <Dialog title={`Encode “${jobName(job)}” anew?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (valid && !order.busy) order.give();
        }}
      >
        <p>Only what differs from before is made again. Until it is there, what is published plays on.</p>
        <label className="console-field" htmlFor={field}>
          <span>Preset</span>
          <input
            id={field}
            list={names}
            value={preset}
            placeholder="the film’s own, as before"
            autoComplete="off"
            spellCheck={false}
            aria-invalid={!valid}
            onChange={({ target }) => setPreset(target.value.trim())}
          />
          <datalist id={names}>
            {BUILT_IN.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <small>
            {BUILT_IN.join(', ')}, or one of your file of presets. Empty: the preset stays what it is.
          </small>
        </label>
        {valid ? null : <p className="fault">Names of presets are small letters, digits and dashes.</p>}
        {order.fault === null ? null : (
          <p className="fault" role="alert">
            {order.fault}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" className="button quiet" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="button primary" disabled={order.busy || !valid}>
            {order.busy ? 'Ordering…' : 'Encode anew'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
