/** What a rung is expected to take of the network, before a bit of it is encoded. Pure. */
import type { PictureAnalysis } from '../../contracts/analysis.ts';
import type { Rung } from '../../contracts/tasks.ts';
import { operations } from './hull.ts';

/** Most films need about so much of what the rate control allows. */
export const LIKELY_PART = 0.4;

/** Bits per second: what the analysis measured for this size and setting, else a part of the cap. */
export function likelyBitsPerS(rung: Rung, analysis?: Pick<PictureAnalysis, 'points'>): number {
  const measured =
    rung.codec === undefined || rung.codec === 'h264'
      ? operations(analysis?.points ?? []).find(({ width, crf }) => width === rung.width && crf === rung.crf)
      : undefined;
  return measured?.bitsPerS ?? rung.bitsPerSMax * LIKELY_PART;
}
