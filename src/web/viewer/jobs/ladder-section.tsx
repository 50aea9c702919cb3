/** A film's ladder: the chart, and the same figures as tables. */
import type { Job, LadderAnalysis, RatePoint } from '../../../contracts/jobs.ts';
import { sizeName } from './chart-scales.ts';
import { formatRate, isActive, metricName } from './job-words.ts';
import { LadderChart } from './ladder-chart.tsx';

export type LadderSectionProps = { ladder: LadderAnalysis | null; job: Job };

export function LadderSection({ ladder, job }: LadderSectionProps) {
  return (
    <section aria-labelledby="ladder-heading">
      <h2 id="ladder-heading">Ladder</h2>
      {ladder === null ? (
        <p className="console-note">
          {isActive(job)
            ? 'No analysis yet. It comes while the job runs, unless the preset needs none.'
            : 'No analysis is kept for this job: its preset needed none, or a newer job took its place.'}
        </p>
      ) : (
        <>
          <LadderChart ladder={ladder} />
          <LadderTable ladder={ladder} />
        </>
      )}
    </section>
  );
}

type Row = RatePoint & { key: string; label: string };

function LadderTable({ ladder }: { ladder: LadderAnalysis }) {
  const metric = metricName(ladder.metric);
  const numbered = (points: readonly RatePoint[], label: string): Row[] =>
    points.map((point, index) => ({ ...point, key: `${label} ${index}`, label: `${label} ${index + 1}` }));
  const named = <T extends RatePoint & { name: string; codec?: string }>(points: readonly T[]): Row[] =>
    points.map((point, index) => ({
      ...point,
      key: `${point.name} ${index}`,
      label: point.codec ? `${point.name}, ${point.codec}` : point.name,
    }));
  return (
    <>
      <PointTable caption="Chosen rungs" metric={metric} rows={named(ladder.chosen)} />
      {ladder.apple.length === 0 ? null : (
        <PointTable caption="Apple’s rungs, for comparison" metric={metric} rows={named(ladder.apple)} />
      )}
      <details className="ladder-more">
        <summary>
          {`Measured points (${ladder.points.length}) and hull (${ladder.hull.length}) as tables`}
        </summary>
        <PointTable caption="Hull" metric={metric} rows={numbered(ladder.hull, 'Hull')} />
        <PointTable caption="Measured points" metric={metric} rows={numbered(ladder.points, 'Point')} />
      </details>
    </>
  );
}

function PointTable({ caption, metric, rows }: { caption: string; metric: string; rows: readonly Row[] }) {
  return (
    <table className="console-table">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Size</th>
          <th scope="col">Rate</th>
          <th scope="col">{metric}</th>
          <th scope="col">CRF</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row">{row.label}</th>
            <td>{sizeName(row)}</td>
            <td>{formatRate(row.bitsPerS)}</td>
            <td>{row.quality === null ? 'not measured' : row.quality.toFixed(2)}</td>
            <td>{row.crf ?? 'none'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
