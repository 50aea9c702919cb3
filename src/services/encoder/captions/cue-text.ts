/**
 * The text of a cue with its mark-up, made safe: only tags that WebVTT knows are left, every one is closed, and what
 * is no tag is escaped. SubRip's habits (`<font>`, `{\an8}`, `{\i1}`) are brought to WebVTT's. Pure.
 */
import { CUE_CHARS_MAX } from './cues.ts';

export type CleanText = {
  lines: string[];
  /** Place on a grid of nine as on a numeric keypad, when the text asks for one. */
  keypad?: number;
};

/** The colours for which WebVTT has classes of its own. */
const COLOURS: Readonly<Record<string, string>> = {
  ...{ white: 'ffffff', lime: '00ff00', cyan: '00ffff', red: 'ff0000' },
  ...{ yellow: 'ffff00', magenta: 'ff00ff', blue: '0000ff', black: '000000' },
};
const PARTS = /<[^<>\n]*>|\{\\[^{}\n]*\}|&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]{1,8});|[&<>]|[^&<>{]+|\{/giu;
const ENTITIES = new Set(['&amp;', '&lt;', '&gt;', '&nbsp;', '&lrm;', '&rlm;']);

export function cleanText(text: string, dialect: 'srt' | 'vtt'): CleanText {
  const open = createTags();
  let keypad: number | undefined;
  for (const [part] of text.slice(0, CUE_CHARS_MAX).matchAll(PARTS)) {
    if (part.startsWith('{\\')) {
      if (dialect === 'srt') keypad = readOverride(part, open) ?? keypad;
      else open.text(escapeText(part));
    } else if (part.startsWith('<') && part.length > 1) readTag(part, dialect, open);
    else if (part.startsWith('&') && part.length > 1) open.text(entity(part));
    else open.text(escapeText(part));
  }
  // A blank line would end the cue.
  const lines = open
    .close()
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== '');
  return keypad === undefined ? { lines } : { lines, keypad };
}

type Tags = ReturnType<typeof createTags>;

/** Writes text and tags so that every tag is closed in its order. */
function createTags() {
  const open: Array<{ name: string; end: string }> = [];
  let out = '';
  const end = (name: string) => {
    if (!open.some((one) => one.name === name)) return;
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      out += last.end;
      if (last.name === name) return;
    }
  };
  return {
    text: (text: string) => {
      out += text;
    },
    start: (name: string, tag: string, end: string) => {
      open.push({ name, end });
      out += tag;
    },
    end,
    close: () =>
      out +
      open
        .toReversed()
        .map((one) => one.end)
        .join(''),
  };
}

export function escapeText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  const plain = text.toWellFormed().replaceAll(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g, '');
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The class for a colour given by name or as `#rrggbb`; undefined for white and for those that have none. */
export function colourClass(colour: string): string | undefined {
  const text = colour.trim().toLowerCase();
  const hex =
    /^#([\da-f]{6})(?:[\da-f]{2})?$/.exec(text)?.[1] ?? (text === 'green' ? COLOURS.lime : COLOURS[text]);
  const found = Object.entries(COLOURS).find(([, value]) => value === hex)?.[0];
  return found === 'white' ? undefined : found;
}

export const colourOfClass = (name: string): string | undefined => COLOURS[name] && `#${COLOURS[name]}`;

/** WebVTT settings for a place on the keypad; those at the bottom in the middle need none. */
export function keypadSettings(keypad: number | undefined): string {
  if (keypad === undefined || keypad < 1 || keypad > 9) return '';
  const line = keypad >= 7 ? ' line:0' : keypad >= 4 ? ' line:50%' : '';
  const side = keypad % 3;
  return `${line}${side === 1 ? ' align:start' : side === 0 ? ' align:end' : ''}`;
}

function readTag(tag: string, dialect: 'srt' | 'vtt', tags: Tags): void {
  const [, slash, name = '', rest = ''] = /^<(\/?)\s*([a-z]+)([\s\S]*)>$/i.exec(tag) ?? [];
  const lower = name.toLowerCase();
  if (dialect === 'vtt' && /^<(\d+:)?\d\d:\d\d\.\d{3}>$/.test(tag)) tags.text(tag);
  else if (slash) tags.end(lower);
  else if (/^[biu]$/.test(lower)) tags.start(lower, `<${lower}>`, `</${lower}>`);
  else if (dialect === 'srt' && lower === 'font') {
    const colour = colourClass(/colou?r\s*=\s*["']?([#\w]+)/i.exec(rest)?.[1] ?? '');
    // Its end must be known also where its colour is not.
    tags.start(lower, colour ? `<c.${colour}>` : '', colour ? '</c>' : '');
  } else if (dialect === 'vtt' && /^(c|v|lang|ruby|rt)$/.test(lower)) {
    const classes = /^(\.[\w.-]+)?/.exec(rest)?.[0] ?? '';
    const note = /^(v|lang)$/.test(lower)
      ? ` ${escapeText(rest.slice(classes.length).trim()).slice(0, 100)}`
      : '';
    tags.start(lower, `<${lower}${classes}${note}>`, `</${lower}>`);
  }
}

/** Overrides of SubStation that SubRip files carry. Gives the place on the keypad, if it is one. */
function readOverride(part: string, tags: Tags): number | undefined {
  for (const [, name = '', on] of part.matchAll(/\\([biu])([01])/g)) {
    if (on === '1') tags.start(name, `<${name}>`, `</${name}>`);
    else tags.end(name);
  }
  const place = /\\an([1-9])/.exec(part)?.[1];
  return place === undefined ? undefined : Number(place);
}

function entity(part: string): string {
  if (ENTITIES.has(part.toLowerCase())) return part.toLowerCase();
  const [, hex, decimal] = /^&#(?:x([\da-f]+)|(\d+));$/i.exec(part) ?? [];
  const code = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : undefined;
  const isCharacter = code !== undefined && code > 0 && code <= 0x10ffff;
  return escapeText(isCharacter ? String.fromCodePoint(code) : part);
}
