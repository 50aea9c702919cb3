/** Apple's fixed ladder for H.264, by the same encoder: two-pass VBR with peaks of twice the mean. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { boxedShape } from '../../src/services/studio/ladder.ts';
import { APPLE_STEPS } from '../../src/services/studio/presets.ts';
import { runFfmpeg } from './programs.ts';

export type Source = {
  /** What both ladders are encoded from. */
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly durationS: number;
};
export type MadeRung = {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly bitsPerS: number;
  readonly bytes: number;
  readonly cpuS: number;
};

/** None above the master's size. */
export async function encodeApple(source: Source, folder: string, preset: string): Promise<MadeRung[]> {
  const lines = Math.max(source.height, (source.width * 9) / 16);
  const own = APPLE_STEPS.filter((step) => step.lines <= lines * 1.01);
  const made: MadeRung[] = [];
  for (const step of own.length > 0 ? own : APPLE_STEPS.slice(0, 1)) {
    made.push(await twoPasses(source, folder, preset, step.lines, step.bitsPerSMax / 1000));
  }
  return made;
}

async function twoPasses(
  source: Source,
  folder: string,
  preset: string,
  lines: number,
  kbits: number,
): Promise<MadeRung> {
  const { width, height } = boxedShape(lines, source);
  const file = join(folder, `apple-${lines}-${kbits}.mp4`);
  const { num, den } = source.frameRate;
  const gop = String(Math.round((2 * num) / den));
  const common = [
    ...[
      '-i',
      source.file,
      '-an',
      '-vf',
      `scale=w=${width}:h=${height}:flags=lanczos+accurate_rnd+full_chroma_int`,
    ],
    ...['-c:v', 'libx264', '-preset', preset, '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-bf', '2'],
    ...['-b:v', `${kbits}k`, '-maxrate', `${2 * kbits}k`, '-bufsize', `${4 * kbits}k`],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-threads', '1', '-passlogfile', `${file}.log`],
  ];
  const first = await runFfmpeg('ffmpeg', [...common, '-pass', '1', '-f', 'null', '-']);
  const second = await runFfmpeg('ffmpeg', [...common, '-pass', '2', file]);
  const { size: bytes } = await stat(file);
  const bitsPerS = (bytes * 8) / source.durationS;
  return { file, width, height, bitsPerS, bytes, cpuS: first.cpuS + second.cpuS };
}
