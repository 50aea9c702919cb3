/**
 * How loud a film is, by moments of its sound taken all along it, in one short run: what the first light plays is made
 * louder by it before anybody has heard the whole. How near that comes is in docs/decisions/sound.md.
 */
import { mainSound } from '../../contracts/main-sound.ts';
import { gainFor, STEREO_FROM_MONO } from './encode-audio.ts';
import { ffmpeg, masterOptions } from './ffmpeg.ts';
import { describeAudio } from './inspect-streams.ts';
import { lastLines, METER, readLoudness } from './measure-loudness.ts';
import { numberOf, type Probed } from './probe.ts';
import type { TaskContext } from './task-context.ts';

const MOMENTS = 12;
const MOMENT_S = 3;
/** The loudest moment of a film is mostly not among those that are listened to. */
const LOUDER_ELSEWHERE_DB = 1;
const TIME_LIMIT_MS = 20_000;

/** Decibels that bring the sound that plays first to about the target; undefined when it is silent or cannot be told. */
export async function glanceGain(
  context: TaskContext,
  master: string,
  probed: Probed,
  targetLufs: number,
): Promise<number | undefined> {
  const stream = mainSound(describeAudio(probed.streams, []));
  const lengthS = numberOf(probed.format.duration) ?? 0;
  if (!stream || lengthS <= 0) return undefined;
  const lines = lastLines();
  const places = placesOf(lengthS);
  const open = (at: { fromS: number; lengthS: number }) => [
    ...masterOptions(master),
    ...(at.fromS > 0 ? ['-ss', at.fromS.toFixed(3)] : []),
    ...['-t', at.lengthS.toFixed(3), '-vn', '-sn', '-dn', '-threads', '1', '-i', master],
  ];
  // As the encode mixes it, so that the gain fits what is heard.
  const mix = stream.channels === 1 ? STEREO_FROM_MONO : 'aformat=channel_layouts=stereo';
  const parts = places.map((_, at) => `[${at}:${stream.index}]aresample=48000,${mix}[p${at}]`);
  const joined = `${places.map((_, at) => `[p${at}]`).join('')}concat=n=${places.length}:v=0:a=1`;
  const graph = [...parts, `${joined},${METER}[out]`].join(';');
  const run = ffmpeg(context, {
    args: [...places.flatMap(open), '-filter_complex', graph, '-map', '[out]', '-f', 'null', '-'],
    timeLimitMs: TIME_LIMIT_MS,
    onInfo: lines.take,
  });
  // A film plays without a gain rather than not at all.
  await run.catch((error: unknown) => {
    if (context.signal.aborted) throw error;
  });
  // Of the several that are told while the parts are put together, the last is that of all.
  const told = lines.text();
  const loudness = readLoudness(told.slice(Math.max(0, told.lastIndexOf('Summary:'))));
  if (!loudness) return undefined;
  return gainFor({ ...loudness, truePeakDb: loudness.truePeakDb + LOUDER_ELSEWHERE_DB }, targetLufs);
}

/** The middles of equal parts, or all of what is hardly longer than the moments together. */
export function placesOf(lengthS: number): Array<{ fromS: number; lengthS: number }> {
  if (lengthS <= 2 * MOMENTS * MOMENT_S) return [{ fromS: 0, lengthS }];
  return Array.from({ length: MOMENTS }, (_, at) => ({
    fromS: ((at + 0.5) * lengthS) / MOMENTS - MOMENT_S / 2,
    lengthS: MOMENT_S,
  }));
}
