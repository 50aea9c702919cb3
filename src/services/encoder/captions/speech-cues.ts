/** From what a recogniser heard to captions that can be read: two short lines at a time. Pure. */
import { escapeText } from './cue-text.ts';
import type { Cue } from './cues.ts';

export type Utterance = { fromMs: number; toMs: number; text: string };

const LINE_CHARS = 38;
/** Long enough to be read, unless the next words come. */
const SHOWN_MS_MIN = 1200;

/** A long utterance becomes several cues that share its time by their letters. */
export function speechCues(utterances: readonly Utterance[]): Cue[] {
  const parts = utterances.flatMap(({ fromMs, toMs, text }) => {
    const lines = wrapped(text);
    const pairs = lines.flatMap((line, at) => (at % 2 === 0 ? [[line, ...lines.slice(at + 1, at + 2)]] : []));
    const letters = Math.max(1, lines.join('').length);
    let spoken = 0;
    return pairs.map((pair) => {
      const at = (count: number) => Math.round(fromMs + ((toMs - fromMs) * count) / letters);
      const from = at(spoken);
      spoken += pair.join('').length;
      return { fromMs: from, toMs: at(spoken), settings: '', lines: pair.map(escapeText) };
    });
  });
  return parts.map((cue, at) => {
    const next = parts[at + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    return { ...cue, toMs: Math.max(cue.toMs, Math.min(next, cue.fromMs + SHOWN_MS_MIN)) };
  });
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= LINE_CHARS)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
