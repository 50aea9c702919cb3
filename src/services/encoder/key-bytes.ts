/**
 * How many bytes of a media segment reach to the end of its first picture: what a player fetches of it for trick play
 * (RFC 8216bis, 4.4.3.6). The segment's boxes before the picture belong to it, since without them it cannot be placed.
 */
import { boxes, findBox } from './mp4-boxes.ts';

/** Undefined when the segment does not say it in one of the ways in which the packager writes. */
export function keyBytes(segment: Buffer): number | undefined {
  const moof = boxes(segment).find(({ type }) => type === 'moof')?.body;
  const tfhd = moof && findBox(moof, 'traf/tfhd');
  const trun = moof && findBox(moof, 'traf/trun');
  if (!moof || !tfhd || !trun || trun.readUInt32BE(4) === 0) return undefined;
  const [fragment, run] = [tfhd.readUIntBE(1, 3), trun.readUIntBE(1, 3)];
  // The place of the media is counted from the moof, whose head of 8 bytes stands before its body.
  const countsFromFragment = (fragment & 0x20000) !== 0 && (fragment & 1) === 0;
  if (!countsFromFragment || (run & 1) === 0) return undefined;
  const size = (run & 0x200) !== 0 ? firstSize(trun, run) : defaultSize(tfhd, fragment);
  const from = moof.byteOffset - segment.byteOffset - 8;
  const end = size === undefined ? 0 : from + trun.readInt32BE(8) + size;
  return end > 0 && end <= segment.length ? end : undefined;
}

/** Behind the count: the place, the first sample's flags, then of the first sample its length in time and its size. */
function firstSize(trun: Buffer, bits: number): number {
  return trun.readUInt32BE(8 + 4 + (bits & 4 ? 4 : 0) + (bits & 0x100 ? 4 : 0));
}

function defaultSize(tfhd: Buffer, bits: number): number | undefined {
  if ((bits & 0x10) === 0) return undefined;
  return tfhd.readUInt32BE(8 + (bits & 2 ? 4 : 0) + (bits & 8 ? 4 : 0));
}
