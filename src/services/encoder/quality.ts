/**
 * Measures how close encodes are to their source, by the best metric that this ffmpeg has, all of them in one run that
 * decodes the source once. Encodes are scaled up to the shape of the source as a player would do it.
 *
 * SSIM is the mean, in decibels, of that of the pictures and of that of the pictures at a quarter of their size, as
 * ffmpeg's filter computes it over 8x8 blocks of the luma (Wang, Bovik, Sheikh, Simoncelli 2004; that one scale is not
 * enough: Wang, Simoncelli, Bovik 2003). VMAF: the model that libvmaf was built with (`vmaf_v0.6.1` since 2.0).
 */
import { ffmpegOrFail } from './ffmpeg.ts';
import { evenSide, type Shape } from './picture-filters.ts';
import type { TaskContext } from './task-context.ts';

export type QualityJob = {
  /** Arguments of the source, with `-i`. */
  input: readonly string[];
  /** The start of a filter graph that gives the source's pictures, from `[0:…]` on, without an end label. */
  reference: string;
  shape: Shape;
  files: readonly string[];
  timeLimitMs: number;
};

/** Every fourth picture tells as much as all of them. */
const STEP = 4;
/** Fine noise, which nobody misses, counts at the full size only. */
const COARSE = 4;
/** Pictures are paired by their times, so both sides count them on one time line. */
const COUNTED = `framestep=${STEP},settb=1/25,setpts=N`;
/** Encodes without a flaw would be infinitely good. */
const SSIM_MAX_DB = 60;

/** One quality a file, in the metric's unit (see `contracts/analysis.ts`); undefined where none was told. */
export async function measureQuality(
  context: TaskContext,
  { input, reference, shape, files, timeLimitMs }: QualityJob,
): Promise<{ qualities: Array<number | undefined>; cpuS: number }> {
  const isVmaf = context.programs.metric === 'vmaf';
  const graph = (isVmaf ? vmafGraph : ssimGraph)(reference, shape, files.length, context.threads);
  const outputs = files.flatMap((_, at) => (isVmaf ? [`[q${at}]`] : [`[q${at}]`, `[c${at}]`]));
  /** By the number of the filter, which grows with its place in the graph. */
  const found = new Map<number, number>();
  const end = await ffmpegOrFail(context, {
    args: [
      ...input,
      ...files.flatMap((file) => ['-threads', '1', '-i', file]),
      ...['-filter_complex', graph],
      ...outputs.flatMap((output) => ['-map', output, '-f', 'null', '-']),
    ],
    timeLimitMs,
    onInfo: (line) => {
      const told = isVmaf ? vmafOf(line) : ssimOf(line);
      if (told) found.set(told.filter, told.quality);
    },
  });
  const inOrder = [...found].sort(([a], [b]) => a - b).map(([, quality]) => quality);
  const each = outputs.length / files.length;
  return {
    qualities: files.map((_, at) => mean(inOrder.slice(at * each, (at + 1) * each), each)),
    cpuS: end.cpuS,
  };
}

const scaled = (at: number, { width, height }: Shape) =>
  `[${at + 1}:v]${COUNTED},scale=w=${width}:h=${height}:flags=bicubic`;

function vmafGraph(reference: string, shape: Shape, count: number, threads: number): string {
  const ends = Array.from({ length: count }, (_, at) => `[r${at}]`).join('');
  return [
    `${reference},${COUNTED},split=${count}${ends}`,
    ...Array.from(
      { length: count },
      (_, at) => `${scaled(at, shape)}[e${at}];[e${at}][r${at}]libvmaf=n_threads=${threads}[q${at}]`,
    ),
  ].join(';');
}

/** Filters are numbered in the order of the graph, so both scales of a file are told one after the other. */
function ssimGraph(reference: string, shape: Shape, count: number): string {
  const coarse = `scale=w=${evenSide(shape.width / COARSE)}:h=${evenSide(shape.height / COARSE)}:flags=area`;
  const ends = (name: string) => Array.from({ length: count }, (_, at) => `[${name}${at}]`).join('');
  return [
    `${reference},${COUNTED},split=2[fine][whole]`,
    `[fine]split=${count}${ends('r')}`,
    `[whole]${coarse},split=${count}${ends('s')}`,
    ...Array.from(
      { length: count },
      (_, at) =>
        `${scaled(at, shape)},split=2[e${at}][f${at}];[f${at}]${coarse}[g${at}];` +
        `[e${at}][r${at}]ssim[q${at}];[g${at}][s${at}]ssim[c${at}]`,
    ),
  ].join(';');
}

/** Undefined when one was not told. */
function mean(told: ReadonlyArray<number | undefined>, count: number): number | undefined {
  const known = told.filter((one) => one !== undefined);
  return known.length === count ? known.reduce((sum, one) => sum + one, 0) / count : undefined;
}

type Told = { filter: number; quality: number } | undefined;

function ssimOf(line: string): Told {
  const match = /\[Parsed_ssim_(\d+) .*SSIM Y:([\d.]+)/.exec(line);
  if (!match) return undefined;
  const lost = Math.max(1 - Number(match[2]), 10 ** (-SSIM_MAX_DB / 10));
  return { filter: Number(match[1]), quality: -10 * Math.log10(lost) };
}

function vmafOf(line: string): Told {
  const match = /\[Parsed_libvmaf_(\d+) .*VMAF score: ([\d.]+)/.exec(line);
  return match ? { filter: Number(match[1]), quality: Number(match[2]) } : undefined;
}
