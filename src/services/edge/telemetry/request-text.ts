/**
 * Picks what logs want to know out of a request's head, which it takes as text: one copy of the head is far cheaper
 * than a list of all its fields. Requests of one connection differ in few fields, so the last picking is remembered.
 */
import type { Fields } from '../fields.ts';

export type Picked = {
  readonly host: string;
  readonly userAgent: string;
  readonly referer: string;
  readonly range: string;
  /** The CMCD fields, joined; empty when there are none. */
  readonly cmcd: string;
};

export const NOTHING_PICKED: Picked = { host: '', userAgent: '', referer: '', range: '', cmcd: '' };
const VALUE_CHARS_MAX = 512;
const CMCD_CHARS_MAX = 4096;
const WANTED: ReadonlyMap<string, keyof Picked> = new Map<string, keyof Picked>([
  ['host', 'host'],
  ['user-agent', 'userAgent'],
  ['referer', 'referer'],
  ['range', 'range'],
  ['cmcd-object', 'cmcd'],
  ['cmcd-request', 'cmcd'],
  ['cmcd-session', 'cmcd'],
  ['cmcd-status', 'cmcd'],
]);
/** Names are looked up only when they have one of these lengths. */
const LENGTHS: ReadonlySet<number> = new Set([...WANTED.keys()].map((name) => name.length));

export class RequestText {
  #text = '';
  #picked = NOTHING_PICKED;

  /** `text` is the lines after the request line, each with its end. */
  pick(text: string): Picked {
    if (text === this.#text) return this.#picked;
    const picked = { ...NOTHING_PICKED };
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf('\r\n', at);
      if (end <= at) break;
      const colon = text.indexOf(':', at);
      if (colon > at && colon < end && LENGTHS.has(colon - at)) {
        take(picked, text.slice(at, colon).toLowerCase(), text.slice(colon + 1, end).trim());
      }
      at = end + 2;
    }
    this.#text = text;
    this.#picked = picked;
    return picked;
  }
}

export function pickFields(fields: Fields, host: string): Picked {
  const picked = { ...NOTHING_PICKED, host };
  for (const [name, value] of fields) {
    if (LENGTHS.has(name.length) && name !== 'host') take(picked, name, value);
  }
  return picked;
}

function take(picked: { -readonly [Key in keyof Picked]: string }, name: string, value: string): void {
  const key = WANTED.get(name);
  if (!key) return;
  if (key === 'cmcd') {
    if (value !== '')
      picked.cmcd = `${picked.cmcd}${picked.cmcd === '' ? '' : ','}${value}`.slice(0, CMCD_CHARS_MAX);
  } else if (picked[key] === '') {
    picked[key] = value.slice(0, VALUE_CHARS_MAX);
  }
}
