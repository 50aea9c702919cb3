/**
 * Decodes short samples of a master, to see whether its pictures can be decoded at all, when the first one stands,
 * how evenly frames follow, and whether they are interlaced. It keeps no pictures but a
 * pair for the estimate of grain.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Crop, Mastering } from '../../contracts/tasks.ts';
import { ffmpeg, isNetworkFault, masterOptions } from './ffmpeg.ts';
import type { Luma } from './grain.ts';
import { readMastering } from './mastering-lines.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type Sample = {
  /** Presentation times of the decoded frames, seconds on the master's time line. */
  timesS: number[];
  /** Frames that the decoder flags as interlaced. */
  flaggedInterlaced: number;
  /** Frames one field of which is that of the frame before. */
  repeated: { top: number; bottom: number };
  /** Smallest rectangle outside of which all pictures are black; undefined when everything is. */
  lit: Crop | undefined;
  mastering: Mastering;
  /** What the `idet` filter made of the pictures themselves. */
  idet: { topFirst: number; bottomFirst: number; progressive: number };
  /** Whether pictures carry closed captions. */
  captions?: boolean;
  /** Two pictures that follow each other, for the estimate of grain. */
  pair?: Luma;
  errors: string;
  errorCount: number;
};

const TIME_LIMIT_MS = 300_000;
/** The pair is cut from the middle of the pictures, at their own scale. */
const PAIR_WIDTH_MAX = 960;
const PAIR_HEIGHT_MAX = 544;
/** The pictures of the pair, counted from the sample's first. */
const PAIR_AT = 4;

/** Decodes up to `frames` frames from about `atS` of the master's time line (the key frame before it) on. */
export async function decodeSample(
  context: TaskContext,
  master: string,
  options: {
    index: number | string;
    atS: number | undefined;
    frames: number;
    /** Size of the pictures, when a pair of them is wanted. */
    pairOf?: { width: number; height: number };
  },
): Promise<Sample> {
  const pairFile = join(context.folder, 'pair.gray');
  const pairSize = options.pairOf && {
    width: Math.min(options.pairOf.width, PAIR_WIDTH_MAX),
    height: Math.min(options.pairOf.height, PAIR_HEIGHT_MAX),
  };
  const sample: Sample = {
    timesS: [],
    flaggedInterlaced: 0,
    repeated: { top: 0, bottom: 0 },
    lit: undefined,
    mastering: {},
    idet: { topFirst: 0, bottomFirst: 0, progressive: 0 },
    errors: '',
    errorCount: 0,
  };
  const seek =
    options.atS === undefined || options.atS <= 0
      ? []
      : ['-noaccurate_seek', '-seek_timestamp', '1', '-ss', options.atS.toFixed(3)];
  const end = await ffmpeg(context, {
    args: [
      ...masterOptions(master),
      ...[
        '-copyts',
        ...seek,
        '-threads',
        String(context.threads),
        '-i',
        master,
        '-map',
        `0:${options.index}`,
      ],
      ...[
        '-an',
        '-sn',
        '-dn',
        '-vf',
        'showinfo=checksum=0,idet,cropdetect=limit=0.094:round=2:reset=0',
        '-frames:v',
        String(options.frames),
      ],
      ...['-fps_mode', 'passthrough', '-f', 'null', '-'],
      ...(pairSize ? pairArguments(options.index, pairSize, pairFile) : []),
    ],
    timeLimitMs: TIME_LIMIT_MS,
    onInfo: (line) => readLine(line, sample),
  });
  if (isNetworkFault(end.errors)) {
    throw new TaskFailure('input_unreachable', 'the master could not be read over the network', {
      retry: true,
      programLog: end.errors,
    });
  }
  const pair = pairSize && (await readPair(pairFile, pairSize));
  return { ...sample, ...(pair ? { pair } : {}), errors: end.errors, errorCount: end.errorCount };
}

function pairArguments(index: number | string, size: { width: number; height: number }, file: string) {
  const last = PAIR_AT + 1;
  const chain = `select='between(n,${PAIR_AT},${last})',crop=${size.width}:${size.height},format=gray`;
  const output = ['-fps_mode', 'passthrough', '-frames:v', '2', '-f', 'rawvideo', file];
  return ['-map', `0:${index}`, '-an', '-sn', '-dn', '-vf', chain, ...output];
}

/** Undefined where the sample is too short for it. */
async function readPair(file: string, size: { width: number; height: number }): Promise<Luma | undefined> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  await rm(file, { force: true });
  const one = size.width * size.height;
  if (bytes.length !== 2 * one) return undefined;
  return { ...size, first: bytes.subarray(0, one), second: bytes.subarray(one) };
}

function readLine(line: string, sample: Sample): void {
  const frame = /\bn: *\d+ pts: *\S+ pts_time:([-\d.]+) .* i:(\w)/.exec(line);
  if (frame) {
    sample.timesS.push(Number(frame[1]));
    if (frame[2] === 'T' || frame[2] === 'B') sample.flaggedInterlaced += 1;
    return;
  }
  if (/side data - .*closed captions/i.test(line)) sample.captions = true;
  const lit = /cropdetect.* crop=(\d+):(\d+):(\d+):(\d+)/.exec(line);
  if (lit) {
    const [width = 0, height = 0, x = 0, y = 0] = lit.slice(1).map(Number);
    if (width > 0 && height > 0) sample.lit = { x, y, width, height };
    return;
  }
  const repeated = /Repeated Fields: Neither: *\d+ Top: *(\d+) Bottom: *(\d+)/.exec(line);
  if (repeated) sample.repeated = { top: Number(repeated[1]), bottom: Number(repeated[2]) };
  readMastering(line, sample.mastering);
  const idet = /Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)/.exec(line);
  if (!idet) return;
  sample.idet = { topFirst: Number(idet[1]), bottomFirst: Number(idet[2]), progressive: Number(idet[3]) };
}

/** No video has fields at more than 30 frames a second. */
function isSlow(samples: readonly Sample[]): boolean {
  const times = samples[0]?.timesS ?? [];
  return (times.at(-1) ?? 0) - (times[0] ?? 0) > (times.length - 1) / 31;
}

/** Graphics that move one way for a second or two look interlaced with one field first all the while. */
const UNFLAGGED_MIN = 60;

/**
 * Whether the film is interlaced, from the stream's declaration, the frames' flags and the pictures. Flags are
 * often set on progressive pictures, so clear pictures overrule them. Without flags the pictures must be clear, and
 * agree on which field comes first: sharp graphics in motion look interlaced too, but now this way and now that.
 */
export function isInterlaced(fieldOrder: string | undefined, samples: readonly Sample[]): boolean {
  const total = (count: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + count(sample), 0);
  const frames = total((sample) => sample.timesS.length);
  const flagged = total((sample) => sample.flaggedInterlaced);
  const top = total((sample) => sample.idet.topFirst);
  const bottom = total((sample) => sample.idet.bottomFirst);
  const clean = total((sample) => sample.idet.progressive);
  const combed = top + bottom;
  const agreed = Math.max(top, bottom) >= 0.95 * combed;
  const declared = ['tt', 'bb', 'tb', 'bt'].includes(fieldOrder ?? '') || flagged * 2 > frames;
  if (declared) return !(clean >= 30 && clean > 20 * combed);
  return isSlow(samples) && combed >= UNFLAGGED_MIN && combed > 4 * clean && agreed;
}

/**
 * The first field of a film that was brought to 29.97 by 3:2 pulldown, or undefined when it was not: of five frames
 * one repeats a top field and one a bottom field, which no camera makes. Pictures that stand still tell nothing.
 */
export function pulldownOf(samples: readonly Sample[]): 'top' | 'bottom' | undefined {
  const total = (count: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + count(sample), 0);
  const frames = total((sample) => sample.timesS.length);
  const top = total((sample) => sample.repeated.top);
  const bottom = total((sample) => sample.repeated.bottom);
  const even = Math.max(top, bottom) <= 1.5 * Math.min(top, bottom);
  if (frames < 40 || Math.min(top, bottom) < 0.12 * frames || !even) return undefined;
  const topFirst = total((sample) => sample.idet.topFirst);
  return topFirst >= total((sample) => sample.idet.bottomFirst) ? 'top' : 'bottom';
}
