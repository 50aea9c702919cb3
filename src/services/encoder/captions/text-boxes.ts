/**
 * Writes CMAF tracks of IMSC text (ISO/IEC 14496-30, ISO/IEC 23000-19): an init segment, and segments that hold one
 * document each. Packagers make documents of their own from WebVTT; these hold ours as they are. Pure.
 */
import { box, full, SYNC, sampleSegment, text, u16, u32 } from '../mp4-write.ts';
import { IMSC_NAMESPACE } from './imsc.ts';

export const TEXT_TIMESCALE = 1000;
const TRACK = 1;
const MATRIX = [0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000];

export function textInit(): Buffer {
  const movieHeader = full(
    'mvhd',
    0,
    0,
    u32(0, 0, TEXT_TIMESCALE, 0, 0x00010000),
    u16(0x0100, 0),
    u32(0, 0, ...MATRIX, 0, 0, 0, 0, 0, 0, TRACK + 1),
  );
  const trackHeader = full('tkhd', 0, 7, u32(0, 0, TRACK, 0, 0, 0, 0), u16(0, 0, 0, 0), u32(...MATRIX, 0, 0));
  // The manifest tells the language; "und" in packed letters.
  const mediaHeader = full('mdhd', 0, 0, u32(0, 0, TEXT_TIMESCALE, 0), u16(0x55c4, 0));
  const handler = full('hdlr', 0, 0, u32(0), Buffer.from('subt'), u32(0, 0, 0), text(''));
  const entry = box('stpp', Buffer.alloc(6), u16(1), text(IMSC_NAMESPACE), text(''), text(''));
  const table = box(
    'stbl',
    full('stsd', 0, 0, u32(1), entry),
    ...[
      full('stts', 0, 0, u32(0)),
      full('stsc', 0, 0, u32(0)),
      full('stsz', 0, 0, u32(0, 0)),
      full('stco', 0, 0, u32(0)),
    ],
  );
  const references = box('dinf', full('dref', 0, 0, u32(1), full('url ', 0, 1)));
  const media = box('mdia', mediaHeader, handler, box('minf', full('sthd', 0, 0), references, table));
  const defaults = box('mvex', full('trex', 0, 0, u32(TRACK, 1, 0, 0, SYNC)));
  const brands = box('ftyp', Buffer.from('cmfc'), u32(0), Buffer.from('iso6cmfcim1t'));
  return Buffer.concat([brands, box('moov', movieHeader, box('trak', trackHeader, media), defaults)]);
}

/** A segment that holds one document; `number` counts from one, times are in `TEXT_TIMESCALE`. */
export function textSegment(number: number, from: number, length: number, document: string): Buffer {
  const samples = [{ length, bytes: Buffer.from(document) }];
  return sampleSegment({ number, track: TRACK, from, offset: 0, samples });
}
