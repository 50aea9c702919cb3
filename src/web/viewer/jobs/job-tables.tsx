/** What a job was thought to need and needed, who works, and what its master is. */
import { codecWords, offBy } from '../../../contracts/job-words.ts';
import type { CodecDecision, EncodeWorker, Job, JobDetail, JobTask } from '../../../contracts/jobs.ts';
import { formatBytes, formatDuration, languageName } from '../../ui/formats.ts';
import {
  formatFps,
  formatMoment,
  formatRate,
  formatSeconds,
  isActive,
  workerStateWords,
} from './job-words.ts';

export function CostTable({ job }: { job: Job }) {
  const bytes = (value: number | null) => (value === null ? 'not known' : formatBytes(value));
  const { estimate, revised, actual } = job;
  const money = (value: number | null) => (value === null ? 'not known' : value.toPrecision(3));
  const rows = [
    ['Processor time', formatSeconds, 'cpuS'],
    ['Time by the clock', formatSeconds, 'wallS'],
    ['Size of what is published', bytes, 'bytes'],
    ...(actual.money === undefined
      ? []
      : [['Compute, in the currency of the prices', money, 'money'] as const]),
  ] as const;
  return (
    <section aria-labelledby="cost-heading">
      <h2 id="cost-heading">Estimate and actual</h2>
      <table className="console-table">
        <caption className="visually-hidden">What the job was thought to need, and what it needed</caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Estimate before it started</th>
            {revised ? <th scope="col">When its renditions were chosen</th> : null}
            <th scope="col">{isActive(job) ? 'Actual, so far' : 'Actual'}</th>
            {isActive(job) ? null : <th scope="col">Off by</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, told, name]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{told(estimate[name] ?? null)}</td>
              {revised ? <td>{told(revised[name] ?? null)}</td> : null}
              <td>{told(actual[name] ?? null)}</td>
              {isActive(job) ? null : <td>{offBy(estimate[name], actual[name]) || 'not known'}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Why newer codecs are or are not used, where prices are set to weigh them by. */
export function CodecDecisions({ codecs }: { codecs: readonly CodecDecision[] }) {
  return (
    <section aria-labelledby="codecs-heading">
      <h2 id="codecs-heading">Newer codecs</h2>
      <ul className="job-notes">
        {codecs.map((decision) => (
          <li key={decision.codec}>{codecWords(decision)}</li>
        ))}
      </ul>
    </section>
  );
}

export type WorkersTableProps = { workers: readonly EncodeWorker[]; tasks: readonly JobTask[] };

export function WorkersTable({ workers, tasks }: WorkersTableProps) {
  const names = new Map(tasks.map(({ id, name }) => [id, name]));
  return (
    <section aria-labelledby="workers-heading">
      <h2 id="workers-heading">Workers</h2>
      {workers.length === 0 ? (
        <p className="console-note">No worker was heard of lately.</p>
      ) : (
        <table className="console-table stacking">
          <caption className="visually-hidden">All encoder workers, with what each does</caption>
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">State</th>
              <th scope="col">Task</th>
              <th scope="col">Frames/s</th>
              <th scope="col">Since</th>
              <th scope="col">Last heard of</th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <tr key={worker.name} data-state={worker.state}>
                <th scope="row">{worker.name}</th>
                <td data-label="State">
                  {workerStateWords(worker.state)}
                  {worker.trouble !== null && <p className="console-note">{worker.trouble}</p>}
                </td>
                <td data-label="Task">{taskOf(worker, names)}</td>
                <td data-label="Frames/s">{worker.fps === null ? '' : formatFps(worker.fps)}</td>
                <td data-label="Since">{formatMoment(worker.since)}</td>
                <td data-label="Last heard of">{formatMoment(worker.lastHeardAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function taskOf({ task }: EncodeWorker, names: ReadonlyMap<string, string>): string {
  if (task === null) return 'none';
  return names.get(task) ?? 'of another job';
}

export function MasterFacts({ inspection }: { inspection: NonNullable<JobDetail['inspection']> }) {
  const { video, audio, text, notes } = inspection;
  const rate = (video.frameRate.num / video.frameRate.den).toFixed(3).replace(/\.?0+$/, '');
  const facts: ReadonlyArray<readonly [string, string]> = [
    ['Container', inspection.container],
    ['Length', formatDuration(inspection.durationS)],
    ...(inspection.bitsPerS === null ? [] : [['Rate', formatRate(inspection.bitsPerS)] as const]),
    ['Picture', `${video.codec}, ${video.width} × ${video.height}, ${rate} frames/s, ${video.bitDepth} bit`],
    ['Colour', video.colour === 'sdr' ? 'standard range' : video.colour.toUpperCase()],
    ...audio.map(
      ({ index, codec, channels, language, layout }) =>
        [
          `Sound ${index}`,
          `${codec}, ${layout ?? `${channels} channels`}, ${languageName(language)}`,
        ] as const,
    ),
    ...text.map(
      ({ index, codec, language }) => [`Text ${index}`, `${codec}, ${languageName(language)}`] as const,
    ),
  ];
  return (
    <section aria-labelledby="master-heading">
      <h2 id="master-heading">The master</h2>
      <dl className="task-facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {notes.length === 0 ? null : (
        <ul className="job-notes">
          {notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
