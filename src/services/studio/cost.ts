/**
 * What tasks cost, in milliseconds of one processor core, roughly: only the proportions matter, for progress and for
 * the estimate of the time that is left. Measured with x264, x265 and SVT-AV1 on two
 * cores; `past-work.ts` corrects them by what this installation really took. Pure.
 */
import type { Rung } from '../../contracts/tasks.ts';

const DECODE_MS_PER_PIXEL = 3.1e-6;
const ENCODE_MS_PER_PIXEL: Readonly<Record<string, number>> = { superfast: 12e-6, veryfast: 19e-6 };
const ENCODE_MS_PER_PIXEL_DEFAULT = 25e-6;
/** What other encoders take of what x264 takes at the preset of the same name. */
const CODEC_FACTOR: Readonly<Record<NonNullable<Rung['codec']>, number>> = { h264: 1, hevc: 3.4, av1: 2 };
/** Starting a program, reading the head of a master, storing the result. */
const START_MS = 400;
const AUDIO_MS_PER_S = 40;
const TEXT_MS_PER_S = 1;
/** Models differ by a factor of ten; this is a small one's. */
const SPEECH_MS_PER_S = 500;
const IMAGES_MS_PER_S = 20;
const PACKAGE_MS_PER_S = 2;

export function encodeCost(
  frames: number,
  masterPixels: number,
  rung: Pick<Rung, 'width' | 'height' | 'preset' | 'codec'>,
  startMs = START_MS,
): number {
  const x264 = ENCODE_MS_PER_PIXEL[rung.preset] ?? ENCODE_MS_PER_PIXEL_DEFAULT;
  const encode = x264 * CODEC_FACTOR[rung.codec ?? 'h264'];
  return startMs + frames * (masterPixels * DECODE_MS_PER_PIXEL + rung.width * rung.height * encode);
}

export const audioCost = (durationS: number) => START_MS + durationS * AUDIO_MS_PER_S;
export const textCost = (durationS: number) => START_MS + durationS * TEXT_MS_PER_S;
export const speechCost = (durationS: number) => START_MS + durationS * SPEECH_MS_PER_S;
export const imagesCost = (durationS: number) => START_MS + durationS * IMAGES_MS_PER_S;
export const packageCost = (durationS: number) => START_MS + durationS * PACKAGE_MS_PER_S;
