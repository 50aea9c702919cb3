/** For tests only: damages masters as broken disks, cut uploads and hostile people do. Everything follows the seed. */

export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (random: Random, count: number) => Math.floor(random() * Math.max(1, count));
type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  bits: (bytes, random) => flip(bytes, random, 0, bytes.length, 1 + below(random, 200)),
  head: (bytes, random) => flip(bytes, random, 0, Math.min(512, bytes.length), 1 + below(random, 8)),
  truncated: (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  beheaded: (bytes, random) => bytes.subarray(below(random, Math.min(bytes.length, 20_000))),
  hole: (bytes, random) => {
    const from = below(random, bytes.length);
    return bytes.fill(0, from, Math.min(bytes.length, from + below(random, bytes.length / 4)));
  },
  cut: (bytes, random) => {
    const from = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + below(random, 5000))]);
  },
  spliced: (bytes, random, others) => {
    const other = others[below(random, others.length)] ?? bytes;
    const at = below(random, Math.min(bytes.length, other.length));
    return Buffer.concat([bytes.subarray(0, at), other.subarray(at)]);
  },
  repeated: (bytes, random) => {
    const from = below(random, bytes.length);
    const piece = bytes.subarray(from, from + below(random, 50_000));
    return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from)]);
  },
  index: damagedIndex,
  lengths: wrongLengths,
};

export const MUTATION_NAMES = Object.keys(MUTATIONS);

export function mutate(name: string, master: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  return MUTATIONS[name]?.(Buffer.from(master), random, others) ?? master;
}

function flip(bytes: Buffer, random: Random, from: number, to: number, count: number): Buffer {
  for (let i = 0; i < count; i++) {
    const at = from + below(random, to - from);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
  }
  return bytes;
}

const MP4_BOXES = [
  ...['moov', 'trak', 'mdia', 'stbl', 'stsd', 'stts', 'ctts', 'stsc', 'stsz', 'stco', 'mdhd', 'mvhd'],
  ...['elst', 'avcC', 'tkhd', 'stss', 'hdlr', 'esds'],
];
/** Ids of EBML elements: segment, info, tracks, track entry, codec's private data, cues, cluster, block group. */
const MKV_ELEMENTS = ['18538067', '1549a966', '1654ae6b', 'ae', '63a2', '1c53bb6b', '1f43b675', 'a0'];

function marks(bytes: Buffer): number[] {
  const wanted = bytes.subarray(0, 4).toString('hex') === '1a45dfa3';
  const names = wanted
    ? MKV_ELEMENTS.map((hex) => Buffer.from(hex, 'hex'))
    : MP4_BOXES.map((name) => Buffer.from(name, 'latin1'));
  return names.flatMap((name) => {
    const at = bytes.indexOf(name);
    return at < 0 ? [] : [at];
  });
}

/** What follows the name of a box or an element. */
function damagedIndex(bytes: Buffer, random: Random): Buffer {
  const found = marks(bytes);
  const at = found[below(random, found.length)] ?? 0;
  return flip(bytes, random, at, Math.min(bytes.length, at + 64), 1 + below(random, 16));
}

/** The length of a box or an element, replaced by one that is absurd. */
function wrongLengths(bytes: Buffer, random: Random): Buffer {
  const found = marks(bytes).filter((at) => at >= 4);
  const at = found[below(random, found.length)] ?? 4;
  const isMkv = bytes.subarray(0, 4).toString('hex') === '1a45dfa3';
  const values = [0, 1, 7, 0x7f_ff_ff_ff, 0xff_ff_ff_ff, below(random, 2 ** 32)];
  if (at + 8 > bytes.length) return bytes;
  bytes.writeUInt32BE(values[below(random, values.length)] ?? 0, isMkv ? at + 4 : at - 4);
  return bytes;
}
