/** A film's ladder as operators see it: what was measured, the hull of it, what was chosen, Apple's beside it. Pure. */
import type { LadderAnalysis, RatePoint } from '../../contracts/jobs.ts';
import type { Inspection, Rung } from '../../contracts/tasks.ts';
import { type Operation, operations } from './hull.ts';
import { fixedLadder } from './ladder.ts';
import { ladderHull } from './per-title.ts';
import type { Plan } from './plan.ts';
import { APPLE_STEPS } from './presets.ts';

/** Null when the film's ladder was not chosen by an analysis. */
export function ladderView({ rungs, ladder }: Plan, { video }: Inspection): LadderAnalysis | null {
  const analysis = ladder?.analysis;
  if (!analysis) return null;
  const known = operations(analysis.points);
  return {
    metric: analysis.metric,
    points: analysis.points.map(pointOf),
    hull: ladderHull(analysis).map(pointOf),
    chosen: rungs.map((rung) => ({ ...placeOf(rung, known), name: rung.name, codec: rung.codec ?? 'h264' })),
    apple: fixedLadder(APPLE_STEPS, video).map(({ name, width, height, bitsPerSMax }) => ({
      ...{ name, width, height, crf: null, bitsPerS: bitsPerSMax },
      quality: qualityAt(width, bitsPerSMax, known),
    })),
  };
}

function pointOf({ width, height, crf, bitsPerS, quality }: Operation): RatePoint {
  return { width, height, crf, bitsPerS: Math.round(bitsPerS), quality: Math.round(quality * 100) / 100 };
}

/** Where the analysis, which is one of H.264, expects a rung; its cap where it tells nothing of it. */
function placeOf({ width, height, crf, bitsPerSMax, codec }: Rung, known: readonly Operation[]): RatePoint {
  const isMeasured = codec === undefined || codec === 'h264';
  const own = isMeasured ? known.find((one) => one.width === width && one.crf === crf) : undefined;
  return own ? pointOf(own) : { width, height, crf, bitsPerS: bitsPerSMax, quality: null };
}

/** What this size would reach at that rate, from the nearest that was measured. */
function qualityAt(width: number, bitsPerS: number, known: readonly Operation[]): number | null {
  const near = known
    .filter((one) => Math.abs(one.width / width - 1) < 0.05)
    .sort((a, b) => Math.abs(Math.log(a.bitsPerS / bitsPerS)) - Math.abs(Math.log(b.bitsPerS / bitsPerS)))[0];
  const isNear = near && Math.abs(Math.log2(near.bitsPerS / bitsPerS)) < 0.5;
  return isNear ? Math.round(near.quality * 100) / 100 : null;
}
