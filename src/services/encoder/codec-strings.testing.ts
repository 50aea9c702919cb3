/** For tests only: what a sample description says of codec (RFC 6381 and the codecs' own bindings) and channels. */
import type { InitSegment } from './media-boxes.testing.ts';

export function codecsOf({ entry: { type, config } }: Pick<InitSegment, 'entry'>): string {
  const bytes = config?.bytes ?? Buffer.alloc(0);
  if (type === 'avc1') return `avc1.${bytes.toString('hex', 1, 4)}`;
  if (type === 'hvc1') return `hvc1.${hevc(bytes)}`;
  if (type === 'av01') return av1(bytes);
  if (type === 'mp4a') return `mp4a.${mpeg4Audio(bytes)}`;
  return { 'ec-3': 'ec-3', 'ac-3': 'ac-3', Opus: 'opus' }[type] ?? type;
}

/** ISO/IEC 14496-15, annex E: profile, compatibility in reverse bit order, tier and level, constraints. */
function hevc(config: Buffer): string {
  const first = config[1] ?? 0;
  const flags = config.readUInt32BE(2).toString(2).padStart(32, '0');
  const compatible = Number.parseInt([...flags].reverse().join(''), 2).toString(16);
  const tier = (first & 0x20) === 0 ? 'L' : 'H';
  const constraints = [...config.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const space = ['', 'A', 'B', 'C'][first >> 6] ?? '';
  const parts = constraints.map((byte) => byte.toString(16).toUpperCase());
  return [`${space}${first & 0x1f}`, compatible.toUpperCase(), `${tier}${config[12]}`, ...parts].join('.');
}

/** The AV1 binding, section 5: the short form, which stands for 8-bit BT.709 in the limited range. */
function av1(config: Buffer): string {
  const [, second = 0, third = 0] = config;
  const level = String(second & 0x1f).padStart(2, '0');
  const tier = (third & 0x80) === 0 ? 'M' : 'H';
  const depth = (third & 0x40) === 0 ? '08' : (third & 0x20) === 0 ? '10' : '12';
  return `av01.${second >> 5}.${level}${tier}.${depth}`;
}

/** The object type of MPEG-4 systems, and the audio object type of the configuration in it. */
function mpeg4Audio(esds: Buffer): string {
  let at = 4;
  const open = (tag: number): number => {
    if (esds[at] !== tag) throw new Error(`descriptor ${esds[at]} instead of ${tag}`);
    at += 1;
    while (((esds[at] ?? 0) & 0x80) !== 0) at += 1;
    at += 1;
    return at;
  };
  at = open(3) + 3;
  const objectType = esds[open(4)] ?? 0;
  at += 13;
  const audioType = (esds[open(5)] ?? 0) >> 3;
  return `${objectType.toString(16)}.${audioType}`;
}

/** Sample entries of E-AC-3 always say two channels; what it has stands in its own box (ETSI TS 102 366, F.6). */
export function channelsOf({ entry: { type, config }, shape }: InitSegment): number | undefined {
  if (type !== 'ec-3') return 'channels' in shape ? shape.channels : undefined;
  const mode = config?.bytes[3] ?? 0;
  return ([2, 1, 2, 3, 3, 4, 4, 5][(mode >> 1) & 7] ?? 0) + (mode & 1);
}
