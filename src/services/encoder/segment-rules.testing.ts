/**
 * For tests only: the rules of CMAF (ISO/IEC 23000-19) and of our own grid, held against the files of packaged tracks.
 * Every rule has a name, and a fault begins with it, so that a test can show that each notices what breaks it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackagedTrack } from '../../contracts/tasks.ts';
import { channelsOf, codecsOf } from './codec-strings.testing.ts';
import { type InitSegment, type MediaSegment, readInit, readMedia } from './media-boxes.testing.ts';

export const SEGMENT_RULES = [
  'brands',
  'order of boxes',
  'sequence numbers',
  'decode times are continuous',
  'pictures follow each other',
  'starts with a key',
  'data is that of the samples',
  'index',
  'lengths as declared',
  'codecs as declared',
  'shape as declared',
] as const;
export type SegmentRule = (typeof SEGMENT_RULES)[number];
export type SegmentFault = { rule: SegmentRule; where: string };

export type TrackFiles = { init: Buffer; segments: Buffer[] };

export async function readTrackFiles(folder: string, track: PackagedTrack): Promise<TrackFiles> {
  const read = (name: string) => readFile(join(folder, name));
  return {
    init: await read(track.init),
    segments: await Promise.all(track.segments.map(({ name }) => read(name))),
  };
}

export function checkTrackFiles(files: TrackFiles, track: PackagedTrack): SegmentFault[] {
  const faults: SegmentFault[] = [];
  const init = readInit(files.init);
  const need = (isSo: boolean, rule: SegmentRule, where: string) => {
    if (!isSo) faults.push({ rule, where });
  };
  need(init.brands.includes('cmfc'), 'brands', track.init);
  need(init.timescale === track.timescale, 'lengths as declared', track.init);
  need(codecsOf(init) === track.codecs, 'codecs as declared', `${codecsOf(init)}, not ${track.codecs}`);
  need(hasShape(init, track), 'shape as declared', JSON.stringify(init.shape));
  const segments = files.segments.map((file) => readMedia(file, init));
  for (const [at, segment] of segments.entries()) {
    const name = track.segments[at]?.name ?? '';
    const { order, samples, sequence } = segment;
    need(segment.brands.includes('cmfs'), 'brands', name);
    need(/^(styp )?(sidx )?(moof mdat ?)+$/.test(`${order.join(' ')} `), 'order of boxes', order.join(' '));
    const before = segments[at - 1];
    const last = before?.sequence.at(-1) ?? 0;
    need(
      sequence.every((one, i) => one > (sequence[i - 1] ?? last)),
      'sequence numbers',
      name,
    );
    need(follows(before, segment), 'decode times are continuous', name);
    need(samples[0]?.isKey ?? false, 'starts with a key', name);
    const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0);
    need(bytes === segment.dataBytes, 'data is that of the samples', `${bytes} of ${segment.dataBytes}`);
  }
  faults.push(...checkTimes(segments, init, track));
  return faults;
}

function hasShape(init: InitSegment, track: PackagedTrack): boolean {
  const { shape } = init;
  if ('width' in shape) return shape.width === track.width && shape.height === track.height;
  return channelsOf(init) === track.channels && shape.sampleRate === track.sampleRate;
}

function follows(before: MediaSegment | undefined, { samples }: MediaSegment): boolean {
  const all = [...(before?.samples.slice(-1) ?? []), ...samples];
  return all.every((one, i) => {
    const last = all[i - 1];
    return last ? one.decodedAt === last.decodedAt + last.ticks : before !== undefined || one.decodedAt === 0;
  });
}

/** When everything is shown, against what the track declares and what the segments' own indexes say. */
function checkTimes(
  segments: readonly MediaSegment[],
  init: InitSegment,
  track: PackagedTrack,
): SegmentFault[] {
  const faults: SegmentFault[] = [];
  const shown = segments.flatMap(({ samples }) => samples).toSorted((a, b) => a.shownAt - b.shownAt);
  const from = track.media === 'audio' ? -init.editTicks : 0;
  const isEven = shown.every((one, i) => {
    const last = shown[i - 1];
    return one.shownAt === (last ? last.shownAt + last.ticks : from);
  });
  if (!isEven) faults.push({ rule: 'pictures follow each other', where: `${shown[0]?.shownAt}` });
  let startTicks = track.startTicks;
  for (const [at, { samples, index, indexedBytes }] of segments.entries()) {
    const row = track.segments[at] as PackagedTrack['segments'][0];
    const begin = Math.max(0, Math.min(...samples.map(({ shownAt }) => shownAt)));
    const end = Math.max(...samples.map(({ shownAt, ticks }) => shownAt + ticks));
    if (begin !== startTicks || end !== startTicks + row.ticks)
      faults.push({ rule: 'lengths as declared', where: `${row.name}: ${begin} to ${end}` });
    const isIndexed =
      index === undefined ||
      (index.fromTicks === begin && index.bytes === indexedBytes && index.timescale === init.timescale);
    if (!isIndexed) faults.push({ rule: 'index', where: `${row.name}: ${JSON.stringify(index)}` });
    startTicks += row.ticks;
  }
  return faults;
}
