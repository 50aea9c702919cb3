/** Measures how loud sound is, by EBU R128 (ITU-R BS.1770), true peak included. */
import type { Loudness } from '../../contracts/tasks.ts';
import { ffmpegOrFail } from './ffmpeg.ts';
import type { TaskContext } from './task-context.ts';

/** Below this the meter's gate lets nothing through: silence. */
const SILENT_LUFS = -69.9;
const LINES_KEPT = 60;
/** ffmpeg's meter, which prints its summary at the end. */
export const METER = 'ebur128=peak=true:framelog=verbose';

/** `input` opens and maps one sound stream; null when all of it is silent. */
export async function measureLoudness(
  context: TaskContext,
  input: readonly string[],
  filters: readonly string[],
  timeLimitMs: number,
): Promise<Loudness | null> {
  const told = lastLines();
  const chain = [...filters, METER].join(',');
  await ffmpegOrFail(context, {
    args: [...input, '-vn', '-sn', '-dn', '-af', chain, '-f', 'null', '-'],
    timeLimitMs,
    onInfo: told.take,
  });
  return readLoudness(told.text());
}

/** Keeps the last lines that a program prints, among which the summary is. */
export function lastLines(): { take(line: string): void; text(): string } {
  const lines: string[] = [];
  return {
    take: (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    },
    text: () => lines.join('\n'),
  };
}

/** Reads the summary that ffmpeg's `ebur128` prints. */
export function readLoudness(text: string): Loudness | null {
  const read = (label: string) => Number(new RegExp(`\\b${label}: +(-?[\\d.]+|-inf)`).exec(text)?.[1]);
  const [integratedLufs, rangeLu, truePeakDb] = [read('I'), read('LRA'), read('Peak')];
  if (![integratedLufs, rangeLu, truePeakDb].every(Number.isFinite) || integratedLufs < SILENT_LUFS)
    return null;
  return { integratedLufs, rangeLu, truePeakDb };
}
