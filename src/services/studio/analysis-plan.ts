/**
 * What is looked at to choose a film's ladder: which sizes and settings, and how much of the film, so that the analysis
 * stays a small part of the work that it saves. Pure.
 */
import type { Inspection, TaskSpec } from '../../contracts/tasks.ts';
import { encodeCost } from './cost.ts';
import type { Grid } from './grid.ts';
import { boxedShape, planLadder } from './ladder.ts';
import { pictureOf } from './picture-treatment.ts';

export type AnalyseSpec = Extract<TaskSpec, { kind: 'analyse' }>;

/** Boxes that a film may get rungs of. */
const BOX_LINES = [1080, 720, 540, 432, 360, 288, 234];
const SHAPES_MAX = 4;
const SHAPES_SHORT = 3;
/** Neighbours differ by this much in width, else they teach nothing new; so that fewer reach down, by more. */
const APART_MIN = 1.3;
const APART_MIN_SHORT = 1.4;
const CRFS = [25, 31, 37];
const CRFS_SHORT = [26, 36];
/** Faster than the encodes themselves: only how sizes and settings compare is asked for. */
const PRESET = 'superfast';
/** The analysis may cost this part of what the encodes will cost, whose rungs are more and larger than the usual ones. */
const SHARE = 0.18;
const CHOSEN_FACTOR = 2;
const SAMPLES_MAX = 3;
const SAMPLE_S = 4;
/** Much below one group of pictures the key frame at its start would count for too much. */
const SAMPLE_S_MIN = 1.6;
/** A film that is shorter than this is looked at in fewer sizes and settings. */
const SHORT_S = 30;
/** Places that are felt for in a film that is longer than a few samples. */
const LOOKS_MAX = 12;
const LOOK_EVERY_S = 10;
/** Measuring costs about this for each pixel of the largest shape and each encode, every fourth picture. */
const MEASURE_MS_PER_PIXEL = 5e-6;
/** Reading and feeling for one place, which for a short film costs less. */
const LOOK_MS = 400;

export function planAnalysis(found: Inspection, grid: Grid): AnalyseSpec {
  const isShort = grid.durationS < SHORT_S;
  const shapes = isShort
    ? analysisShapes(found, SHAPES_SHORT, APART_MIN_SHORT)
    : analysisShapes(found, SHAPES_MAX, APART_MIN);
  const crfs = isShort ? CRFS_SHORT : CRFS;
  const sampleS = sampleSeconds(found, grid, { shapes, crfs });
  const count = Math.max(1, Math.min(SAMPLES_MAX, Math.round(sampleS / SAMPLE_S)));
  const { num, den } = found.video.frameRate;
  const frames = Math.min(grid.frames, Math.max(1, Math.round(((sampleS / count) * num) / den)));
  return {
    ...{ kind: 'analyse', master: '', streamIndex: found.video.index, picture: pictureOf(found) },
    frames: grid.frames,
    looks: spread(grid.frames - frames, lookCount(grid.durationS, count)),
    samples: { count, frames },
    shapes,
    ...{ crfs, preset: PRESET, gopFrames: grid.gopFrames },
  };
}

/** The largest last. */
function analysisShapes({ video }: Inspection, shapesMax: number, apartMin: number): AnalyseSpec['shapes'] {
  const found: AnalyseSpec['shapes'] = [];
  for (const lines of BOX_LINES) {
    const shape = boxedShape(lines, video);
    const above = found.at(-1);
    if (above && above.width / shape.width < apartMin) continue;
    if (Math.min(shape.width, shape.height) >= 32) found.push(shape);
    if (found.length === shapesMax) break;
  }
  return (found.length > 0 ? found : [boxedShape(BOX_LINES[0] as number, video)]).reverse();
}

/** How many seconds of samples the share of the work pays for. */
function sampleSeconds(found: Inspection, grid: Grid, points: Points): number {
  const pixels = found.video.width * found.video.height;
  const work = planLadder(found.video).reduce((sum, rung) => sum + encodeCost(grid.frames, pixels, rung), 0);
  const { num, den } = found.video.frameRate;
  const affordable = (SHARE * CHOSEN_FACTOR * work) / ((frameCost(pixels, points) * num) / den);
  return Math.min(grid.durationS, SAMPLES_MAX * SAMPLE_S, Math.max(SAMPLE_S_MIN, affordable));
}

type Points = Pick<AnalyseSpec, 'shapes' | 'crfs'>;

/** Of one frame of a sample: decoded once for its encodes and once to be measured, in all shapes and settings. */
function frameCost(masterPixels: number, { shapes, crfs }: Points): number {
  const decode = encodeCost(1, masterPixels, { width: 0, height: 0, preset: PRESET }, 0);
  const largest = shapes.at(-1) as AnalyseSpec['shapes'][number];
  const measure = largest.width * largest.height * MEASURE_MS_PER_PIXEL;
  const encodes = shapes.reduce((sum, shape) => sum + encodeCost(1, 0, { ...shape, preset: PRESET }, 0), 0);
  return 2 * decode + crfs.length * (encodes + shapes.length * measure);
}

/** As `cost.ts` counts. */
export function analysisCost(spec: AnalyseSpec, { video }: Inspection): number {
  const { samples, looks } = spec;
  const frames = samples.count * samples.frames;
  return LOOK_MS * looks.length + frames * frameCost(video.width * video.height, spec);
}

function lookCount(durationS: number, samples: number): number {
  const some = Math.min(LOOKS_MAX, Math.floor(durationS / LOOK_EVERY_S));
  // Feeling for fewer than twice as many places as there are samples would choose nothing.
  return some >= 2 * samples ? some : samples;
}

/** The middles of equal parts of a line. */
function spread(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => Math.max(0, Math.floor(((at + 0.5) * length) / count)));
}
