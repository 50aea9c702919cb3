/** Reads SubRip files as they are found: with or without numbers, hours, blank lines and commas. Pure. */
import { cleanText, keypadSettings } from './cue-text.ts';
import { CUES_MAX, type Cue, type ReadCaptions } from './cues.ts';

/** Old programs write `0:00:01,5 -> 0:00:02,5  X1:…`, and some a full stop. */
const TIMING = /^\s*(\d+:)?(\d+):(\d+)(?:[.,:](\d{1,3}))?\s*-{1,2}>\s*(\d+:)?(\d+):(\d+)(?:[.,:](\d{1,3}))?/;

export function readSubRip(text: string): ReadCaptions {
  const cues: Cue[] = [];
  let dropped = 0;
  let open: { fromMs: number; toMs: number; lines: string[] } | undefined;
  const close = () => {
    if (!open) return;
    const { fromMs, toMs } = open;
    const { lines, keypad } = cleanText(open.lines.join('\n').trim(), 'srt');
    if (toMs > fromMs && lines.length > 0)
      cues.push({ fromMs, toMs, settings: keypadSettings(keypad), lines });
    else dropped += 1;
    open = undefined;
  };
  for (const line of text.split(/\r\n|\r|\n/)) {
    const timing = TIMING.exec(line);
    if (!timing) {
      open?.lines.push(line);
      continue;
    }
    // The number of this cue was taken for the last line of the one before, which has a blank line before it.
    if (open && /^\s*\d+\s*$/.test(open.lines.at(-1) ?? '')) open.lines.pop();
    close();
    if (cues.length > CUES_MAX) break;
    open = { fromMs: milliseconds(timing.slice(1, 5)), toMs: milliseconds(timing.slice(5, 9)), lines: [] };
  }
  close();
  return { cues, dropped };
}

function milliseconds([hours = '0', minutes = '0', seconds = '0', fraction = '0']: Array<
  string | undefined
>): number {
  const whole = (Number.parseInt(hours, 10) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + Math.round(Number(`0.${fraction}`) * 1000);
}
