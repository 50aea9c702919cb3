/**
 * Picks what logs want to know out of a request's head, which it takes as bytes: that is far cheaper than a list of
 * all its fields. Requests of one connection differ in few fields, so the last picking is remembered.
 */
import type { Fields } from '../fields.ts';

export type Picked = {
  readonly host: string;
  readonly userAgent: string;
  readonly referer: string;
  readonly range: string;
  /** The CMCD fields, joined; empty when there are none. */
  readonly cmcd: string;
  /** What the log's format makes of them, once. */
  rendered?: string;
};
type PickedName = Exclude<keyof Picked, 'rendered'>;

export function nothingPicked(host = ''): Picked {
  return { host, userAgent: '', referer: '', range: '', cmcd: '' };
}
const VALUE_CHARS_MAX = 512;
const CMCD_CHARS_MAX = 4096;
const WANTED: ReadonlyMap<string, PickedName> = new Map<string, PickedName>([
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
  #last = Buffer.alloc(0);
  #picked = nothingPicked();

  /** `bytes` from `start` to `end` are the lines after the request line, each with its end. */
  pick(bytes: Buffer, start: number, end: number): Picked {
    const last = this.#last;
    const isSame = last.length === end - start && bytes.compare(last, 0, last.length, start, end) === 0;
    if (isSame) return this.#picked;
    this.#last = Buffer.from(bytes.subarray(start, end));
    this.#picked = pickText(bytes.toString('latin1', start, end));
    return this.#picked;
  }
}

function pickText(text: string): Picked {
  const picked = nothingPicked();
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    if (end <= at) break;
    const colon = text.indexOf(':', at);
    if (colon > at && colon < end && LENGTHS.has(colon - at)) {
      take(picked, text.slice(at, colon).toLowerCase(), text.slice(colon + 1, end).trim());
    }
    at = end + 2;
  }
  return picked;
}

export function pickFields(fields: Fields, host: string): Picked {
  const picked = nothingPicked(host);
  for (const [name, value] of fields) {
    if (LENGTHS.has(name.length) && name !== 'host') take(picked, name, value);
  }
  return picked;
}

function take(picked: { -readonly [Key in PickedName]: string }, name: string, value: string): void {
  const key = WANTED.get(name);
  if (!key) return;
  if (key === 'cmcd') {
    if (value !== '')
      picked.cmcd = `${picked.cmcd}${picked.cmcd === '' ? '' : ','}${value}`.slice(0, CMCD_CHARS_MAX);
  } else if (picked[key] === '') {
    picked[key] = value.slice(0, VALUE_CHARS_MAX);
  }
}
