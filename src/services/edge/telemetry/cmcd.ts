/**
 * Reads what a player tells of itself with a request (CTA-5004, Common Media Client Data, version 1): the query
 * parameter `CMCD` or four header fields. It is strict and bounded: text that is malformed gives nothing, a key
 * whose value has the wrong form is left out. What it says is a claim of the viewer and decides nothing. Pure.
 */
import { redactAddress } from './redaction.ts';

export type CmcdValue = string | number | boolean;
export type Cmcd = Readonly<Record<string, CmcdValue>>;

/** Header fields, in the order in which they are joined. */
export const CMCD_FIELDS = ['cmcd-object', 'cmcd-request', 'cmcd-session', 'cmcd-status'] as const;

const TEXT_CHARS_MAX = 2048;
const KEYS_MAX = 32;
const STRING_CHARS_MAX = 256;
const INTEGER_MAX = 1e12;

type Kind = 'integer' | 'decimal' | 'flag' | 'string' | ReadonlySet<string>;

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...(['br', 'bl', 'd', 'dl', 'mtp', 'rtp', 'tb', 'v'] as const).map((key) => [key, 'integer'] as const),
  ...(['bs', 'su'] as const).map((key) => [key, 'flag'] as const),
  ...(['cid', 'nor', 'nrr', 'sid'] as const).map((key) => [key, 'string'] as const),
  ['pr', 'decimal'],
  ['ot', new Set(['m', 'a', 'v', 'av', 'i', 'c', 'tt', 'k', 'o'])],
  ['sf', new Set(['d', 'h', 's', 'o'])],
  ['st', new Set(['v', 'l'])],
]);
/** Keys of one's own have a prefix with a hyphen; theirs may be of any kind. */
const CUSTOM_KEY = /^[A-Za-z0-9.]{1,48}-[A-Za-z0-9.-]{1,48}$/;
/** Strings are of printable ASCII, as in RFC 8941 section 3.3.3. */
const PAIR = /([A-Za-z][A-Za-z0-9.-]{0,63})(?:=("(?:[ !#-[\]-~]|\\["\\])*"|[A-Za-z0-9.-]{1,64}))?(,|$)/y;
const INTEGER = /^[0-9]{1,13}$/;
const DECIMAL = /^[0-9]{1,9}(?:\.[0-9]{1,9})?$/;

/** The data in a query, which begins after the question mark; undefined when there is none or it is malformed. */
export function cmcdOfQuery(query: string): Cmcd | undefined {
  const start = query.startsWith('CMCD=') ? 0 : query.indexOf('&CMCD=') + 1;
  if (start === 0 && !query.startsWith('CMCD=')) return undefined;
  const end = query.indexOf('&', start);
  const raw = query.slice(start + 5, end < 0 ? query.length : end);
  // Three characters of an escape may stand for one of the text.
  if (raw.length > 3 * TEXT_CHARS_MAX) return undefined;
  try {
    return readCmcd(decodeURIComponent(raw));
  } catch {
    // The escapes are not UTF-8.
    return undefined;
  }
}

/** One list of pairs. A key that comes twice counts once, as it came first. */
export function readCmcd(text: string): Cmcd | undefined {
  if (text === '' || text.length > TEXT_CHARS_MAX) return undefined;
  const data: Record<string, CmcdValue> = {};
  const seen = new Set<string>();
  for (let at = 0; at < text.length; ) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (!match) return undefined;
    const [whole, key = '', raw, end] = match;
    at += whole.length;
    if (end === ',' && at === text.length) return undefined;
    if (seen.size === KEYS_MAX) return undefined;
    if (seen.has(key)) continue;
    seen.add(key);
    const value = typedValue(key, raw);
    if (value !== undefined) data[key] = value;
  }
  return Object.keys(data).length === 0 ? undefined : data;
}

function typedValue(key: string, raw: string | undefined): CmcdValue | undefined {
  const kind = KINDS.get(key);
  if (!kind) return CUSTOM_KEY.test(key) ? customValue(raw) : undefined;
  if (kind === 'flag')
    return raw === undefined || raw === 'true' ? true : raw === 'false' ? false : undefined;
  if (raw === undefined) return undefined;
  if (kind === 'string') return stringOf(key, raw);
  if (kind === 'decimal') return DECIMAL.test(raw) ? Number(raw) : undefined;
  if (kind === 'integer') return INTEGER.test(raw) && Number(raw) <= INTEGER_MAX ? Number(raw) : undefined;
  return kind.has(raw) ? raw : undefined;
}

function customValue(raw: string | undefined): CmcdValue | undefined {
  if (raw === undefined) return true;
  if (raw.startsWith('"')) return stringOf('', raw);
  return DECIMAL.test(raw) ? Number(raw) : raw;
}

function stringOf(key: string, raw: string): string | undefined {
  if (!raw.startsWith('"')) return undefined;
  const text = raw.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
  if (text.length > STRING_CHARS_MAX) return undefined;
  // The next object is told by an address, which may hold what opens it.
  return key === 'nor' ? redactAddress(decodedOnce(text)) : text;
}

function decodedOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
