/** Measures how loud sound is, by EBU R128 (ITU-R BS.1770), true peak included. */
import type { Loudness } from '../../contracts/tasks.ts';
import { ffmpegOrFail } from './ffmpeg.ts';
import type { TaskContext } from './task-context.ts';

/** Below this the meter's gate lets nothing through: silence. */
const SILENT_LUFS = -69.9;
const LINES_KEPT = 60;

/** `input` opens and maps one sound stream; null when all of it is silent. */
export async function measureLoudness(
  context: TaskContext,
  input: readonly string[],
  filters: readonly string[],
  timeLimitMs: number,
): Promise<Loudness | null> {
  const lines: string[] = [];
  const chain = [...filters, 'ebur128=peak=true:framelog=verbose'].join(',');
  await ffmpegOrFail(context, {
    args: [...input, '-vn', '-sn', '-dn', '-af', chain, '-f', 'null', '-'],
    timeLimitMs,
    onInfo: (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    },
  });
  return readLoudness(lines.join('\n'));
}

/** Reads the summary that ffmpeg's `ebur128` prints. */
export function readLoudness(text: string): Loudness | null {
  const read = (label: string) => Number(new RegExp(`\\b${label}: +(-?[\\d.]+|-inf)`).exec(text)?.[1]);
  const [integratedLufs, rangeLu, truePeakDb] = [read('I'), read('LRA'), read('Peak')];
  if (![integratedLufs, rangeLu, truePeakDb].every(Number.isFinite) || integratedLufs < SILENT_LUFS)
    return null;
  return { integratedLufs, rangeLu, truePeakDb };
}
