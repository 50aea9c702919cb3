/** For tests only: one way to break a packaged track for each rule of its segments, made of a track that keeps them. */
import type { PackagedTrack } from '../../contracts/tasks.ts';
import { must, readBoxes } from './media-boxes.testing.ts';
import type { SegmentRule, TrackFiles } from './segment-rules.testing.ts';

type Broken = { files: TrackFiles; track: PackagedTrack };

/** Where a 32-bit field of a box of a file is, counted from behind the box's head. */
function change(file: Buffer, path: string[], field: number, by: (value: number) => number): Buffer {
  const copy = Buffer.from(file);
  const { bytes } = must(readBoxes(copy), ...path);
  bytes.writeUInt32BE(by(bytes.readUInt32BE(field)) >>> 0, field);
  return copy;
}

export function breakTrack(rule: SegmentRule, { files, track }: Broken): Broken {
  const { init, segments } = files;
  const more = (value: number) => value + 1;
  const second = (broken: (file: Buffer) => Buffer): Broken => {
    const all = segments.map((file, at) => (at === 1 ? broken(file) : file));
    return { track, files: { init, segments: all } };
  };
  const traf = (box: string) => ['moof', 'traf', box];
  const breaks: Record<SegmentRule, () => Broken> = {
    brands: () => second((file) => Buffer.from(file.toString('latin1').replace('cmfs', 'none'), 'latin1')),
    'order of boxes': () => second((file) => Buffer.concat([file, Buffer.from('\0\0\0\x08free')])),
    'sequence numbers': () => second((file) => change(file, ['moof', 'mfhd'], 4, (value) => value - 1)),
    'decode times are continuous': () => second((file) => change(file, traf('tfdt'), tfdtField(file), more)),
    // The last field of a run is when its last sample is shown.
    'pictures follow each other': () =>
      second((file) =>
        change(file, traf('trun'), must(readBoxes(file), ...traf('trun')).bytes.length - 4, more),
      ),
    // Behind count and data offset come the first sample's size and flags.
    'starts with a key': () => second((file) => change(file, traf('trun'), 16, (flags) => flags | 0x10000)),
    'data is that of the samples': () => second((file) => change(file, traf('trun'), 12, (size) => size - 1)),
    index: () => second((file) => change(file, ['sidx'], 12, more)),
    'lengths as declared': () => ({
      files,
      track: {
        ...track,
        segments: track.segments.map((one, at) => (at === 1 ? { ...one, ticks: one.ticks + 1 } : one)),
      },
    }),
    'codecs as declared': () => ({ files, track: { ...track, codecs: `${track.codecs.slice(0, -1)}f` } }),
    'shape as declared': () => ({
      files,
      track: { ...track, width: (track.width ?? 0) + 2, channels: (track.channels ?? 0) + 1 },
    }),
  };
  return breaks[rule]();
}

const tfdtField = (file: Buffer) => (must(readBoxes(file), 'moof', 'traf', 'tfdt').bytes[0] === 1 ? 8 : 4);
