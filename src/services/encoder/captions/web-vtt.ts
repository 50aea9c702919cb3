/**
 * Reads and writes WebVTT. Of a file, cues are taken with their settings and mark-up; notes, regions and style sheets
 * are left out, as a film's player has a style of its own.
 */
import { cleanText } from './cue-text.ts';
import { CUES_MAX, type Cue, type ReadCaptions } from './cues.ts';

/** A comma is wrong here, but files that were renamed have it. */
const TIMING = /^((?:\d+:)?\d+:\d\d[.,]\d{3})\s+-->\s+((?:\d+:)?\d+:\d\d[.,]\d{3})(.*)$/;
const SETTING =
  /^(?:line:-?\d{1,3}(?:\.\d+)?%?(?:,(?:start|center|end))?|position:\d{1,3}(?:\.\d+)?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d+)?%|align:(?:start|center|end|left|right)|vertical:(?:rl|lr))$/;

export function readWebVtt(text: string): ReadCaptions {
  const cues: Cue[] = [];
  let dropped = 0;
  for (const block of text.replaceAll(/\r\n|\r/g, '\n').split(/\n{2,}/)) {
    if (cues.length > CUES_MAX) break;
    const lines = block.split('\n');
    const at = lines.findIndex((line) => line.includes('-->'));
    if (at < 0 || /^(NOTE|STYLE|REGION)\b/.test(lines[0] ?? '')) continue;
    const timing = TIMING.exec((lines[at] ?? '').trim());
    const [, from = '', to = '', settings = ''] = timing ?? [];
    const [fromMs, toMs] = [milliseconds(from), milliseconds(to)];
    const cue = cleanText(
      lines
        .slice(at + 1)
        .join('\n')
        .trimEnd(),
      'vtt',
    );
    if (timing && toMs > fromMs && cue.lines.length > 0)
      cues.push({ fromMs, toMs, settings: knownSettings(settings), lines: cue.lines });
    else dropped += 1;
  }
  return { cues, dropped };
}

export function isWebVtt(text: string): boolean {
  return /^WEBVTT(?:[ \t\r\n]|$)/.test(text);
}

export function writeWebVtt(cues: readonly Cue[]): string {
  const body = cues.map(
    ({ fromMs, toMs, settings, lines }) =>
      `${stamp(fromMs)} --> ${stamp(toMs)}${settings}\n${lines.join('\n')}\n`,
  );
  return `WEBVTT\n\n${body.join('\n')}`;
}

function knownSettings(text: string): string {
  return text
    .split(/\s+/)
    .filter((one) => SETTING.test(one))
    .map((one) => ` ${one}`)
    .join('');
}

function milliseconds(text: string): number {
  const seconds = text
    .replace(',', '.')
    .split(':')
    .reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round(seconds * 1000);
}

function stamp(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const s = Math.floor(ms / 1000);
  const clock = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${clock}.${String(ms % 1000).padStart(3, '0')}`;
}
