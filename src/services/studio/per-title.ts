/**
 * The ladder of one film, chosen along its hull: from the quality that more bits do not visibly improve downwards, each
 * rung a step below the last in rate, and far enough in quality to be noticed. How and why: docs/decisions/per-title.md.
 * Pure.
 */
import type { PictureAnalysis, QualityMetric } from '../../contracts/analysis.ts';
import type { Rung } from '../../contracts/tasks.ts';
import { convexHull, type Operation, operations, paretoFront } from './hull.ts';
import { deviceCap } from './ladder.ts';

export type LadderLimits = {
  /** Rungs above the lowest one that is there already. */
  rungsMax: number;
  preset: string;
  frameRate: { num: number; den: number };
};

/** What viewers do not see: the least step of quality between rungs, and the quality at which a ladder ends. */
const STEPS: Readonly<Record<QualityMetric, { least: number; enough: number | undefined }>> = {
  // A step of 6 is one that half of all viewers notice; at 95 a film counts as visually lossless at its size.
  vmaf: { least: 3, enough: 95 },
  // Its scale has no such point, so the top is what the largest shape has at a setting known to be enough.
  ssim: { least: 0.6, enough: undefined },
};
const TOP_CRF = 22;
/** The least setting that is worth its bits, and the worst that is worth a look. */
const CRF_MIN = 18;
const CRF_MAX = 42;
/** Between neighbours, so that a player finds a rung near to what its network carries. */
const RATE_STEP = 1.65;
/** Nothing below is worth a rung of its own. */
const BITS_MIN = 110_000;
/** Peaks of a rung above its mean that networks must carry. */
const PEAK_FACTOR = 2.5;
const CAP_MIN = 200_000;

/** From low to high. Empty when the analysis has too little to choose from. */
export function chooseRungs(analysis: PictureAnalysis, limits: LadderLimits): Rung[] {
  const front = paretoFront(worthy(analysis));
  const top = topOf(analysis, front);
  if (!top) return [];
  const { least } = STEPS[analysis.metric];
  const chosen: Operation[] = [top];
  while (chosen.length < limits.rungsMax) {
    const above = chosen.at(-1) as Operation;
    const next = front
      .filter(
        ({ width, bitsPerS, quality }) =>
          width <= above.width && bitsPerS <= above.bitsPerS / RATE_STEP && quality <= above.quality - least,
      )
      .at(-1);
    if (!next || next.bitsPerS < BITS_MIN) break;
    chosen.push(next);
  }
  return chosen.reverse().map((operation) => rungOf(operation, limits));
}

/** The hull of the settings that a rung may have. */
export function ladderHull(analysis: PictureAnalysis): Operation[] {
  return convexHull(worthy(analysis));
}

function worthy({ points }: PictureAnalysis): Operation[] {
  return operations(points).filter(({ crf }) => crf >= CRF_MIN && crf <= CRF_MAX);
}

function topOf({ metric, points }: PictureAnalysis, front: readonly Operation[]): Operation | undefined {
  const largest = points.reduce((a, b) => (b.width > a.width ? b : a));
  const usual = operations(points).find(({ width, crf }) => width === largest.width && crf === TOP_CRF);
  const enough = STEPS[metric].enough ?? usual?.quality;
  if (enough === undefined) return front.at(-1);
  return front.find(({ quality }) => quality >= enough) ?? front.at(-1);
}

function rungOf({ width, height, crf, bitsPerS }: Operation, { preset, frameRate }: LadderLimits): Rung {
  const cap = Math.min(deviceCap({ width, height }, frameRate), Math.max(CAP_MIN, bitsPerS * PEAK_FACTOR));
  return { name: '', width, height, crf, bitsPerSMax: Math.round(cap / 1000) * 1000, preset };
}
