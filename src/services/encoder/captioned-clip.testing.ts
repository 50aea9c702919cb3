/** For tests only: writes CEA-608 captions into the pictures of a clip, as broadcasters do (ATSC A/53 part 4). */
import { readFile, writeFile } from 'node:fs/promises';
import { makeClip } from './test-clips.ts';

type Pair = readonly [number, number];
/** Pairs by the number of their picture. */
export type Line21 = { field1: Pair[]; field2: Pair[] };

const RCL: Pair = [0x14, 0x20];
const ENM: Pair = [0x14, 0x2e];
const EDM: Pair = [0x14, 0x2c];
const EOC: Pair = [0x14, 0x2f];
export const RU2: Pair = [0x14, 0x25];
export const CR: Pair = [0x14, 0x2d];
/** Row 15, white, from the first column. */
export const BOTTOM: Pair = [0x14, 0x60];

export function letters(text: string): Pair[] {
  const codes = [...text].map((letter) => letter.charCodeAt(0));
  return codes.flatMap((code, at): Pair[] => (at % 2 === 0 ? [[code, codes[at + 1] ?? 0]] : []));
}

/** A caption that is loaded before picture `from`, shown from it on and taken away at `to`. */
export function popOn(line: Pair[], from: number, to: number, rows: readonly Pair[]): void {
  const loading = [RCL, RCL, ENM, ENM, ...rows];
  for (const [at, pair] of loading.entries()) line[from - loading.length - 1 + at] = pair;
  line[from - 1] = EOC;
  line[from] = EOC;
  line[to - 1] = EDM;
  line[to] = EDM;
}

export function place(line: Pair[], from: number, pairs: readonly Pair[]): void {
  for (const [at, pair] of pairs.entries()) line[from + at] = pair;
}

/** A clip of 30 pictures a second with these captions; `codec` is h264 (`.mp4`) or mpeg2video (`.ts`). */
export async function captionedClip(
  path: string,
  { codec, seconds, line21 }: { codec: 'h264' | 'mpeg2video'; seconds: number; line21: Line21 },
): Promise<void> {
  const raw = `${path}.raw`;
  const isH264 = codec === 'h264';
  await makeClip(
    ...['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=30:duration=${seconds}`, '-pix_fmt', 'yuv420p'],
    ...(isH264
      ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-x264-params', 'slices=1', '-f', 'h264']
      : ['-c:v', 'mpeg2video', '-bf', '0', '-b:v', '1M', '-f', 'mpeg2video']),
    raw,
  );
  const marked = isH264 ? intoH264 : intoMpeg2;
  await writeFile(
    raw,
    marked(await readFile(raw), (picture) => captionData(line21, picture)),
  );
  const read = ['-fflags', '+genpts', '-f', isH264 ? 'h264' : 'mpegvideo', '-r', '30', '-i', raw];
  await makeClip(...read, '-c', 'copy', path);
}

function captionData({ field1, field2 }: Line21, picture: number): Buffer {
  const triplet = (kind: number, [first, second]: Pair) => [kind, odd(first), odd(second)];
  const empty: Pair = [0, 0];
  const fields = [...triplet(0xfc, field1[picture] ?? empty), ...triplet(0xfd, field2[picture] ?? empty)];
  // Behind them, as in real streams, an empty packet of CEA-708.
  return Buffer.from([...Buffer.from('GA94\x03', 'latin1'), 0x43, 0xff, ...fields, 0xfa, 0, 0, 0xff]);
}

/** With its parity bit. */
function odd(code: number): number {
  const ones = [...code.toString(2)].filter((bit) => bit === '1').length;
  return ones % 2 === 0 ? code | 0x80 : code;
}

function intoH264(stream: Buffer, dataOf: (picture: number) => Buffer): Buffer {
  return insert(
    stream,
    (type) => (type & 0x1f) === 1 || (type & 0x1f) === 5,
    (picture) => {
      const payload = Buffer.concat([Buffer.from([0xb5, 0x00, 0x31]), dataOf(picture)]);
      const body = Buffer.concat([Buffer.from([6, 4, payload.length]), payload, Buffer.from([0x80])]);
      return Buffer.concat([Buffer.from([0, 0, 0, 1]), escaped(body)]);
    },
  );
}

function intoMpeg2(stream: Buffer, dataOf: (picture: number) => Buffer): Buffer {
  // The first slice of a picture is number one.
  const user = (picture: number) => Buffer.concat([Buffer.from([0, 0, 1, 0xb2]), dataOf(picture)]);
  return insert(stream, (type) => type === 1, user);
}

/** Puts something before every unit of the kind that begins a picture. */
function insert(
  stream: Buffer,
  isFirst: (type: number) => boolean,
  make: (picture: number) => Buffer,
): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  let picture = 0;
  for (
    let at = stream.indexOf('\x00\x00\x01', 0, 'latin1');
    at >= 0;
    at = stream.indexOf('\x00\x00\x01', at + 3, 'latin1')
  ) {
    if (!isFirst(stream[at + 3] ?? 0)) continue;
    const start = stream[at - 1] === 0 ? at - 1 : at;
    parts.push(stream.subarray(from, start), make(picture));
    from = start;
    picture += 1;
  }
  return Buffer.concat([...parts, stream.subarray(from)]);
}

function escaped(body: Buffer): Buffer {
  const out: number[] = [];
  for (const byte of body) {
    if (byte <= 3 && out.at(-1) === 0 && out.at(-2) === 0) out.push(3);
    out.push(byte);
  }
  return Buffer.from(out);
}
