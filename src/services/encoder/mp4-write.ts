/** Writes the few MP4 boxes that Matinee makes by itself: text tracks, and segments of key frames. Pure. */

/** Sample flags: depends on nothing. */
export const SYNC = 0x02000000;

export type Sample = { length: number; bytes: Buffer };
export type Samples = {
  /** From one. */
  number: number;
  track: number;
  /** Decode time of the first, and how much later than decoded they are shown, in the track's timescale. */
  from: number;
  offset: number;
  samples: readonly Sample[];
};

/** A media segment of samples that depend on nothing. */
export function sampleSegment({ number, track, from, offset, samples }: Samples): Buffer {
  const rows = samples.flatMap(({ length, bytes }) => [length, bytes.length, SYNC, offset]);
  const moof = (place: number) =>
    box(
      'moof',
      full('mfhd', 0, 0, u32(number)),
      box(
        'traf',
        full('tfhd', 0, 0x020000, u32(track)),
        full('tfdt', 1, 0, u64(from)),
        full('trun', 1, 0x000f01, u32(samples.length, place, ...rows)),
      ),
    );
  // The place counts from the box's beginning to the data behind the header of the next one.
  const header = moof(moof(0).length + 8);
  const brands = box('styp', Buffer.from('msdh'), u32(0), Buffer.from('msdhcmfs'));
  return Buffer.concat([brands, header, box('mdat', ...samples.map(({ bytes }) => bytes))]);
}

export function box(type: string, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([u32(length), Buffer.from(type, 'latin1'), ...parts]);
}

export function full(type: string, version: number, flags: number, ...parts: Buffer[]): Buffer {
  return box(type, u32(((version << 24) | flags) >>> 0), ...parts);
}

export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * at);
  return bytes;
}

export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export const text = (value: string) => Buffer.from(`${value}\0`);
