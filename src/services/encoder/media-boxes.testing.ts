/**
 * For tests only: reads what packaged files say of their samples, as ISO/IEC 14496-12 has it. It shares no code with
 * what the encoder reads and writes them by.
 */
export type Box = { type: string; start: number; bytes: Buffer; children: Box[] };

const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl', 'mvex', 'edts', 'moof', 'traf']);

export function readBoxes(file: Buffer, start = 0, end = file.length): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < end; ) {
    const size = file.readUInt32BE(at);
    if (size < 8 || at + size > end) throw new Error(`a box of ${size} bytes at ${at}`);
    const type = file.toString('latin1', at + 4, at + 8);
    const children = CONTAINERS.has(type) ? readBoxes(file, at + 8, at + size) : [];
    boxes.push({ type, start: at, bytes: file.subarray(at + 8, at + size), children });
    at += size;
  }
  return boxes;
}

export function find(boxes: readonly Box[], ...path: string[]): Box | undefined {
  const [type, ...rest] = path;
  const found = boxes.find((box) => box.type === type);
  return rest.length === 0 ? found : find(found?.children ?? [], ...rest);
}

export function must(boxes: readonly Box[], ...path: string[]): Box {
  const found = find(boxes, ...path);
  if (!found) throw new Error(`no ${path.join('/')}`);
  return found;
}

export type InitSegment = {
  timescale: number;
  /** What the edit list takes off the time of every sample. */
  editTicks: number;
  defaults: { ticks: number; flags: number };
  /** The sample entry's name and the configuration in it. */
  entry: { type: string; config: Box | undefined };
  shape: { width: number; height: number } | { channels: number; sampleRate: number };
  brands: string[];
};

export function readInit(file: Buffer): InitSegment {
  const boxes = readBoxes(file);
  const trak = must(boxes, 'moov', 'trak').children;
  const mdhd = must(trak, 'mdia', 'mdhd').bytes;
  const elst = find(trak, 'edts', 'elst')?.bytes;
  const trex = must(boxes, 'moov', 'mvex', 'trex').bytes;
  const stsd = must(trak, 'mdia', 'minf', 'stbl', 'stsd').bytes.subarray(8);
  const isVideo = must(trak, 'mdia', 'hdlr').bytes.toString('latin1', 8, 12) === 'vide';
  return {
    timescale: mdhd.readUInt32BE(mdhd[0] === 1 ? 20 : 12),
    editTicks: elst ? (elst[0] === 1 ? Number(elst.readBigInt64BE(16)) : elst.readInt32BE(12)) : 0,
    defaults: { ticks: trex.readUInt32BE(12), flags: trex.readUInt32BE(20) },
    entry: {
      type: stsd.toString('latin1', 4, 8),
      config: readBoxes(stsd, isVideo ? 86 : 36, stsd.readUInt32BE(0)).at(0),
    },
    shape: isVideo
      ? { width: stsd.readUInt16BE(32), height: stsd.readUInt16BE(34) }
      : { channels: stsd.readUInt16BE(24), sampleRate: stsd.readUInt32BE(32) / 65_536 },
    brands: brandsOf(must(boxes, 'ftyp')),
  };
}

export type Sample = { decodedAt: number; shownAt: number; ticks: number; bytes: number; isKey: boolean };

export type MediaSegment = {
  order: string[];
  brands: string[];
  sequence: number[];
  samples: Sample[];
  /** Of the fragments' data, and what its samples take of it. */
  dataBytes: number;
  index: { fromTicks: number; ticks: number; bytes: number; timescale: number } | undefined;
  /** Of everything behind the index. */
  indexedBytes: number;
};

export function readMedia(file: Buffer, init: InitSegment): MediaSegment {
  const boxes = readBoxes(file);
  const order = boxes.map(({ type }) => type);
  const moofs = boxes.filter(({ type }) => type === 'moof');
  const sidx = find(boxes, 'sidx');
  return {
    order,
    brands: find(boxes, 'styp') ? brandsOf(must(boxes, 'styp')) : [],
    sequence: moofs.map(({ children }) => must(children, 'mfhd').bytes.readUInt32BE(4)),
    samples: moofs.flatMap((moof) => samplesOf(file, moof, init)),
    dataBytes: boxes.filter(({ type }) => type === 'mdat').reduce((sum, { bytes }) => sum + bytes.length, 0),
    index: sidx && indexOf(sidx.bytes),
    indexedBytes: file.length - (moofs[0]?.start ?? 0),
  };
}

function indexOf(sidx: Buffer): MediaSegment['index'] {
  const at = sidx[0] === 1 ? 28 : 20;
  const fromTicks = sidx[0] === 1 ? Number(sidx.readBigUInt64BE(12)) : sidx.readUInt32BE(12);
  const rows = Array.from({ length: sidx.readUInt16BE(at + 2) }, (_, row) => at + 4 + 12 * row);
  return {
    ...{ fromTicks, timescale: sidx.readUInt32BE(8) },
    bytes: rows.reduce((sum, row) => sum + (sidx.readUInt32BE(row) & 0x7fffffff), 0),
    ticks: rows.reduce((sum, row) => sum + sidx.readUInt32BE(row + 4), 0),
  };
}

/** Throws when a sample lies outside of the data that follows the fragment. */
function samplesOf(file: Buffer, moof: Box, { defaults, editTicks }: InitSegment): Sample[] {
  const tfhd = readFields(must(moof.children, 'traf', 'tfhd').bytes, 8);
  const base = tfhd.take(0x1) === undefined ? moof.start : undefined;
  tfhd.take(0x2);
  const ticks = tfhd.take(0x8) ?? defaults.ticks;
  const bytes = tfhd.take(0x10) ?? 0;
  const flags = tfhd.take(0x20) ?? defaults.flags;
  const tfdt = must(moof.children, 'traf', 'tfdt').bytes;
  let decodedAt = tfdt[0] === 1 ? Number(tfdt.readBigUInt64BE(4)) : tfdt.readUInt32BE(4);
  const box = must(moof.children, 'traf', 'trun').bytes;
  const trun = readFields(box, 8);
  let place = (base ?? Number.NaN) + (trun.take(0x1) ?? 0);
  const first = trun.take(0x4);
  return Array.from({ length: box.readUInt32BE(4) }, (_, at) => {
    const sample = { ticks: trun.take(0x100) ?? ticks, bytes: trun.take(0x200) ?? bytes };
    const own = trun.take(0x400) ?? (at === 0 ? (first ?? flags) : flags);
    const later = trun.take(0x800) ?? 0;
    const shownAt = decodedAt + later - editTicks;
    const read = { ...sample, decodedAt, shownAt, isKey: (own & 0x10000) === 0 };
    decodedAt += sample.ticks;
    place += sample.bytes;
    if (!(place <= file.length)) throw new Error('samples behind the end of the file');
    return read;
  });
}

/** Optional fields of 32 bits, in order, each there if its flag is set; offsets may be negative. */
function readFields(box: Buffer, start: number) {
  const flags = box.readUInt32BE(0) & 0xffffff;
  let at = start;
  return {
    take(flag: number): number | undefined {
      if ((flags & flag) === 0) return undefined;
      at += 4;
      return flag === 0x400 || flag === 0x20 || flag === 0x4
        ? box.readUInt32BE(at - 4)
        : box.readInt32BE(at - 4);
    },
  };
}

function brandsOf({ bytes }: Box): string[] {
  const all = bytes.toString('latin1');
  return [all.slice(0, 4), ...(all.slice(8).match(/.{4}/gs) ?? [])];
}
