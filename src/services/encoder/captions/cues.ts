/**
 * Captions as Matinee holds them between reading and writing: cues with WebVTT's settings and WebVTT's mark-up, which
 * every reader brings its format to and every writer begins from.
 */

export type Cue = {
  fromMs: number;
  toMs: number;
  /** WebVTT cue settings with a space before each, ` line:0 align:start`, or nothing. */
  settings: string;
  /** WebVTT cue text, line by line; no line is empty. */
  lines: string[];
};

/** What a reader made of a file. */
export type ReadCaptions = {
  cues: Cue[];
  /** Cues that could not be used: without a time, ending before they begin, or without text. */
  dropped: number;
  /** What the file itself says, where it does. */
  language?: string;
};

/** More than the most talkative film of twelve hours has. */
export const CUES_MAX = 50_000;
/** Two lines of about forty letters are usual; markup counts. */
export const CUE_CHARS_MAX = 4000;

/**
 * The cues that lie within a film, on its time line: each is moved by `-startS`, cut to 0…`durationS`, and left out
 * when nothing remains of it. In order of time.
 */
export function cutCues(cues: readonly Cue[], startS: number, durationS: number): Cue[] {
  const startMs = Math.round(startS * 1000);
  const endMs = Math.round(durationS * 1000);
  return cues
    .flatMap((cue) => {
      const fromMs = Math.max(0, cue.fromMs - startMs);
      const toMs = Math.min(endMs, cue.toMs - startMs);
      return toMs > fromMs && cue.lines.some((line) => line.trim() !== '') ? [{ ...cue, fromMs, toMs }] : [];
    })
    .toSorted((a, b) => a.fromMs - b.fromMs);
}
