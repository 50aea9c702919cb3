/**
 * Reads TTML and IMSC text captions (DFXP and EBU-TT-D are profiles of it). Taken: times, also inherited and relative
 * ones, lines, italics, bold, underlining, the eight colours that WebVTT has, and whether a text stands at the top, in
 * the middle or at the bottom. Captions that are pictures are not.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { TaskFailure } from '../task-failure.ts';
import { cleanText, colourClass, escapeText, keypadSettings } from './cue-text.ts';
import { CUES_MAX, type Cue, type ReadCaptions } from './cues.ts';
import { type TtmlRates, ttmlRates, ttmlTime } from './ttml-time.ts';

type Attributes = Readonly<Record<string, string>>;
type Element = { name: string; attributes: Attributes; children: Array<Element | string> };
type Context = { fromMs: number; toMs: number; style: Attributes };
type Document = {
  rates: TtmlRates;
  styles: ReadonlyMap<string, Attributes>;
  regions: ReadonlyMap<string, Attributes>;
  cues: Cue[];
  dropped: number;
};

const NESTED_MAX = 32;
const TIMED: readonly string[] = ['body', 'div', 'p', 'span'];

export function isTtml(text: string): boolean {
  return /<(?:\w+:)?tt[\s>]/.test(text.slice(0, 20_000));
}

export function readTtml(text: string): ReadCaptions {
  const root = parseXml(text);
  if (root.name !== 'tt') throw refused('it is XML, but no TTML');
  const head = root.children.find((child): child is Element => isElement(child, 'head'));
  const named = (name: string) =>
    new Map(
      elements(head, name).flatMap((one) => (one.attributes.id ? [[one.attributes.id, allOf(one)]] : [])),
    );
  const { space } = root.attributes;
  const inherited: Attributes = space === undefined ? {} : { space };
  const document: Document = {
    ...{ rates: ttmlRates(root.attributes), styles: named('style'), regions: named('region') },
    ...{ cues: [], dropped: 0 },
  };
  for (const child of root.children) {
    if (isElement(child, 'body'))
      walk(document, child, { fromMs: 0, toMs: Number.POSITIVE_INFINITY, style: inherited });
  }
  const { cues, dropped } = document;
  if (cues.length === 0 && /backgroundImage|<(?:\w+:)?image[\s>]/.test(text))
    throw refused('its captions are pictures, which cannot be used');
  const { lang } = root.attributes;
  return { cues, dropped, ...(lang ? { language: lang } : {}) };
}

function walk(document: Document, element: Element, outer: Context): void {
  const here = enter(document, element, outer);
  const timedSpans = element.children.filter(
    (child): child is Element => isElement(child, 'span') && 'begin' in child.attributes,
  );
  const isCue = element.name === 'p' || element.name === 'span';
  if (isCue && timedSpans.length === 0) addCue(document, element, here);
  for (const child of isCue ? timedSpans : element.children)
    if (typeof child !== 'string' && TIMED.includes(child.name)) walk(document, child, here);
}

/** Times of an element count from the beginning of the one around it, and do not outlast it. */
function enter(document: Document, { attributes }: Element, outer: Context): Context {
  const time = (name: string) =>
    attributes[name] === undefined ? undefined : ttmlTime(attributes[name], document.rates);
  const fromMs = outer.fromMs + (time('begin') ?? 0);
  const [end, length] = [time('end'), time('dur')];
  const ends = [outer.toMs];
  if (end !== undefined) ends.push(outer.fromMs + end);
  if (length !== undefined) ends.push(fromMs + length);
  return { fromMs, toMs: Math.min(...ends), style: styleOf(document, attributes, outer.style) };
}

function styleOf({ styles, regions }: Document, attributes: Attributes, outer: Attributes): Attributes {
  const region = attributes.region === undefined ? {} : (regions.get(attributes.region) ?? {});
  const referred = [region, attributes].flatMap(({ style = '' }) =>
    style.split(/\s+/).map((id) => styles.get(id) ?? {}),
  );
  return Object.assign({}, outer, region, ...referred, attributes);
}

function addCue(document: Document, element: Element, { fromMs, toMs, style }: Context): void {
  const { lines } = cleanText(textOf(document, element, style).trim(), 'vtt');
  if (!Number.isFinite(toMs) || toMs <= fromMs || lines.length === 0) {
    // Paragraphs without any text are how some programs write a pause.
    if (textOf(document, element, style).trim() !== '') document.dropped += 1;
    return;
  }
  if (document.cues.length > CUES_MAX) throw refused(`it has more than ${CUES_MAX} captions`);
  document.cues.push({ fromMs, toMs, settings: keypadSettings(keypadOf(style)), lines });
}

function textOf(document: Document, element: Element, style: Attributes): string {
  const keeps = style.space === 'preserve';
  const text = element.children
    .map((child) => {
      if (typeof child === 'string') return escapeText(keeps ? child : child.replaceAll(/[ \t\r\n]+/g, ' '));
      if (child.name === 'br') return '\n';
      if (child.name !== 'span') return '';
      const own = styleOf(document, child.attributes, style);
      return marked(textOf(document, child, own), own, style);
    })
    .join('');
  // Of several blanks one is left by now.
  return keeps ? text : text.replaceAll(/ ?\n ?/g, '\n');
}

/** A span's text with the tags for what sets it apart; those of the paragraph come with its first span or none. */
function marked(text: string, own: Attributes, outer: Attributes): string {
  const differs = (name: string) => own[name] !== undefined && own[name] !== outer[name];
  let out = text;
  const wrap = (name: string, classes = '') => (out = `<${name}${classes}>${out}</${name}>`);
  const colour = differs('color') ? colourClass(own.color ?? '') : undefined;
  if (colour) wrap('c', `.${colour}`);
  if (differs('textDecoration') && own.textDecoration?.includes('underline')) wrap('u');
  if (differs('fontWeight') && own.fontWeight === 'bold') wrap('b');
  if (differs('fontStyle') && /italic|oblique/.test(own.fontStyle ?? '')) wrap('i');
  return out;
}

/** Where a region's text stands, on a grid of nine. */
function keypadOf({ origin, extent, displayAlign, textAlign }: Attributes): number | undefined {
  const percent = (pair: string | undefined) =>
    Number(/^[\d.]+%\s+([\d.]+)%$/.exec((pair ?? '').trim())?.[1] ?? Number.NaN);
  const [top, height] = [percent(origin), percent(extent)];
  const place = displayAlign === 'after' ? 1 : displayAlign === 'center' ? 0.5 : 0;
  const at = Number.isNaN(top)
    ? displayAlign === 'before'
      ? 0
      : 100
    : top + (Number.isNaN(height) ? 0 : height * place);
  const row = at < 34 ? 6 : at < 60 ? 3 : 0;
  const column =
    textAlign === 'left' || textAlign === 'start' ? 1 : /right|end/.test(textAlign ?? '') ? 3 : 2;
  return row + column === 2 ? undefined : row + column;
}

function parseXml(text: string): Element {
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw refused('it has a document type, which is not read');
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw refused(`it is no well-formed XML (line ${valid.err.line})`);
  const parser = new XMLParser({
    ...{ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', removeNSPrefix: true },
    ...{ parseTagValue: false, parseAttributeValue: false, processEntities: false, trimValues: false },
    ...{ ignoreDeclaration: true, ignorePiTags: true, maxNestedTags: NESTED_MAX },
  });
  const [root] = childrenOf(parse(parser, text)).filter((child) => typeof child !== 'string');
  if (root === undefined || typeof root === 'string') throw refused('it is empty');
  return root;
}

function parse(parser: XMLParser, text: string): unknown {
  try {
    return parser.parse(text);
  } catch (error) {
    throw refused('it is nested too deeply', error);
  }
}

/** The parser's own form: an object with one name, its children in a list, and attributes under `:@`. */
function childrenOf(raw: unknown): Array<Element | string> {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((one: Record<string, unknown>): Array<Element | string> => {
    if (typeof one['#text'] === 'string') return [decoded(one['#text'])];
    const name = Object.keys(one).find((key) => key !== ':@');
    if (name === undefined) return [];
    const attributes = Object.entries((one[':@'] ?? {}) as Record<string, string>);
    const read = attributes.map(([key, value]) => [key, decoded(String(value))]);
    return [{ name, attributes: Object.fromEntries(read), children: childrenOf(one[name]) }];
  });
}

/** XML's own five entities and numbers; others do not exist here. */
function decoded(text: string): string {
  const own: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (all, decimal, hex, name) => {
      if (name) return own[name.toLowerCase()] ?? all;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    },
  );
}

function elements(within: Element | undefined, name: string): Element[] {
  return (within?.children ?? []).flatMap((child) =>
    typeof child === 'string' ? [] : [...(child.name === name ? [child] : []), ...elements(child, name)],
  );
}

/** A region may have its style in elements of its own. */
function allOf({ attributes, children }: Element): Attributes {
  const inner = children.filter((child): child is Element => isElement(child, 'style'));
  return Object.assign({}, ...inner.map((one) => one.attributes), attributes);
}

function isElement(child: Element | string, name: string): child is Element {
  return typeof child !== 'string' && child.name === name;
}

function refused(why: string, cause?: unknown): TaskFailure {
  return new TaskFailure('unsupported', why, { retry: false, cause });
}
