/** Moves and cuts the cues of a WebVTT text. It reads what ffmpeg's WebVTT muxer writes; it is no general parser. */

type Cue = { fromMs: number; toMs: number; settings: string; lines: string[] };

const TIMING = /^((?:\d+:)?\d+:\d\d\.\d{3}) --> ((?:\d+:)?\d+:\d\d\.\d{3})(.*)$/;

/**
 * The cues that lie within a film, on its time line: each is moved by `-startS`, cut to 0…`durationS`, and left out
 * when nothing remains of it. Broken UTF-8 has become U+FFFD before this, because the text is a string.
 */
export function cutWebVtt(text: string, startS: number, durationS: number): { text: string; cues: number } {
  const moved = parseCues(text).flatMap((cue) => {
    const fromMs = Math.max(0, cue.fromMs - Math.round(startS * 1000));
    const toMs = Math.min(Math.round(durationS * 1000), cue.toMs - Math.round(startS * 1000));
    return toMs > fromMs && cue.lines.some((line) => line.trim() !== '') ? [{ ...cue, fromMs, toMs }] : [];
  });
  moved.sort((a, b) => a.fromMs - b.fromMs);
  const body = moved.map(
    (cue) => `${stamp(cue.fromMs)} --> ${stamp(cue.toMs)}${cue.settings}\n${cue.lines.join('\n')}\n`,
  );
  return { text: `WEBVTT\n\n${body.join('\n')}`, cues: moved.length };
}

function parseCues(text: string): Cue[] {
  const cues: Cue[] = [];
  let open: Cue | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const timing = TIMING.exec(line);
    if (timing) {
      const [, from = '', to = '', settings = ''] = timing;
      open = { fromMs: milliseconds(from), toMs: milliseconds(to), settings, lines: [] };
      cues.push(open);
    } else if (line === '') open = undefined;
    else open?.lines.push(line.replaceAll('\0', ''));
  }
  return cues;
}

function milliseconds(text: string): number {
  const seconds = text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round(seconds * 1000);
}

function stamp(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const s = Math.floor(ms / 1000);
  const clock = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${clock}.${String(ms % 1000).padStart(3, '0')}`;
}
