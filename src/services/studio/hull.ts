/**
 * Rate and quality of a film at any size and quality setting, from the few points that an analysis measured, and the
 * convex hull of them: what is worth encoding at all. Pure.
 *
 * Between measured points the logarithm of the rate and the quality are taken as linear in the CRF. The hull is that of
 * Katsavounidis and Guo, "Video codec comparison using the dynamic optimizer framework" (2018): along it, what a
 * further bit brings falls steadily, and every point off it costs more for the same quality.
 */
import type { QualityPoint } from '../../contracts/analysis.ts';

export type Operation = {
  readonly width: number;
  readonly height: number;
  readonly crf: number;
  readonly bitsPerS: number;
  readonly quality: number;
};

const CRF_STEP = 0.5;
/** How far beyond the measured settings the lines are believed. */
const CRF_BEYOND = 4;

/** Every setting of every shape within reach of what was measured. */
export function operations(points: readonly QualityPoint[]): Operation[] {
  const shapes = Map.groupBy(points, ({ width, height }) => `${width}x${height}`);
  return [...shapes.values()].flatMap(settingsOf);
}

function settingsOf(points: readonly QualityPoint[]): Operation[] {
  const known = points.toSorted((a, b) => a.crf - b.crf);
  const first = known[0] as QualityPoint;
  const last = known.at(-1) as QualityPoint;
  if (known.length === 1) return [first];
  const found: Operation[] = [];
  for (let crf = first.crf - CRF_BEYOND; crf <= last.crf + CRF_BEYOND; crf += CRF_STEP) {
    const above = Math.max(
      1,
      known.findIndex((point) => point.crf >= crf),
    );
    const at = crf > last.crf ? known.length - 1 : above;
    found.push(between(known[at - 1] as QualityPoint, known[at] as QualityPoint, crf));
  }
  return found;
}

function between(a: QualityPoint, b: QualityPoint, crf: number): Operation {
  const part = (crf - a.crf) / (b.crf - a.crf);
  return {
    ...{ width: a.width, height: a.height, crf },
    bitsPerS: a.bitsPerS * (b.bitsPerS / a.bitsPerS) ** part,
    quality: a.quality + (b.quality - a.quality) * part,
  };
}

/** Those that no other gives more quality for at no more bits, from low to high rate. */
export function paretoFront(all: readonly Operation[]): Operation[] {
  const front: Operation[] = [];
  for (const next of all.toSorted((a, b) => a.bitsPerS - b.bitsPerS || b.quality - a.quality)) {
    if (next.quality > (front.at(-1)?.quality ?? Number.NEGATIVE_INFINITY)) front.push(next);
  }
  return front;
}

/** Those that no line between two others passes above, from low to high rate. Andrew's monotone chain. */
export function convexHull(all: readonly Operation[]): Operation[] {
  const hull: Operation[] = [];
  for (const next of paretoFront(all)) {
    while (hull.length >= 2 && !bends(hull.at(-2) as Operation, hull.at(-1) as Operation, next)) hull.pop();
    hull.push(next);
  }
  return hull;
}

/** Whether the middle one lies above the line between its neighbours. */
function bends(a: Operation, b: Operation, c: Operation): boolean {
  const [x, y, z] = [a, b, c].map(({ bitsPerS }) => Math.log2(bitsPerS)) as [number, number, number];
  return (b.quality - a.quality) * (z - x) > (c.quality - a.quality) * (y - x);
}
