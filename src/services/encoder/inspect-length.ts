/**
 * Measures how long a master's pictures go on, and whether the file ends before it says it does. It reads packets,
 * never decodes: near the end where the container can seek, all of them where that gives
 * no answer or where the clock may jump.
 */
import { scanAll } from './inspect-clock.ts';
import {
  type Jump,
  numberOf,
  type PacketSpan,
  type Probed,
  type ProbedStream,
  scanPackets,
} from './probe.ts';
import type { TaskContext } from './task-context.ts';

export type MeasuredLength = {
  /** End of the last picture on the master's time line, seconds; undefined when no packet could be read. */
  endS: number | undefined;
  /** Time of the last picture. */
  lastS: number;
  /** The end that the container states for whatever is missing, when it is missing. */
  missingToS: number | undefined;
  /** Jumps of the pictures' clock, where all packets were read. */
  jumps: readonly Jump[];
};

const TAIL_S = 12;

/**
 * Shortfall, in seconds, that is put down to a careless writer rather than to a cut-off file: 2 % of a clip, 2 s of
 * what is longer than that, and 0.2 % of a whole evening, whose writers round generously.
 */
export function shortfallAllowedS(declaredS: number): number {
  return Math.max(0.5, Math.min(2, 0.02 * declaredS), 0.002 * declaredS);
}

export async function measureLength(
  context: TaskContext,
  master: string,
  probed: Probed,
  video: ProbedStream,
  options: { everyPacket?: boolean } = {},
): Promise<MeasuredLength> {
  const declared = declaredEnds(probed, video);
  if (!options.everyPacket && declared.video !== undefined && declared.video > TAIL_S) {
    const span = await tailSpan(context, master, video.index, declared.video);
    const allowed = shortfallAllowedS(declared.video);
    if (span && span.toS >= declared.video - allowed) return ended(span);
  }
  const spans = await scanAll(context, master);
  return judge(declared, spans, spans.get(video.index));
}

async function tailSpan(context: TaskContext, master: string, index: number, endS: number) {
  const { spans } = await scanPackets(context, master, {
    select: String(index),
    interval: `${(endS - TAIL_S).toFixed(3)}%`,
    timeLimitMs: 300_000,
  });
  return spans.get(index);
}

function ended(span: PacketSpan): MeasuredLength {
  return { endS: span.toS, lastS: span.lastS, missingToS: undefined, jumps: span.jumps };
}

/**
 * The file is cut off when neither the pictures nor anything else reaches the end that the container states for it.
 * Pictures that stop before the sound does are no fault: the film is as long as they are.
 */
function judge(
  declared: Declared,
  spans: Map<number, PacketSpan>,
  video: PacketSpan | undefined,
): MeasuredLength {
  if (!video) return { endS: undefined, lastS: 0, missingToS: declared.video ?? declared.file, jumps: [] };
  const lastOfAll = Math.max(...[...spans.values()].map((span) => span.toS));
  const fileShort =
    declared.file !== undefined && lastOfAll < declared.file - shortfallAllowedS(declared.file);
  const own = declared.ownVideo;
  const videoShort = own !== undefined && video.toS < own - shortfallAllowedS(own);
  const missingToS = fileShort ? declared.file : videoShort ? own : undefined;
  return { ...ended(video), missingToS };
}

type Declared = {
  /** What the container says of the picture stream itself. */
  ownVideo: number | undefined;
  video: number | undefined;
  file: number | undefined;
};

/** Ends that the container states, seconds on its time line. An estimate from the bit rate is none. */
function declaredEnds(probed: Probed, video: ProbedStream): Declared {
  const startS = numberOf(video.start_time) ?? 0;
  const own = numberOf(video.duration);
  const tag = clockSeconds(
    Object.entries(video.tags ?? {}).find(([key]) => /^duration(-|$)/i.test(key))?.[1],
  );
  const ownVideo = own === undefined ? tag : startS + own;
  const length = numberOf(probed.format.duration);
  const file = length === undefined ? undefined : (numberOf(probed.format.start_time) ?? 0) + length;
  return { ownVideo, video: ownVideo ?? file, file };
}

/** Matroska's `00:01:12.313000000` tag. */
export function clockSeconds(text: string | undefined): number | undefined {
  const match = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text ?? '');
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) : undefined;
}
