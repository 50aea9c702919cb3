/**
 * Decodes short samples of a master, to see whether its pictures can be decoded at all, when the first one stands,
 * how evenly frames follow, and whether they are interlaced. It keeps no pictures.
 */
import { ffmpeg, isNetworkFault, masterOptions } from './ffmpeg.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type Sample = {
  /** Presentation times of the decoded frames, seconds on the master's time line. */
  timesS: number[];
  /** Frames that the decoder flags as interlaced. */
  flaggedInterlaced: number;
  /** What the `idet` filter made of the pictures themselves. */
  idet: { topFirst: number; bottomFirst: number; progressive: number };
  errors: string;
  errorCount: number;
};

const TIME_LIMIT_MS = 300_000;

/** Decodes up to `frames` frames from about `atS` of the master's time line (the key frame before it) on. */
export async function decodeSample(
  context: TaskContext,
  master: string,
  options: { index: number | string; atS: number | undefined; frames: number },
): Promise<Sample> {
  const sample: Sample = {
    timesS: [],
    flaggedInterlaced: 0,
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
      ...['-an', '-sn', '-dn', '-vf', 'showinfo=checksum=0,idet', '-frames:v', String(options.frames)],
      ...['-fps_mode', 'passthrough', '-f', 'null', '-'],
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
  return { ...sample, errors: end.errors, errorCount: end.errorCount };
}

function readLine(line: string, sample: Sample): void {
  const frame = /\bn: *\d+ pts: *\S+ pts_time:([-\d.]+) .* i:(\w)/.exec(line);
  if (frame) {
    sample.timesS.push(Number(frame[1]));
    if (frame[2] === 'T' || frame[2] === 'B') sample.flaggedInterlaced += 1;
    return;
  }
  const idet = /Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)/.exec(line);
  if (!idet) return;
  sample.idet = { topFirst: Number(idet[1]), bottomFirst: Number(idet[2]), progressive: Number(idet[3]) };
}

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
  return combed >= 30 && combed > 4 * clean && agreed;
}
