/**
 * Measures how close encodes are to their source, by the best metric that this ffmpeg has, all of them in one run that
 * decodes the source once. Encodes are scaled up to the shape of the source as a player would do it.
 *
 * SSIM: Wang, Bovik, Sheikh, Simoncelli 2004, as ffmpeg's filter computes it over 8x8 blocks of the luma. VMAF: the
 * model that libvmaf was built with (`vmaf_v0.6.1` since 2.0).
 */
import { ffmpegOrFail } from './ffmpeg.ts';
import type { Shape } from './picture-filters.ts';
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

/** Every third picture tells as much as all of them. */
const STEP = 3;
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
  const filter = isVmaf ? `libvmaf=n_threads=${context.threads}` : 'ssim';
  const split = files.map((_, at) => `[r${at}]`).join('');
  const graph = [
    `${reference},${COUNTED},split=${files.length}${split}`,
    ...files.map(
      (_, at) =>
        `[${at + 1}:v]${COUNTED},scale=w=${shape.width}:h=${shape.height}:flags=bicubic[e${at}];` +
        `[e${at}][r${at}]${filter}[q${at}]`,
    ),
  ].join(';');
  /** By the number of the filter, which grows with its place in the graph. */
  const found = new Map<number, number>();
  const end = await ffmpegOrFail(context, {
    args: [
      ...input,
      ...files.flatMap((file) => ['-threads', '1', '-i', file]),
      ...['-filter_complex', graph],
      ...files.flatMap((_, at) => ['-map', `[q${at}]`, '-f', 'null', '-']),
    ],
    timeLimitMs,
    onInfo: (line) => {
      const told = isVmaf ? vmafOf(line) : ssimOf(line);
      if (told) found.set(told.filter, told.quality);
    },
  });
  const inOrder = [...found].sort(([a], [b]) => a - b).map(([, quality]) => quality);
  return { qualities: files.map((_, at) => inOrder[at]), cpuS: end.cpuS };
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
