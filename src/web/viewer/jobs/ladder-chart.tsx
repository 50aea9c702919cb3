/**
 * Rate against quality, drawn: what was measured, by picture size; the hull; the chosen rungs and Apple's. Shapes
 * tell the kinds apart as well as colours. The tables beneath it carry the same figures.
 */
import './chart.css';
import type { ReactNode } from 'react';
import type { LadderAnalysis } from '../../../contracts/jobs.ts';
import {
  drawable,
  type Extent,
  extentsOf,
  linearScale,
  logScale,
  type Scale,
  sizeName,
  sizesOf,
} from './chart-scales.ts';
import { formatRate, metricName } from './job-words.ts';

const [WIDTH, HEIGHT] = [760, 420];
const LEFT = 64;
const RIGHT = WIDTH - 20;
const TOP = 16;
const BOTTOM = HEIGHT - 56;
const SIZE_COLOURS = 6;

export function LadderChart({ ladder }: { ladder: LadderAnalysis }) {
  const extents = extentsOf(ladder);
  if (!extents) return <p className="console-note">The analysis has no figures that could be drawn.</p>;
  const x = logScale(extents.rates, [LEFT, RIGHT]);
  const y = linearScale(extents.qualities, [BOTTOM, TOP]);
  const sizes = sizesOf(ladder.points);
  const hull = drawable(ladder.hull).toSorted((a, b) => a.bitsPerS - b.bitsPerS);
  const at = (point: { bitsPerS: number; quality: number }): Extent => [
    x.at(point.bitsPerS),
    y.at(point.quality),
  ];
  return (
    <figure className="ladder-chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Quality in ${metricName(ladder.metric)} against rate; the tables below have the figures`}
        data-testid="ladder-chart"
      >
        <Axes x={x} y={y} metric={metricName(ladder.metric)} />
        <polyline className="chart-hull" points={hull.map((point) => at(point).join(',')).join(' ')} />
        {drawable(ladder.points).map((point) => (
          <Place key={`${sizeName(point)} ${point.crf} ${point.bitsPerS}`} at={at(point)}>
            <circle className={`chart-point size-${sizes.indexOf(sizeName(point)) % SIZE_COLOURS}`} r="4">
              <title>{pointWords('Measured', point)}</title>
            </circle>
          </Place>
        ))}
        {drawable(ladder.apple).map((rung) => (
          <Mark
            key={`${rung.name} ${rung.bitsPerS}`}
            kind="apple"
            at={at(rung)}
            words={pointWords(`Apple’s ${rung.name}`, rung)}
          />
        ))}
        {drawable(ladder.chosen).map((rung) => (
          <Mark
            key={`${rung.name} ${rung.bitsPerS}`}
            kind="chosen"
            at={at(rung)}
            words={pointWords(rung.name, rung)}
          />
        ))}
      </svg>
      <ChartLegend sizes={sizes} apple={drawable(ladder.apple).length > 0} />
    </figure>
  );
}

type Point = { width: number; height: number; bitsPerS: number; quality: number; crf: number | null };

function pointWords(name: string, point: Point): string {
  const crf = point.crf === null ? '' : `, CRF ${point.crf}`;
  return `${name}: ${sizeName(point)}, ${formatRate(point.bitsPerS)}, quality ${point.quality}${crf}`;
}

const SHAPES = { chosen: 'M0 -8L8 0L0 8L-8 0Z', apple: 'M-6 -6L6 6M-6 6L6 -6' } as const;

/** Moves what is drawn around its own middle, so that style sheets can make it larger. */
function Place({ at: [x, y], children }: { at: Extent; children: ReactNode }) {
  return <g transform={`translate(${x} ${y})`}>{children}</g>;
}

function Mark({ kind, at, words }: { kind: keyof typeof SHAPES; at: Extent; words: string }) {
  return (
    <Place at={at}>
      <path className={`chart-${kind}`} d={SHAPES[kind]}>
        <title>{words}</title>
      </path>
    </Place>
  );
}

function Axes({ x, y, metric }: { x: Scale; y: Scale; metric: string }) {
  return (
    <g className="chart-axes">
      {x.ticks.map((tick) => (
        <g key={tick}>
          <line x1={x.at(tick)} x2={x.at(tick)} y1={TOP} y2={BOTTOM} />
          <text x={x.at(tick)} y={BOTTOM + 20} textAnchor="middle">
            {tick >= 1_000_000 ? `${tick / 1_000_000} M` : `${tick / 1000} k`}
          </text>
        </g>
      ))}
      {y.ticks.map((tick) => (
        <g key={tick}>
          <line x1={LEFT} x2={RIGHT} y1={y.at(tick)} y2={y.at(tick)} />
          <text x={LEFT - 8} y={y.at(tick) + 4} textAnchor="end">
            {tick}
          </text>
        </g>
      ))}
      <text x={(LEFT + RIGHT) / 2} y={HEIGHT - 8} textAnchor="middle">
        bit/s, on a logarithmic axis
      </text>
      <text transform={`translate(16 ${(TOP + BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
        {metric}
      </text>
    </g>
  );
}

function ChartLegend({ sizes, apple }: { sizes: readonly string[]; apple: boolean }) {
  return (
    <figcaption className="chart-legend">
      <span>
        <svg viewBox="-10 -10 20 20" aria-hidden="true">
          <path className="chart-chosen" d={SHAPES.chosen} />
        </svg>
        chosen rung
      </span>
      {apple ? (
        <span>
          <svg viewBox="-10 -10 20 20" aria-hidden="true">
            <path className="chart-apple" d={SHAPES.apple} />
          </svg>
          Apple’s rung
        </span>
      ) : null}
      <span>
        <svg viewBox="-10 -10 20 20" aria-hidden="true">
          <path className="chart-hull" d="M-10 5L10 -5" />
        </svg>
        hull
      </span>
      {sizes.map((size, index) => (
        <span key={size}>
          <svg viewBox="-10 -10 20 20" aria-hidden="true">
            <circle className={`chart-point size-${index % SIZE_COLOURS}`} r="6" />
          </svg>
          measured at {size}
        </span>
      ))}
    </figcaption>
  );
}
