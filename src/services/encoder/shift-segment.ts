/**
 * Moves a media segment to its place on the time line of a whole track: segments of a span are packaged as if the
 * span were the film. Only numbers in their boxes change (`mfhd`, `tfdt`, `sidx`); sizes and media stay.
 */
import { boxes } from './mp4-boxes.ts';

/** Adds `ticks` to the times of all fragments and numbers them from `number` on. Changes the buffer. */
export function shiftSegment(segment: Buffer, ticks: number, number: number): void {
  let next = number;
  for (const { type, body } of boxes(segment)) {
    if (type === 'sidx') add(body, 12, ticks);
    if (type !== 'moof') continue;
    for (const part of boxes(body)) {
      if (part.type === 'mfhd') part.body.writeUInt32BE(next++, 4);
      if (part.type !== 'traf') continue;
      for (const inner of boxes(part.body)) if (inner.type === 'tfdt') add(inner.body, 4, ticks);
    }
  }
}

/** Adds to a time that has 64 bits in boxes of version 1 and 32 in others. */
function add(body: Buffer, at: number, ticks: number): void {
  if (body[0] === 1) body.writeBigUInt64BE(body.readBigUInt64BE(at) + BigInt(ticks), at);
  else body.writeUInt32BE(body.readUInt32BE(at) + ticks, at);
}
