/** Asks with which preset a film is encoded anew, and how many views are expected of it, and goes to the new job. */
import { useEffect, useId, useState } from 'react';
import { useLocation } from 'wouter';
import { callEndpoint } from '../../../contracts/call.ts';
import {
  expectedViews,
  type Job,
  listPresets,
  type PresetView,
  reencodeTitle,
} from '../../../contracts/jobs.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { useServices } from '../shell/services.ts';
import { jobName } from './job-words.ts';
import { useOrder } from './use-order.ts';

export function ReencodeDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const { transport } = useServices();
  const [, navigate] = useLocation();
  const presets = usePresets();
  const [preset, setPreset] = useState('');
  const [views, setViews] = useState('');
  const field = useId();
  const valid = views === '' || expectedViews.safeParse(Number(views)).success;
  const body = {
    title: job.title,
    ...(preset === '' ? {} : { preset }),
    ...(views === '' ? {} : { expectedViews: Number(views) }),
  };
  const order = useOrder(() => callEndpoint(transport, reencodeTitle, { body }), {
    spoken: `${jobName(job)} is being encoded anew.`,
    onDone: ({ job: made }) => {
      onClose();
      navigate(`/jobs/${made}`);
    },
  });
  return (
    <Dialog title={`Encode “${jobName(job)}” anew?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (valid && !order.busy) order.give();
        }}
      >
        <p>Only what differs from before is made again. Until it is there, what is published plays on.</p>
        <fieldset className="preset-choice">
          <legend>Preset</legend>
          <PresetOption
            name=""
            title="As before"
            text={`The film’s own preset stays: ${job.preset}.`}
            chosen={preset}
            onChoose={setPreset}
          />
          {presets.known.map(({ name, meaning, contains, default: isDefault }) => (
            <PresetOption
              key={name}
              name={name}
              title={isDefault ? `${name} (that of new titles)` : name}
              text={`${meaning} ${contains}`}
              chosen={preset}
              onChoose={setPreset}
            />
          ))}
        </fieldset>
        {presets.failed ? <p className="fault">The presets could not be read; it stays as before.</p> : null}
        <label className="console-field" htmlFor={field}>
          <span>Views expected from now on</span>
          <input
            id={field}
            inputMode="numeric"
            value={views}
            placeholder="as before"
            autoComplete="off"
            aria-invalid={!valid}
            onChange={({ target }) => setViews(target.value.trim())}
          />
          <small>Newer codecs are made when they pay, where prices are set.</small>
        </label>
        {valid ? null : <p className="fault">Views are a whole number.</p>}
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

function usePresets(): { known: readonly PresetView[]; failed: boolean } {
  const { transport } = useServices();
  const [state, setState] = useState<{ known: readonly PresetView[]; failed: boolean }>({
    known: [],
    failed: false,
  });
  useEffect(() => {
    const left = new AbortController();
    callEndpoint(transport, listPresets, {}, left.signal).then(
      ({ presets }) => setState({ known: presets, failed: false }),
      () => left.signal.aborted || setState({ known: [], failed: true }),
    );
    return () => left.abort();
  }, [transport]);
  return state;
}

type PresetOptionProps = {
  name: string;
  title: string;
  text: string;
  chosen: string;
  onChoose: (name: string) => void;
};

function PresetOption({ name, title, text, chosen, onChoose }: PresetOptionProps) {
  const [input, words] = [useId(), useId()];
  return (
    <div className="preset-option">
      <input
        type="radio"
        id={input}
        name="preset"
        checked={chosen === name}
        aria-describedby={words}
        onChange={() => onChoose(name)}
      />
      <label htmlFor={input}>{title}</label>
      <small id={words}>{text}</small>
    </div>
  );
}
