/** What ffprobe says of a master's streams, as far as Matinee asks. Reading only; judging is `inspect`'s. */
import { z } from 'zod';
import { ffprobe, isNetworkFault } from './ffmpeg.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

const flags = z.record(z.string(), z.number()).optional();
const tags = z.record(z.string(), z.string()).optional();

export const probedStream = z.object({
  index: z.number(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  profile: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  sample_aspect_ratio: z.string().optional(),
  pix_fmt: z.string().optional(),
  color_range: z.string().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  field_order: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  start_time: z.string().optional(),
  duration: z.string().optional(),
  channels: z.number().optional(),
  channel_layout: z.string().optional(),
  sample_rate: z.string().optional(),
  disposition: flags,
  tags,
  side_data_list: z.array(z.looseObject({ side_data_type: z.string().optional() })).optional(),
});
export type ProbedStream = z.infer<typeof probedStream>;

const probed = z.object({
  chapters: z
    .array(z.object({ start_time: z.string().optional(), end_time: z.string().optional(), tags }))
    .default([]),
  streams: z.array(probedStream).default([]),
  format: z
    .object({
      format_name: z.string().default(''),
      start_time: z.string().optional(),
      duration: z.string().optional(),
      bit_rate: z.string().optional(),
    })
    .default({ format_name: '' }),
});
export type Probed = z.infer<typeof probed>;

const TIME_LIMIT_MS = 120_000;

/** Streams and format, or what ffprobe complained of. Throws `input_unreachable` when the way to it is broken. */
export async function probe(
  context: TaskContext,
  master: string,
): Promise<{ found: Probed } | { found: undefined; errors: string }> {
  const args = [
    '-probesize',
    '20M',
    '-analyzeduration',
    '10M',
    '-print_format',
    'json',
    '-show_format',
    '-show_streams',
    '-show_chapters',
  ];
  const end = await ffprobe(context, master, args, { timeLimitMs: TIME_LIMIT_MS });
  if (end.status === 0) return { found: probed.parse(JSON.parse(end.stdout)) };
  if (isNetworkFault(end.errors)) throw unreachable(end.errors);
  return { found: undefined, errors: end.errors };
}

/** One stream of a master that was inspected before, so that not finding it is a failure. */
export async function probeStream(
  context: TaskContext,
  master: string,
  index: number,
): Promise<{ stream: ProbedStream; container: string }> {
  const result = await probe(context, master);
  if (!result.found) throw unreachable(result.errors);
  const stream = result.found.streams.find((each) => each.index === index);
  if (stream) return { stream, container: result.found.format.format_name };
  throw new TaskFailure('input_unreadable', `the master has no stream ${index}`, { retry: false });
}

function unreachable(errors: string): TaskFailure {
  return new TaskFailure('input_unreachable', 'the master could not be read over the network', {
    retry: true,
    programLog: errors,
  });
}

/** A number that ffprobe prints as text, or undefined for absent and `N/A`. */
export function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Containers with an index of key frames: a seek lands exactly on one at or before its target. */
export function isIndexed(container: string): boolean {
  return /\b(mov|matroska|avi|mxf)\b/.test(container);
}

/** Counts of packets of one stream within intervals of its time line. */
export type PacketSpan = {
  packets: number;
  /** Lowest presentation time and highest end of a packet, seconds on the master's time line. */
  fromS: number;
  toS: number;
  /** Presentation time of the last packet in presentation order. */
  lastS: number;
  /** Longest time between key frames, seconds. */
  keyGapS: number;
  bytes: number;
  /** Where the clock does not go on as the packets do, in the order of the file, at most `JUMPS_MAX`. */
  jumps: Jump[];
};

/** The clock goes on `byS` later than it should at `atS`, or, when negative, goes back. */
export type Jump = { atS: number; byS: number };
const JUMPS_MAX = 20;
const AHEAD_S_MIN = 1;
const BACK_S_MIN = 0.2;

/**
 * Reads packets without decoding. `interval` is ffprobe's: `10%` from 10 s on, `%+60` the first minute; the whole
 * stream without it. `select` names the streams, by index or type.
 */
export async function scanPackets(
  context: TaskContext,
  master: string,
  options: { select?: string; interval?: string; timeLimitMs: number },
): Promise<{ spans: Map<number, PacketSpan>; status: number | null; errors: string }> {
  const spans = new Map<number, PacketSpan>();
  const lastKeyS = new Map<number, number>();
  const dueS = new Map<number, number>();
  const onLine = (line: string) => {
    const [index, pts, dts, duration, size, flagsText = ''] = line.split('|');
    const timeS = numberOf(pts) ?? numberOf(dts);
    if (index === undefined || timeS === undefined) return;
    const at = Number(index);
    const span = spans.get(at) ?? emptySpan();
    spans.set(at, span);
    span.packets += 1;
    span.bytes += numberOf(size) ?? 0;
    span.fromS = Math.min(span.fromS, timeS);
    span.lastS = Math.max(span.lastS, timeS);
    span.toS = Math.max(span.toS, timeS + (numberOf(duration) ?? 0));
    noteJump(span, dueS, { at, decodeS: numberOf(dts), durationS: numberOf(duration) });
    if (!flagsText.startsWith('K')) return;
    span.keyGapS = Math.max(span.keyGapS, timeS - (lastKeyS.get(at) ?? timeS));
    lastKeyS.set(at, timeS);
  };
  const args = [
    ...(options.select === undefined ? [] : ['-select_streams', options.select]),
    ...(options.interval === undefined ? [] : ['-read_intervals', options.interval]),
    ...['-show_entries', 'packet=stream_index,pts_time,dts_time,duration_time,size,flags'],
    ...['-print_format', 'compact=nokey=1:print_section=0'],
  ];
  const end = await ffprobe(context, master, args, { timeLimitMs: options.timeLimitMs, onLine });
  // A connection that breaks off looks like the end of the file, whatever the status.
  if (isNetworkFault(end.errors)) throw unreachable(end.errors);
  return { spans, status: end.status, errors: end.errors };
}

function emptySpan(): PacketSpan {
  const high = Number.POSITIVE_INFINITY;
  return { packets: 0, fromS: high, toS: -high, lastS: -high, keyGapS: 0, bytes: 0, jumps: [] };
}

type Step = { at: number; decodeS: number | undefined; durationS: number | undefined };

function noteJump(span: PacketSpan, dueS: Map<number, number>, { at, decodeS, durationS = 0 }: Step): void {
  if (decodeS === undefined) return;
  const due = dueS.get(at) ?? decodeS;
  const byS = decodeS - due;
  if ((byS > AHEAD_S_MIN || byS < -BACK_S_MIN) && span.jumps.length < JUMPS_MAX)
    span.jumps.push({ atS: due, byS });
  dueS.set(at, decodeS + durationS);
}
