/**
 * Writes CMAF tracks of IMSC text (ISO/IEC 14496-30, ISO/IEC 23000-19): an init segment, and segments that hold one
 * document each. Packagers make documents of their own from WebVTT; these hold ours as they are. Pure.
 */
import { IMSC_NAMESPACE } from './imsc.ts';

export const TEXT_TIMESCALE = 1000;
const TRACK = 1;
/** Sample flags: depends on nothing. */
const SYNC = 0x02000000;
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

/** A segment of one sample; `number` counts from one, times are in `TEXT_TIMESCALE`. */
export function textSegment(number: number, from: number, length: number, document: string): Buffer {
  const sample = Buffer.from(document);
  const moof = (offset: number) =>
    box(
      'moof',
      full('mfhd', 0, 0, u32(number)),
      box(
        'traf',
        full('tfhd', 0, 0x020000, u32(TRACK)),
        full('tfdt', 1, 0, u64(from)),
        full('trun', 0, 0x000301, u32(1, offset, length, sample.length)),
      ),
    );
  // Offsets count from the box's beginning to the data behind the header of the next one.
  const header = moof(moof(0).length + 8);
  return Buffer.concat([
    box('styp', Buffer.from('msdh'), u32(0), Buffer.from('msdhcmfc')),
    header,
    box('mdat', sample),
  ]);
}

function box(type: string, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([u32(length), Buffer.from(type, 'latin1'), ...parts]);
}

function full(type: string, version: number, flags: number, ...parts: Buffer[]): Buffer {
  return box(type, u32(((version << 24) | flags) >>> 0), ...parts);
}

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * at);
  return bytes;
}

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

const text = (value: string) => Buffer.from(`${value}\0`);
