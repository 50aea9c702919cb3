/**
 * Reads what packaging needs from MP4 files: time scale, edit list, codec and sample tables of a movie header, and
 * times and sizes of a fragment's samples. It reads only what ffmpeg and the packager write here, and never media.
 * Box layouts: ISO/IEC 14496-12 (boxes), 14496-15 (avcC, hvcC), 14496-1 (esds); codecs' names: `codec-names.ts`.
 */

import type { TrackProtection } from '../../contracts/content-keys.ts';
import { av1Name, eac3Shape, hevcName } from './codec-names.ts';

export type Box = { readonly type: string; readonly body: Buffer };

/** The boxes directly inside a buffer. Throws on a box that reaches out of it. */
export function boxes(buffer: Buffer): Box[] {
  const found: Box[] = [];
  let at = 0;
  while (at + 8 <= buffer.length) {
    let size = buffer.readUInt32BE(at);
    const type = buffer.toString('latin1', at + 4, at + 8);
    let head = 8;
    if (size === 1) {
      size = Number(buffer.readBigUInt64BE(at + 8));
      head = 16;
    } else if (size === 0) size = buffer.length - at;
    if (size < head || at + size > buffer.length) throw new Error(`MP4 box ${type} is broken`);
    found.push({ type, body: buffer.subarray(at + head, at + size) });
    at += size;
  }
  return found;
}

/** The first box at a path like `moov/trak/mdia`, or undefined. */
export function findBox(buffer: Buffer, path: string): Buffer | undefined {
  let body: Buffer | undefined = buffer;
  for (const type of path.split('/')) {
    body = boxes(body).find((box) => box.type === type)?.body;
    if (!body) return undefined;
  }
  return body;
}

function needBox(buffer: Buffer, path: string): Buffer {
  const body = findBox(buffer, path);
  if (!body) throw new Error(`MP4 box ${path} is missing`);
  return body;
}

export type Movie = {
  timescale: number;
  /** Ticks between the first sample's composition time and the presentation's zero: B-frame delay, AAC priming. */
  editTicks: number;
  /** RFC 6381. */
  codecs: string;
  /** Decoder configuration, byte for byte, to compare files that are to be joined. */
  decoderConfig: Buffer;
  /** Samples and their ticks by the sample table; zero in an init segment. */
  samples: number;
  ticks: number;
  /** Numbers of the key samples from 0, or undefined when all are. */
  keySamples: number[] | undefined;
  video?: { width: number; height: number };
  audio?: { channels: number; sampleRate: number };
  protection?: TrackProtection;
  /** Ticks of one sample where the header states it for fragments (`trex`). */
  defaultSampleTicks: number;
};

/** Reads `moov`'s first track, from a whole file's `moov` or an init segment. */
export function readMovie(file: Buffer): Movie {
  const moov = needBox(file, 'moov');
  const trak = needBox(moov, 'trak');
  const mdia = needBox(trak, 'mdia');
  const mdhd = needBox(mdia, 'mdhd');
  const stbl = needBox(mdia, 'minf/stbl');
  const trex = findBox(moov, 'mvex/trex');
  const stts = readStts(needBox(stbl, 'stts'));
  return {
    timescale: mdhd[0] === 1 ? mdhd.readUInt32BE(20) : mdhd.readUInt32BE(12),
    editTicks: readEdit(findBox(trak, 'edts/elst')),
    ...readSampleEntry(needBox(stbl, 'stsd')),
    ...stts,
    keySamples: readStss(findBox(stbl, 'stss')),
    defaultSampleTicks: trex ? trex.readUInt32BE(12) : 0,
  };
}

function readEdit(elst: Buffer | undefined): number {
  if (!elst) return 0;
  const entrySize = elst[0] === 1 ? 20 : 12;
  for (let i = 0; i < elst.readUInt32BE(4); i++) {
    const at = 8 + i * entrySize;
    const mediaTime = elst[0] === 1 ? Number(elst.readBigInt64BE(at + 8)) : elst.readInt32BE(at + 4);
    // -1 is an empty edit, which only delays the start.
    if (mediaTime >= 0) return mediaTime;
  }
  return 0;
}

function readStts(stts: Buffer): { samples: number; ticks: number } {
  let samples = 0;
  let ticks = 0;
  for (let i = 0; i < stts.readUInt32BE(4); i++) {
    const count = stts.readUInt32BE(8 + i * 8);
    samples += count;
    ticks += count * stts.readUInt32BE(12 + i * 8);
  }
  return { samples, ticks };
}

function readStss(stss: Buffer | undefined): number[] | undefined {
  if (!stss) return undefined;
  return Array.from({ length: stss.readUInt32BE(4) }, (_, i) => stss.readUInt32BE(8 + i * 4) - 1);
}

type SampleEntry = Pick<Movie, 'codecs' | 'decoderConfig' | 'video' | 'audio' | 'protection'>;

function readSampleEntry(stsd: Buffer): SampleEntry {
  const entry = boxes(stsd.subarray(8))[0];
  if (entry?.type !== 'encv' && entry?.type !== 'enca') return readClearEntry(entry);
  // What is encrypted keeps its description; its type stands in `frma`, its key in `tenc` (23001-7, 8.2).
  const sinf = needBox(entry.body.subarray(entry.type === 'encv' ? 78 : 28), 'sinf');
  const keyId = needBox(sinf, 'schi/tenc').toString('hex', 8, 24);
  if (needBox(sinf, 'schm').toString('latin1', 4, 8) !== 'cbcs')
    throw new Error('the encryption is not cbcs');
  const type = needBox(sinf, 'frma').toString('latin1');
  return { ...readClearEntry({ type, body: entry.body }), protection: { scheme: 'cbcs', keyId } };
}

function readClearEntry(entry: Box | undefined): SampleEntry {
  if (entry?.type === 'avc1') {
    // 78 bytes of VisualSampleEntry stand before its boxes.
    const config = needBox(entry.body.subarray(78), 'avcC');
    return {
      codecs: `avc1.${config.toString('hex', 1, 4)}`,
      decoderConfig: config,
      video: { width: entry.body.readUInt16BE(24), height: entry.body.readUInt16BE(26) },
    };
  }
  if (entry?.type === 'hvc1' || entry?.type === 'av01') {
    const inner = entry.body.subarray(78);
    const config = needBox(inner, entry.type === 'hvc1' ? 'hvcC' : 'av1C');
    return {
      codecs: entry.type === 'hvc1' ? hevcName(config) : av1Name(config, findBox(inner, 'colr')),
      decoderConfig: config,
      video: { width: entry.body.readUInt16BE(24), height: entry.body.readUInt16BE(26) },
    };
  }
  if (entry?.type === 'Opus' || entry?.type === 'ec-3') {
    const isOpus = entry.type === 'Opus';
    const config = needBox(entry.body.subarray(28), isOpus ? 'dOps' : 'dec3');
    const audio = isOpus ? { channels: config[1] ?? 0, sampleRate: 48_000 } : eac3Shape(config);
    return { codecs: isOpus ? 'opus' : 'ec-3', decoderConfig: config, audio };
  }
  if (entry?.type === 'mp4a') {
    // 28 bytes of AudioSampleEntry stand before its boxes.
    const config = audioSpecificConfig(needBox(entry.body.subarray(28), 'esds'));
    return { codecs: `mp4a.40.${(config[0] ?? 0) >> 3}`, decoderConfig: config, audio: audioShape(config) };
  }
  throw new Error(`MP4 sample entry ${entry?.type ?? 'none'} is not expected here`);
}

/** AudioSpecificConfig (14496-3): 5 bits object type, 4 bits rate index, 4 bits channel configuration. */
function audioShape(config: Buffer): { channels: number; sampleRate: number } {
  const bits = config.readUInt16BE(0);
  const rates = [96, 88.2, 64, 48, 44.1, 32, 24, 22.05, 16, 12, 11.025, 8, 7.35];
  const configuration = (bits >> 3) & 15;
  const rate = rates[(bits >> 7) & 15];
  if (rate === undefined) throw new Error('the AAC sample rate is not a listed one');
  return { channels: configuration === 7 ? 8 : configuration, sampleRate: rate * 1000 };
}

/** Walks the descriptors ES (3), DecoderConfig (4), DecoderSpecificInfo (5). */
function audioSpecificConfig(esds: Buffer): Buffer {
  let at = 4;
  const descriptor = (tag: number): number => {
    if (esds[at] !== tag) throw new Error(`esds descriptor ${tag} is missing`);
    at += 1;
    let size = 0;
    for (let byte = 0x80; byte & 0x80; at++) {
      byte = esds[at] ?? 0;
      size = (size << 7) | (byte & 0x7f);
    }
    return size;
  };
  descriptor(3);
  const flags = esds[at + 2] ?? 0;
  at += 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0);
  if (flags & 0x40) at += 1 + (esds[at] ?? 0);
  descriptor(4);
  at += 13;
  const size = descriptor(5);
  return esds.subarray(at, at + size);
}

export type Fragment = {
  /** Decode time of the first sample. */
  decodeTicks: number;
  /** Ticks of all samples. */
  ticks: number;
  samples: number;
  /** Lowest composition time and highest end of one, before the edit list. */
  shownFromTicks: number;
  shownToTicks: number;
  startsWithKey: boolean;
};

/** Sums up all movie fragments of a media segment. */
export function readSegment(segment: Buffer, defaultSampleTicks: number): Fragment {
  const parts = boxes(segment)
    .filter((box) => box.type === 'moof')
    .map((box) => readFragment(needBox(box.body, 'traf'), defaultSampleTicks));
  const first = parts[0];
  if (!first) throw new Error('the segment holds no movie fragment');
  return {
    decodeTicks: first.decodeTicks,
    ticks: parts.reduce((sum, part) => sum + part.ticks, 0),
    samples: parts.reduce((sum, part) => sum + part.samples, 0),
    shownFromTicks: Math.min(...parts.map((part) => part.shownFromTicks)),
    shownToTicks: Math.max(...parts.map((part) => part.shownToTicks)),
    startsWithKey: first.startsWithKey,
  };
}

function readFragment(traf: Buffer, trexTicks: number): Fragment {
  const tfhd = readTfhd(needBox(traf, 'tfhd'));
  const tfdt = needBox(traf, 'tfdt');
  const decodeTicks = tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
  const defaults = { ticks: tfhd.ticks ?? trexTicks, flags: tfhd.flags ?? 0 };
  let decode = decodeTicks;
  let samples = 0;
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  let firstFlags: number | undefined;
  for (const box of boxes(traf)) {
    if (box.type !== 'trun') continue;
    for (const sample of readTrun(box.body, defaults)) {
      firstFlags ??= sample.flags;
      from = Math.min(from, decode + sample.offset);
      to = Math.max(to, decode + sample.offset + sample.ticks);
      decode += sample.ticks;
      samples += 1;
    }
  }
  // sample_is_non_sync_sample is bit 16 of the sample flags.
  const startsWithKey = ((firstFlags ?? 0) & 0x10000) === 0;
  return {
    decodeTicks,
    ticks: decode - decodeTicks,
    samples,
    shownFromTicks: from,
    shownToTicks: to,
    startsWithKey,
  };
}

function readTfhd(tfhd: Buffer): { ticks: number | undefined; flags: number | undefined } {
  const bits = tfhd.readUIntBE(1, 3);
  let at = 8 + (bits & 1 ? 8 : 0) + (bits & 2 ? 4 : 0);
  const next = (present: boolean) => {
    if (!present) return undefined;
    at += 4;
    return tfhd.readUInt32BE(at - 4);
  };
  const ticks = next((bits & 8) !== 0);
  next((bits & 0x10) !== 0);
  return { ticks, flags: next((bits & 0x20) !== 0) };
}

type Sample = { ticks: number; flags: number; offset: number };

function readTrun(trun: Buffer, defaults: { ticks: number; flags: number }): Sample[] {
  const bits = trun.readUIntBE(1, 3);
  const count = trun.readUInt32BE(4);
  let at = 8 + (bits & 1 ? 4 : 0);
  const take = (present: number, otherwise: number, signed = false) => {
    if (!present) return otherwise;
    at += 4;
    return signed ? trun.readInt32BE(at - 4) : trun.readUInt32BE(at - 4);
  };
  const firstFlags = take(bits & 4, defaults.flags);
  return Array.from({ length: count }, (_, i) => {
    const ticks = take(bits & 0x100, defaults.ticks);
    take(bits & 0x200, 0);
    const flags = take(bits & 0x400, i === 0 ? firstFlags : defaults.flags);
    return { ticks, flags, offset: take(bits & 0x800, 0, trun[0] === 1) };
  });
}
