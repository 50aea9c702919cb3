/**
 * Bit rates that manifests promise. They are computed anew from the segments, since the rules count spans of several
 * segments, which no segment's own rate can tell. Pure arithmetic.
 */
import { segmentRates } from '../../../contracts/segment-rates.ts';
import type { PackagedTrack, ThumbnailSheets } from '../../../contracts/tasks.ts';
import type { Film } from './film.ts';

/** Captions are a few kilobytes an hour, and nothing tells how many; this is more than dense ones take. */
export const TEXT_BITS_PER_S = 256;
/** Small pictures in a JPEG of the quality that sheets have take less, even noise. */
const SHEET_BITS_PER_PIXEL = 6;

/** Exact times of a track's segments in microseconds: rounded as times, so that errors of lengths never add up. */
export function segmentMicros({ segments, timescale }: PackagedTrack): number[] {
  let ticks = 0;
  let fromUs = 0;
  return segments.map((segment) => {
    ticks += segment.ticks;
    const toUs = Math.round((ticks * 1_000_000) / timescale);
    const micros = toUs - fromUs;
    fromUs = toUs;
    return micros;
  });
}

type Tracks = Record<'video' | 'audio', ReadonlyArray<{ track: PackagedTrack }>>;

/**
 * One target duration for all pictures and sound, as the variants of one presentation must have (RFC 8216bis, 6.2.4):
 * the longest segment, rounded to the nearest second.
 */
export function targetDurationS({ video, audio }: Tracks): number {
  return Math.max(...[...video, ...audio].map(({ track }) => targetOf(segmentMicros(track))));
}

export function targetOf(micros: readonly number[]): number {
  return Math.max(1, ...micros.map((us) => Math.round(us / 1_000_000)));
}

/** The same track as if only its key frames were fetched; undefined where those are not known. */
export function keyTrack(track: PackagedTrack): PackagedTrack | undefined {
  const segments = track.segments.flatMap((one) =>
    one.keyBytes === undefined ? [] : [{ ...one, bytes: one.keyBytes }],
  );
  if (segments.length === 0 || segments.length < track.segments.length) return undefined;
  return { ...track, segments, ...segmentRates(segments, track.timescale) };
}

/**
 * The peak segment bit rate (RFC 8216bis, 4.1): the highest rate of any segments in a row that last from half to one
 * and a half target durations together.
 */
export function peakBitsPerS(track: PackagedTrack, targetS: number): number {
  const { segments, timescale } = track;
  const [shortest, longest] = [0.5 * targetS * timescale, 1.5 * targetS * timescale];
  let peak = track.bitsPerSPeak;
  for (let first = 0; first < segments.length; first++) {
    let ticks = 0;
    let bytes = 0;
    for (const segment of segments.slice(first, first + SPAN_MAX)) {
      ticks += segment.ticks;
      bytes += segment.bytes;
      if (ticks > longest) break;
      if (ticks >= shortest && ticks > 0) peak = Math.max(peak, Math.ceil((bytes * 8 * timescale) / ticks));
    }
  }
  return peak;
}
/** Segments shorter than a twentieth of the target are not made in a row; this bounds the work whatever comes. */
const SPAN_MAX = 32;

/** What everything beside the pictures adds to a variant: the loudest sound and captions. */
export function besideRates(
  film: Pick<Film, 'audio' | 'text'>,
  targetS: number,
): { peak: number; mean: number } {
  const text = film.text.length > 0 ? TEXT_BITS_PER_S : 0;
  return {
    peak: text + Math.max(0, ...film.audio.map(({ track }) => peakBitsPerS(track, targetS))),
    mean: text + Math.max(0, ...film.audio.map(({ track }) => track.bitsPerSMean)),
  };
}

/** The rate of thumbnails when every sheet is fetched; a film shorter than its first sheet has one all the same. */
export function sheetBitsPerS(sheets: ThumbnailSheets, durationS: number): number {
  const pictures = sheets.columns * sheets.rows;
  const sheetS = Math.min(pictures * sheets.everyS, durationS);
  return Math.ceil((pictures * sheets.width * sheets.height * SHEET_BITS_PER_PIXEL) / sheetS);
}
