/**
 * Writes IMSC 1.1 text profile documents from cues. The mark-up that cues can have here is what WebVTT and the profile
 * share: italics, bold, underlining, colours; a place is one of three regions and three alignments. Pure.
 */
import { colourOfClass } from './cue-text.ts';
import type { Cue } from './cues.ts';

export const IMSC_NAMESPACE = 'http://www.w3.org/ns/ttml';
export const IMSC_CODECS = 'stpp.ttml.im1t';
const PROFILE = 'http://www.w3.org/ns/ttml/profile/imsc1/text';
/** Lines as WebVTT's: a cue that begins in the upper third of the picture stands at the top. */
const TOP_LINE = 5;
const MIDDLE_LINE = 9;

/** A document of the cues that are shown from `fromMs` to `toMs`, each cut to that; times are those of the film. */
export function imscDocument(cues: readonly Cue[], language: string, fromMs: number, toMs: number): string {
  const here = cues.filter((cue) => cue.fromMs < toMs && cue.toMs > fromMs);
  const paragraphs = here.map((cue) => {
    const begin = stamp(Math.max(cue.fromMs, fromMs));
    const end = stamp(Math.min(cue.toMs, toMs));
    const align = alignOf(cue.settings);
    const attributes = `begin="${begin}" end="${end}" region="${regionOf(cue.settings)}"${align}`;
    return `<p ${attributes}>${inline(cue.lines)}</p>`;
  });
  const region = (id: string, align: string) =>
    `<region xml:id="${id}" tts:origin="5% 5%" tts:extent="90% 90%" tts:displayAlign="${align}" tts:textAlign="center" tts:overflow="visible"/>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<tt xmlns="${IMSC_NAMESPACE}" xmlns:tts="${IMSC_NAMESPACE}#styling" xmlns:ttp="${IMSC_NAMESPACE}#parameter" xml:lang="${language === 'und' ? '' : language}" xml:space="preserve" ttp:timeBase="media" ttp:cellResolution="32 15" ttp:profile="${PROFILE}">`,
    '<head><styling><style xml:id="text" tts:fontFamily="proportionalSansSerif" tts:fontSize="80%" tts:lineHeight="125%"/></styling>',
    `<layout>${region('bottom', 'after')}${region('middle', 'center')}${region('top', 'before')}</layout></head>`,
    `<body style="text"><div>${paragraphs.join('')}</div></body>`,
    '</tt>\n',
  ].join('');
}

/** Cue text with WebVTT's tags as spans. Tags are balanced, as the readers leave them. */
function inline(lines: readonly string[]): string {
  let out = '<span>';
  for (const [part] of lines.join('\n').matchAll(/<[^>]*>|\n|[^<\n]+/g)) {
    if (part === '\n') out += '<br/>';
    else if (part.startsWith('</')) out += '</span>';
    // A time within a cue has no end, and no meaning here.
    else if (/^<\d/.test(part)) continue;
    else if (part.startsWith('<')) out += `<span${styleOf(part)}>`;
    else
      out += part
        .replaceAll('&nbsp;', '&#xa0;')
        .replaceAll('&lrm;', '&#x200e;')
        .replaceAll('&rlm;', '&#x200f;');
  }
  return `${out}</span>`;
}

function styleOf(tag: string): string {
  const [, name = '', classes = ''] = /^<([a-z]+)((?:\.[^\s>]+)?)/.exec(tag) ?? [];
  if (name === 'i') return ' tts:fontStyle="italic"';
  if (name === 'b') return ' tts:fontWeight="bold"';
  if (name === 'u') return ' tts:textDecoration="underline"';
  const colour = classes.split('.').map(colourOfClass).find(Boolean);
  return colour ? ` tts:color="${colour}"` : '';
}

function regionOf(settings: string): 'top' | 'middle' | 'bottom' {
  const [, text = '', percent] = /(?:^| )line:(-?[\d.]+)(%?)/.exec(settings) ?? [];
  if (text === '' || Number(text) < 0) return 'bottom';
  const line = percent ? (Number(text) / 100) * 15 : Number(text);
  return line < TOP_LINE ? 'top' : line <= MIDDLE_LINE ? 'middle' : 'bottom';
}

function alignOf(settings: string): string {
  const [, align] = /(?:^| )align:(\w+)/.exec(settings) ?? [];
  return align === undefined || align === 'center' ? '' : ` tts:textAlign="${align}"`;
}

function stamp(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const s = Math.floor(ms / 1000);
  const clock = `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${clock}.${String(ms % 1000).padStart(3, '0')}`;
}
