/** Where points of a rate-quality plane are drawn: a logarithmic axis of rates, a linear one of qualities. Pure. */
import type { LadderAnalysis, RatePoint } from '../../../contracts/jobs.ts';

export type Scale = { at(value: number): number; ticks: readonly number[] };
export type Extent = readonly [number, number];

/** Ticks at 1, 2 and 5 of each power of ten; the ends lie a little beyond the values. */
export function logScale([low, high]: Extent, [from, to]: Extent): Scale {
  const [start, end] = [Math.log10(low) - 0.06, Math.log10(Math.max(high, low * 1.01)) + 0.06];
  const ticks: number[] = [];
  for (let power = Math.floor(start); power <= end; power += 1) {
    for (const step of [1, 2, 5]) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) >= start && Math.log10(tick) <= end) ticks.push(tick);
    }
  }
  return { at: (value) => from + ((Math.log10(value) - start) / (end - start)) * (to - from), ticks };
}

/** About five round ticks that reach around the values. */
export function linearScale([low, high]: Extent, [from, to]: Extent): Scale {
  const span = Math.max(high - low, Math.abs(high) * 0.01, 1e-6);
  const step = roundStep(span / 4);
  const start = Math.floor(low / step) * step;
  const end = Math.max(start + step, Math.ceil(high / step) * step);
  const count = Math.round((end - start) / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) =>
    Number((start + index * step).toPrecision(12)),
  );
  return { at: (value) => from + ((value - start) / (end - start)) * (to - from), ticks };
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].find((one) => one * power >= rough) ?? 10;
  return step * power;
}

export type Drawable = RatePoint & { quality: number };

/** A point without a quality, or without a rate, has no place in the plane. */
export function drawable<T extends RatePoint>(points: readonly T[]): Array<T & { quality: number }> {
  return points.filter(
    (point): point is T & { quality: number } => point.quality !== null && point.bitsPerS > 0,
  );
}

/** Lowest and highest rate and quality of all that is drawn; null when that is nothing. */
export function extentsOf(ladder: LadderAnalysis): { rates: Extent; qualities: Extent } | null {
  const all = drawable<RatePoint>([...ladder.points, ...ladder.hull, ...ladder.chosen, ...ladder.apple]);
  if (all.length === 0) return null;
  const extent = (values: number[]): Extent => [Math.min(...values), Math.max(...values)];
  return {
    rates: extent(all.map(({ bitsPerS }) => bitsPerS)),
    qualities: extent(all.map(({ quality }) => quality)),
  };
}

/** The picture sizes among the points, from small to large: "640 × 360". */
export function sizesOf(points: readonly RatePoint[]): string[] {
  const sizes = new Map(points.map((point) => [sizeName(point), point.width * point.height]));
  return [...sizes].sort(([, a], [, b]) => a - b).map(([name]) => name);
}

export function sizeName({ width, height }: Pick<RatePoint, 'width' | 'height'>): string {
  return `${width} × ${height}`;
}
