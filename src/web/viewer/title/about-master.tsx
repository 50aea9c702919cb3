/** What inspection found in a film's master, opened on demand. It is read once it is opened, not before. */
import './about-master.css';
import { useMemo, useState } from 'react';
import { callEndpoint } from '../../../contracts/call.ts';
import { getMasterReport, type MasterReport } from '../../../contracts/masters.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { createPoller } from '../polling/poller.ts';
import { usePoller } from '../polling/use-poller.ts';
import { useServices } from '../shell/services.ts';
import { type FactGroup, factsOf, stateWords } from './master-words.ts';

const POLL_MOVING_MS = 1500;
const POLL_RESTING_MS = 30_000;

export function AboutMaster({ titleId }: { titleId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="about-master" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>About this master</summary>
      {open ? <Report titleId={titleId} /> : null}
    </details>
  );
}

function Report({ titleId }: { titleId: string }) {
  const { transport, timing, visibility } = useServices();
  const poller = useMemo(
    () =>
      createPoller<MasterReport>({
        load: (_previous, signal) =>
          callEndpoint(transport, getMasterReport, { params: { id: titleId } }, signal),
        pauseMs: (report) => (report?.state === 'inspecting' ? POLL_MOVING_MS : POLL_RESTING_MS),
        isAnswer: (error) => isMatineeError(error) && error.row.status < 500,
        timing,
        visibility,
      }),
    [titleId, transport, timing, visibility],
  );
  const { value: report, away, failure } = usePoller(poller);
  if (failure !== undefined) return <p>Nothing is known of this master any more.</p>;
  if (!report) return <p role="status">{away ? 'The server does not answer.' : 'Reading…'}</p>;
  const words = stateWords(report);
  if (words !== null || report.inspection === null) return <p role="status">{words}</p>;
  const { notes } = report.inspection;
  return (
    <>
      {factsOf(report.inspection).map((group) => (
        <Group key={group.heading} group={group} />
      ))}
      <section aria-labelledby="master-notes">
        <h2 id="master-notes">What is done to it</h2>
        {notes.length === 0 ? (
          <p>Nothing out of the ordinary.</p>
        ) : (
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}

function Group({ group: { heading, facts } }: { group: FactGroup }) {
  const id = `master-${heading.split(':')[0]?.toLowerCase()}`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{heading}</h2>
      <dl>
        {facts.map(([label, words]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
