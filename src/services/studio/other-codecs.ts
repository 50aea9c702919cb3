/**
 * The upper rungs of a film once more in newer codecs, for players that have them: fewer bits for the same picture, and
 * the range of a master in high dynamic range, which H.264 renditions lose. Pure.
 */
import type { Inspection, Rung } from '../../contracts/tasks.ts';

export type OtherCodec = 'hevc' | 'av1';

/** Below this many lines a rendition is so small that a second one in another codec saves next to nothing. */
const LINES_MIN = 432;
/** Each codec counts quality in a scale of its own; these settings look about alike (encodes of the project's clips). */
const CRF: Readonly<Record<OtherCodec, (x264: number) => number>> = {
  hevc: (x264) => Math.min(51, x264 + 3),
  av1: (x264) => Math.min(63, Math.round(x264 * 1.3 + 6)),
};
/** What a newer codec's peaks are held to beside those of H.264. */
const PEAK_SHARE = 0.75;

export function inOtherCodecs(
  rungs: readonly Rung[],
  codecs: readonly OtherCodec[],
  { colour, grain, height }: Pick<Inspection['video'], 'colour' | 'grain' | 'height'>,
): Rung[] {
  const upper = rungs.filter(
    ({ width, height }) => Math.max(Math.min(width, height), (width * 9) / 16) >= LINES_MIN,
  );
  return codecs.flatMap((codec) =>
    upper.map((rung) => ({
      ...rung,
      ...{ name: `${rung.name}-${codec}`, codec, crf: CRF[codec](rung.crf) },
      bitsPerSMax: Math.round((rung.bitsPerSMax * PEAK_SHARE) / 1000) * 1000,
      ...(colour === 'sdr' ? {} : { range: colour }),
      ...(codec === 'av1' ? filmGrainOf(grain, Math.min(1, rung.height / height)) : {}),
    })),
  );
}

/** In steps of eight bits, as it would be in the rendition. Less costs few bits and is not worth another look. */
const GRAIN_MIN = 1.5;
const STRENGTH_PER_STEP = 4;

/**
 * Grain that players add by themselves, where the film has so much that its bits are worth saving. Scaling down averages
 * it away in proportion.
 */
function filmGrainOf(grain: number | undefined, scale: number): Pick<Rung, 'filmGrain'> {
  const left = (grain ?? 0) * scale;
  return left < GRAIN_MIN ? {} : { filmGrain: Math.min(50, Math.round(left * STRENGTH_PER_STEP)) };
}
