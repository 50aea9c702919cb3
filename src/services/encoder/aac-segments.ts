/**
 * Packages AAC as CMAF: reads ADTS frames, writes an init segment and media segments whose places on the time line
 * are given from outside. It exists beside the packager because spans of one track, encoded apart, must be cut at
 * packets that are known beforehand. Box layouts: ISO/IEC 14496-12, 14496-14 (esds), 13818-7 (ADTS).
 */
import type { SampleKey } from '../../contracts/content-keys.ts';
import { box, full, u32, u64 } from './mp4-write.ts';
import { keySystemBox, soundProtection } from './sample-encryption.ts';

export const PACKET_SAMPLES = 1024;
/** What ffmpeg's encoder puts in front: decoded, but not heard. */
export const PRIMING_SAMPLES = 1024;

export type AdtsStream = { packets: Buffer[]; sampleRate: number; channels: number; config: Buffer };

const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000];

/** Throws on what is no ADTS. */
export function readAdts(file: Buffer): AdtsStream {
  const packets: Buffer[] = [];
  let config: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 7 <= file.length; ) {
    if (file.readUInt16BE(at) >> 4 !== 0xfff) throw new Error('an ADTS frame does not begin where it should');
    const headBytes = (file[at + 1] as number) & 1 ? 7 : 9;
    const length = (file.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    if (length <= headBytes || at + length > file.length) throw new Error('an ADTS frame is broken');
    if (packets.length === 0) config = audioConfig(file.readUInt16BE(at + 2));
    packets.push(file.subarray(at + headBytes, at + length));
    at += length;
  }
  if (packets.length === 0) throw new Error('there is no AAC packet');
  const bits = config.readUInt16BE(0);
  const sampleRate = RATES[(bits >> 7) & 15];
  if (sampleRate === undefined) throw new Error('the AAC sample rate is not a listed one');
  return { packets, sampleRate, channels: (bits >> 3) & 15, config };
}

/** AudioSpecificConfig from the profile, rate index and channels of an ADTS head. */
function audioConfig(fields: number): Buffer {
  const objectType = (fields >> 14) + 1;
  const rateIndex = (fields >> 10) & 15;
  const channels = (fields >> 6) & 7;
  const config = Buffer.alloc(2);
  config.writeUInt16BE((objectType << 11) | (rateIndex << 7) | (channels << 3));
  return config;
}

/** One fragment with a `sidx`, as the packager writes them; `firstPacket` counts from the track's first packet. */
export function aacSegment(packets: readonly Buffer[], firstPacket: number, number: number): Buffer {
  const decodeTicks = firstPacket * PACKET_SAMPLES;
  const ticks = packets.length * PACKET_SAMPLES;
  const data = box('mdat', ...packets);
  const fragment = (dataOffset: number) => {
    const trun = full('trun', 0, 0x201, u32(packets.length, dataOffset, ...packets.map((p) => p.length)));
    // Base is the fragment; all samples have one length and can be decoded by themselves.
    const tfhd = full('tfhd', 0, 0x20028, u32(1, PACKET_SAMPLES, 0x2000000));
    const tfdt = full('tfdt', 1, 0, u64(decodeTicks));
    return box('moof', full('mfhd', 0, 0, u32(number)), box('traf', tfhd, tfdt, trun));
  };
  const moofBytes = fragment(0).length;
  const moof = fragment(moofBytes + 8);
  const shownFrom = Math.max(0, decodeTicks - PRIMING_SAMPLES);
  const shownTicks = decodeTicks + ticks - PRIMING_SAMPLES - shownFrom;
  const sidx = full(
    'sidx',
    1,
    0,
    Buffer.concat([
      u32(1, 48_000),
      u64(shownFrom),
      u64(0),
      u32(1, moof.length + data.length, shownTicks, 0x90000000),
    ]),
  );
  const styp = box('styp', Buffer.from('msdh'), u32(0), Buffer.from('msdhmsixcmfs'));
  return Buffer.concat([styp, sidx, moof, data]);
}

export function aacInit(stream: Omit<AdtsStream, 'packets'>, key?: SampleKey): Buffer {
  const { config, channels, sampleRate } = stream;
  const entry = Buffer.alloc(28);
  entry.writeUInt16BE(1, 6);
  entry.writeUInt16BE(channels, 16);
  entry.writeUInt16BE(16, 18);
  entry.writeUInt16BE(sampleRate, 24);
  const described = key
    ? box('enca', entry, esds(config), soundProtection('mp4a', key))
    : box('mp4a', entry, esds(config));
  const stsd = full('stsd', 0, 0, Buffer.concat([u32(1), described]));
  const none = u32(0);
  const stbl = box(
    'stbl',
    stsd,
    ...['stts', 'stsc', 'stco'].map((type) => full(type, 0, 0, none)),
    full('stsz', 0, 0, u32(0, 0)),
  );
  const url = full('url ', 0, 1, Buffer.alloc(0));
  const dinf = box('dinf', full('dref', 0, 0, Buffer.concat([u32(1), url])));
  const minf = box('minf', full('smhd', 0, 0, u32(0)), dinf, stbl);
  // 0x55c4 is the packed language `und`.
  const mdhd = full('mdhd', 0, 0, u32(0, 0, sampleRate, 0, 0x55c40000));
  const name = Buffer.from('SoundHandler\0');
  const hdlr = full('hdlr', 0, 0, Buffer.concat([u32(0), Buffer.from('soun'), Buffer.alloc(12), name]));
  const edit = full('elst', 0, 0, u32(1, 0, PRIMING_SAMPLES, 0x10000));
  const tkhd = full(
    'tkhd',
    0,
    7,
    Buffer.concat([u32(0, 0, 1, 0, 0, 0, 0, 0, 0x01000000), MATRIX, u32(0, 0)]),
  );
  const trak = box('trak', tkhd, box('edts', edit), box('mdia', mdhd, hdlr, minf));
  const mvhd = full(
    'mvhd',
    0,
    0,
    Buffer.concat([u32(0, 0, sampleRate, 0, 0x10000, 0x01000000, 0, 0), MATRIX, Buffer.alloc(24), u32(2)]),
  );
  const mvex = box('mvex', full('trex', 0, 0, u32(1, 1, PACKET_SAMPLES, 0, 0)));
  const ftyp = box('ftyp', Buffer.from('mp41'), u32(0), Buffer.from('iso8isommp41dashcmfc'));
  return Buffer.concat([ftyp, box('moov', mvhd, trak, mvex, ...(key ? [keySystemBox(key)] : []))]);
}

const MATRIX = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** Descriptors ES, DecoderConfig (AAC, audio stream), DecoderSpecificInfo, SLConfig. */
function esds(config: Buffer): Buffer {
  const descriptor = (tag: number, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, body.length]), body]);
  };
  const decoder = descriptor(4, Buffer.from([0x40, 0x15, 0, 0, 0]), u32(0, 0), descriptor(5, config));
  return full('esds', 0, 0, descriptor(3, Buffer.from([0, 1, 0]), decoder, descriptor(6, Buffer.from([2]))));
}
