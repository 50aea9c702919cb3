/**
 * The first picture of each segment as a segment of its own: a track for winding in DASH (DASH-IF IOP, 3.2.9). Nothing is
 * encoded; the picture's bytes are those of the rendition, and its init segment serves both. Byte ranges, which HLS
 * has for this, would leave players a media box that is not whole.
 */
import { keyBytes } from './key-bytes.ts';
import { boxes, type Fragment, findBox } from './mp4-boxes.ts';
import { sampleSegment } from './mp4-write.ts';

/**
 * Undefined where the picture cannot be told apart, or is encrypted. The last segment shows it once more for one tick:
 * readers that end a film with the first track that has no more samples would else end it with this picture.
 */
export function keySegment(
  segment: Buffer,
  fragment: Fragment,
  { number, last }: { number: number; last: boolean },
): Buffer | undefined {
  const end = keyBytes(segment);
  const moof = boxes(segment).find(({ type }) => type === 'moof')?.body;
  const tfhd = moof && findBox(moof, 'traf/tfhd');
  const trun = moof && findBox(moof, 'traf/trun');
  if (end === undefined || !moof || !tfhd || !trun || findBox(moof, 'traf/senc')) return undefined;
  // As in `keyBytes`: the media's place is counted from the moof's head.
  const start = moof.byteOffset - segment.byteOffset - 8 + trun.readInt32BE(8);
  const of = (length: number) => ({ length, bytes: segment.subarray(start, end) });
  return sampleSegment({
    ...{ number, track: tfhd.readUInt32BE(4), from: fragment.decodeTicks },
    offset: fragment.shownFromTicks - fragment.decodeTicks,
    samples: last && fragment.ticks > 1 ? [of(fragment.ticks - 1), of(1)] : [of(fragment.ticks)],
  });
}
