/**
 * What manifests call a codec (RFC 6381), from its decoder configuration: ISO/IEC 14496-15 annex E for HEVC, the AV1
 * binding to ISOBMFF section 5, and the shape of sound from ETSI TS 102 366 annex F. Pure.
 */

/** `hvc1.1.6.L93.B0` */
export function hevcName(hvcC: Buffer): string {
  const head = hvcC[1] ?? 0;
  const space = ['', 'A', 'B', 'C'][head >> 6] ?? '';
  const tier = head & 0x20 ? 'H' : 'L';
  // The compatibility flags are written with the first flag as the lowest bit.
  let flags = 0;
  for (let bit = 0; bit < 32; bit++) if (hvcC.readUInt32BE(2) & (1 << bit)) flags |= 1 << (31 - bit);
  const constraints = [...hvcC.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const tail = constraints.map((byte) => `.${byte.toString(16).toUpperCase()}`).join('');
  return `hvc1.${space}${head & 31}.${(flags >>> 0).toString(16).toUpperCase()}.${tier}${hvcC[12]}${tail}`;
}

/** `av01.0.04M.08`, with colours after it where they are not BT.709. */
export function av1Name(av1C: Buffer, colr: Buffer | undefined): string {
  const [, first = 0, second = 0] = av1C;
  const depth = second & 0x40 ? (second & 0x20 ? 12 : 10) : 8;
  const level = two(first & 31);
  const short = `av01.${first >> 5}.${level}${second & 0x80 ? 'H' : 'M'}.${two(depth)}`;
  if (colr?.toString('latin1', 0, 4) !== 'nclx' || colr.readUInt16BE(4) === 1) return short;
  const mono = (second >> 4) & 1;
  const subsampling = `${(second >> 3) & 1}${(second >> 2) & 1}${second & 3}`;
  const colours = [4, 6, 8].map((at) => two(colr.readUInt16BE(at)));
  return [short, mono, subsampling, ...colours, (colr[10] ?? 0) >> 7].join('.');
}

const two = (value: number) => String(value).padStart(2, '0');

export function eac3Shape(dec3: Buffer): { channels: number; sampleRate: number } {
  const first = dec3[2] ?? 0;
  const second = dec3[3] ?? 0;
  const channels = [2, 1, 2, 3, 3, 4, 4, 5][(second >> 1) & 7] ?? 2;
  const sampleRate = [48_000, 44_100, 32_000][first >> 6];
  if (sampleRate === undefined) throw new Error('the E-AC-3 sample rate is not a listed one');
  return { channels: channels + (second & 1), sampleRate };
}
