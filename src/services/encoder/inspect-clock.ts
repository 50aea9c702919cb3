/**
 * Judges a master's clock. Transport and program streams may start anew in the middle (joined recordings, a sender
 * that was switched), and then a time does not name one place of the film: such masters are refused with the way to
 * mend them. A short gap stands as it is: the last picture stays, the sound is silent, and both go on together.
 */
import { type Jump, numberOf, type PacketSpan, type Probed, scanPackets } from './probe.ts';
import type { TaskContext } from './task-context.ts';

/** A whole file is read within this; 100 GB at 50 MB/s. */
export const SCAN_LIMIT_MS = 2000_000;
/** A gap that is longer is a jump of the clock rather than a loss of the signal. */
const GAP_S_MAX = 10;
/** Less than this of the film is lost where the clock goes back; it may be an overlap of two recordings. */
const OVERLAP_S_MAX = 0.5;
const NOTES_MAX = 5;
/** Sound and pictures that begin further apart are worth a note. */
const APART_S = 0.1;

/** Containers whose clock may be set anew in the middle, and which no index describes. */
export function hasFreeClock(container: string): boolean {
  return /\bmpeg(ts)?\b/.test(container);
}

export async function scanAll(context: TaskContext, master: string): Promise<Map<number, PacketSpan>> {
  return (await scanPackets(context, master, { timeLimitMs: SCAN_LIMIT_MS })).spans;
}

/** The jump that a film cannot be made over, if there is one. */
export function fatalJump(jumps: readonly Jump[]): Jump | undefined {
  return jumps.find(({ byS }) => byS > GAP_S_MAX || byS < -OVERLAP_S_MAX);
}

/** What is kept of the clock's oddities, in words; times are the title's. */
export function clockNotes(
  probed: Probed,
  jumps: readonly Jump[],
  startS: number,
  clockText: (seconds: number) => string,
): string[] {
  const gaps = jumps.map(({ atS, byS }) => {
    const at = clockText(atS - startS);
    return byS > 0
      ? `the recording pauses for ${byS.toFixed(1)} s at ${at}: the last picture stays and the sound is silent`
      : `the clock goes back by ${(-byS).toFixed(1)} s at ${at}: what overlaps is left out`;
  });
  const sound = probed.streams.flatMap((stream) => {
    const from = stream.codec_type === 'audio' ? numberOf(stream.start_time) : undefined;
    const apartS = from === undefined ? 0 : from - startS;
    if (Math.abs(apartS) < APART_S) return [];
    const when = apartS > 0 ? 'after' : 'before';
    const done = apartS > 0 ? 'it is silent until then' : 'what comes before them is left out';
    return [
      `sound track ${stream.index} begins ${Math.abs(apartS).toFixed(1)} s ${when} the pictures: ${done}`,
    ];
  });
  const all = [...gaps, ...sound];
  const more = all.length - NOTES_MAX;
  return more > 0 ? [...all.slice(0, NOTES_MAX), `the clock jumps in ${more} further places`] : all;
}
