/**
 * Reads the CEA-608 captions inside a master's pictures. No picture is decoded: ffmpeg takes the messages out of the
 * packets, and two files tell which bytes belong to which time.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type CaptionPair, captionPairs } from './captions/caption-packets.ts';
import { createCea608 } from './captions/cea-608.ts';
import type { ReadCaptions } from './captions/cues.ts';
import { ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import { probeStream } from './probe.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type CaptionChannel = 'cc1' | 'cc3';

/** Per codec: what brings packets to plain units, and which units the messages are. */
const UNITS: Readonly<Record<string, string>> = {
  h264: 'h264_mp4toannexb,filter_units=pass_types=6',
  hevc: 'hevc_mp4toannexb,filter_units=pass_types=39',
  mpeg2video: 'filter_units=pass_types=178',
};
/** Of the messages of one picture. */
const PACKET_BYTES_MAX = 256 * 1024;
/** What is on the screen at the end stays this long. */
const LAST_MS = 5000;

export const carriesCaptions = (codec: string) => Object.hasOwn(UNITS, codec);

/** On the master's time line. */
export async function readEmbeddedCaptions(
  context: TaskContext,
  master: string,
  of: { streamIndex: number; channel: CaptionChannel; startS: number; durationS: number },
): Promise<ReadCaptions> {
  const { stream } = await probeStream(context, master, of.streamIndex);
  const units = UNITS[stream.codec_name ?? ''];
  if (units === undefined)
    throw new TaskFailure('unsupported', `captions in ${stream.codec_name} are not read`, { retry: false });
  const lines = join(context.folder, 'packets.txt');
  const data = join(context.folder, 'packets.bin');
  const same = ['-map', `0:${of.streamIndex}`, '-c', 'copy', '-bsf:v', units];
  await ffmpegOrFail(context, {
    args: [
      ...masterOptions(master),
      ...['-copyts', '-i', master, ...same, '-f', 'framecrc', lines],
      ...[...same, '-f', 'data', data],
    ],
    timeLimitMs: (300 + of.durationS) * 1000,
    onProgress: (at) => context.progress((at.timeS - of.startS) / of.durationS),
  });
  const pairs = (await pairsOf(lines, data)).toSorted((a, b) => a.ms - b.ms);
  const decoder = createCea608(1);
  const field = of.channel === 'cc1' ? 1 : 2;
  for (const pair of pairs) if (pair.field === field) decoder.take(pair.first, pair.second, pair.ms);
  return { cues: decoder.end((pairs.at(-1)?.ms ?? 0) + LAST_MS), dropped: 0 };
}

async function pairsOf(lines: string, data: string): Promise<Array<CaptionPair & { ms: number }>> {
  await using told = await open(lines);
  await using file = await open(data);
  const pairs: Array<CaptionPair & { ms: number }> = [];
  const buffer = Buffer.allocUnsafe(PACKET_BYTES_MAX);
  let base = { num: 1, den: 1 };
  let position = 0;
  for await (const line of told.readLines()) {
    const timeBase = /^#tb 0: (\d+)\/(\d+)/.exec(line);
    if (timeBase) base = { num: Number(timeBase[1]), den: Number(timeBase[2]) };
    const [, pts, size] = /^0, *-?\d+, *(-?\d+), *\d+, *(\d+),/.exec(line) ?? [];
    if (pts === undefined) continue;
    const bytes = Math.min(Number(size), PACKET_BYTES_MAX);
    await file.read(buffer, 0, bytes, position);
    position += Number(size);
    const ms = Math.round((Number(pts) * base.num * 1000) / base.den);
    pairs.push(...captionPairs(buffer.subarray(0, bytes)).map((pair) => ({ ...pair, ms })));
  }
  return pairs;
}
