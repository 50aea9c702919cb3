/** For tests only: makes small clips with ffmpeg, and finds the real ones that lie beside the repository. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MEDIA = fileURLToPath(new URL('../../../../shared/media/', import.meta.url));

/** Runs ffmpeg with these arguments after `-v error -y`. */
export async function makeClip(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { timeout: 60_000 });
}

/** What a program prints. */
export async function printed(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args, { timeout: 60_000, maxBuffer: 32 * 1024 * 1024 });
  return stdout;
}

/** MD5 sums of the decoded frames of an input, in order. */
export async function frameSums(...args: string[]): Promise<string[]> {
  const text = await printed('ffmpeg', '-nostdin', '-v', 'error', ...args, '-f', 'framemd5', '-');
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return rows.map((line) => line.split(',').at(-1)?.trim() ?? '');
}

/** Path of a real clip and why a test must be skipped without it. */
export function realClip(name: string): { path: string; skip: string | false } {
  const path = `${MEDIA}${name}`;
  return { path, skip: existsSync(path) ? false : `the real clip ${name} is not beside the repository` };
}

export const TEST_PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30'];
export const FAST_X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

/**
 * Turns an elementary stream of MPEG-2 at 23.976 frames a second into one that is shown at 29.97 by repeat flags, as DVDs
 * are (soft telecine): no picture changes, only who is shown for two fields and who for three.
 */
export function withRepeatFlags(stream: Buffer): Buffer {
  const bytes = Buffer.from(stream);
  let pictures = 0;
  let groupAt = 0;
  let shownAt = 0;
  for (let at = bytes.indexOf('000001', 0, 'hex'); at >= 0; at = bytes.indexOf('000001', at + 3, 'hex')) {
    const code = bytes.readUInt8(at + 3);
    const set = (offset: number, mask: number, on: boolean) =>
      bytes.writeUInt8((bytes.readUInt8(at + offset) & ~mask) | (on ? mask : 0), at + offset);
    // Sequence header: 29.97 frames a second.
    if (code === 0xb3) bytes.writeUInt8((bytes.readUInt8(at + 7) & 0xf0) | 4, at + 7);
    if (code === 0xb8) groupAt = pictures;
    if (code === 0x00) {
      shownAt = groupAt + (bytes.readUInt16BE(at + 4) >> 6);
      pictures += 1;
    }
    const extension = code === 0xb5 ? bytes.readUInt8(at + 4) >> 4 : 0;
    if (extension === 1) set(5, 0x08, false);
    if (extension !== 8) continue;
    set(7, 0x80, [0, 3].includes(shownAt % 4));
    set(7, 0x02, shownAt % 2 === 0);
    set(8, 0x80, true);
  }
  return bytes;
}
