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
