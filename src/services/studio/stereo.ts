/**
 * The stereo sound that every title has: what plays first and the rendition that takes its place are the same. Pure.
 */
import type { Inspection } from '../../contracts/tasks.ts';

/** All sound becomes stereo, which every browser plays. */
export const CHANNELS = 2;

/** Bits per second, by whether the source has one channel. */
export function stereoBits({ channels }: Pick<Inspection['audio'][number], 'channels'>): number {
  return channels === 1 ? 96_000 : 128_000;
}
