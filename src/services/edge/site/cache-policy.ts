/**
 * What HTTP says of storing and reusing a response in a shared cache: RFC 9111, stale-while-revalidate and
 * stale-if-error of RFC 5861, targeted cache control of RFC 9213 (`CDN-Cache-Control`), and the older
 * `Surrogate-Control`. Pure functions over header fields.
 */
import { STATUS_CODES } from 'node:http';
import { parseDictionary } from 'structured-headers';
import { httpDateMs } from '../conditions.ts';
import { type Fields, fieldOf, namesIn } from '../fields.ts';
import { type CacheControl, type Freshness, readCacheControl, readSeconds } from '../freshness.ts';

export type ResponseTimes = {
  /** When the request left, in milliseconds since the epoch. */
  readonly requestMs: number;
  /** When the head of its response was there. */
  readonly responseMs: number;
};

export type SitePolicy = {
  readonly freshness: Freshness;
  /** Until then a stale copy may stand in for an error that the origin answered. */
  readonly errorUntilMs: number;
  /** Request fields that select the response; `any` when no other request can be answered with it. */
  readonly vary: readonly string[] | 'any';
  /** True when the response itself says how long it is good for. */
  readonly hasLife: boolean;
  /** Response fields that must not be used again without asking: `no-cache="name"` and `private="name"`. */
  readonly withheld: readonly string[];
};

/** Statuses that may be kept by a guess where nothing is said (RFC 9110 section 15.1). */
const GUESSABLE: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** The guess of RFC 9111 section 4.2.2: a tenth of the time since the last change, at most a day. */
const GUESS_SHARE = 0.1;
const GUESS_MAX_S = 86_400;
/** How long a copy may stand in for an origin that is away when nothing was said of it. */
const AWAY_S = 86_400;

export function readPolicy(
  request: { readonly hasAuthorization: boolean },
  status: number,
  fields: Fields,
  { requestMs, responseMs }: ResponseTimes,
): SitePolicy {
  const { control, isTargeted } = effectiveControl(fields);
  const storedMs = responseMs - initialAgeMs(fields, requestMs, responseMs);
  const explicitS = explicitLifeS(control, isTargeted, fields, responseMs);
  const lifeS = explicitS ?? guessedLifeS(status, control, fields, responseMs);
  const withheld = [...namesIn(control.get('no-cache')), ...namesIn(control.get('private'))];
  const mustAsk = control.has('no-cache') && control.get('no-cache') === '';
  const freshUntilMs = mustAsk ? storedMs : storedMs + lifeS * 1000;
  const { refreshS, errorS, awayS } = staleAllowance(control, mustAsk);
  const vary = readVary(fields);
  const storable =
    isStorable(status, control, explicitS !== undefined) &&
    vary !== 'any' &&
    (!request.hasAuthorization || mayShareAuthorized(control)) &&
    (lifeS > 0 || refreshS > 0 || errorS > 0 || hasValidator(fields));
  const until = (seconds: number) => (seconds > 0 ? freshUntilMs + seconds * 1000 : 0);
  return {
    freshness: {
      storable,
      storedMs,
      freshUntilMs,
      refreshUntilMs: until(refreshS),
      staleUntilMs: until(awayS),
    },
    errorUntilMs: until(errorS),
    hasLife: explicitS !== undefined,
    vary,
    withheld,
  };
}

/** What governs this cache: the targeted field when it is well-formed and says something, else the common one. */
function effectiveControl(fields: Fields): { control: CacheControl; isTargeted: boolean } {
  const targeted = readTargeted(fieldOf(fields, 'cdn-cache-control'));
  if (targeted) return { control: targeted, isTargeted: true };
  const surrogate = readCacheControl(fieldOf(fields, 'surrogate-control') ?? '');
  if (surrogate.has('max-age') || surrogate.has('no-store')) return { control: surrogate, isTargeted: true };
  return { control: readCacheControl(fieldOf(fields, 'cache-control') ?? ''), isTargeted: false };
}

/** RFC 9213 section 2.1: a structured dictionary; one that cannot be parsed counts as absent. */
function readTargeted(text: string | undefined): CacheControl | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  try {
    const control = new Map<string, string>();
    for (const [name, member] of parseDictionary(text)) {
      const [value] = member;
      if (typeof value === 'number') control.set(name, Number.isInteger(value) ? String(value) : '');
      // A string where a number belongs is passed over; for others it lists names.
      else if (typeof value === 'string') control.set(name, TIMES.has(name) ? '' : value);
      else if (value !== false) control.set(name, '');
    }
    return control;
  } catch {
    // Not a structured field, so it says nothing.
    return undefined;
  }
}

const TIMES: ReadonlySet<string> = new Set([
  'max-age',
  's-maxage',
  'stale-while-revalidate',
  'stale-if-error',
]);

/** The corrected initial age of RFC 9111 section 4.2.3, in milliseconds. */
function initialAgeMs(fields: Fields, requestMs: number, responseMs: number): number {
  const dateMs = httpDateMs(fieldOf(fields, 'date') ?? '') ?? responseMs;
  // A list is not an Age, but its first member is what the nearest cache knew (RFC 9111 section 5.1).
  const [first = ''] = (fieldOf(fields, 'age') ?? '').split(',');
  const apparentMs = Math.max(0, responseMs - dateMs);
  const toldMs = (readSeconds(first.trim()) ?? 0) * 1000;
  // A Date has whole seconds, so less than one of them tells nothing.
  return Math.max(apparentMs < 1000 ? 0 : apparentMs, toldMs + (responseMs - requestMs));
}

/** Undefined when nothing is said; a life that cannot be read is no life (RFC 9111 section 4.2.1). */
function explicitLifeS(
  control: CacheControl,
  isTargeted: boolean,
  fields: Fields,
  responseMs: number,
): number | undefined {
  for (const name of ['s-maxage', 'max-age']) {
    if (control.has(name)) return readSeconds(control.get(name)) ?? 0;
  }
  const expires = fieldOf(fields, 'expires');
  // Expires belongs to the common field; beside a targeted one it counts for nothing.
  if (expires === undefined || isTargeted) return undefined;
  const expiresMs = httpDateMs(expires);
  if (expiresMs === undefined) return 0;
  const dateMs = httpDateMs(fieldOf(fields, 'date') ?? '') ?? responseMs;
  return Math.max(0, Math.floor((expiresMs - dateMs) / 1000));
}

function guessedLifeS(status: number, control: CacheControl, fields: Fields, responseMs: number): number {
  if (!GUESSABLE.has(status) && !control.has('public')) return 0;
  const changedMs = httpDateMs(fieldOf(fields, 'last-modified') ?? '');
  if (changedMs === undefined) return 0;
  const dateMs = httpDateMs(fieldOf(fields, 'date') ?? '') ?? responseMs;
  return Math.min(GUESS_MAX_S, Math.max(0, Math.floor(((dateMs - changedMs) / 1000) * GUESS_SHARE)));
}

function staleAllowance(
  control: CacheControl,
  mustAsk: boolean,
): { refreshS: number; errorS: number; awayS: number } {
  if (mustAsk || control.has('must-revalidate') || control.has('proxy-revalidate')) {
    return { refreshS: 0, errorS: 0, awayS: 0 };
  }
  const refreshS = readSeconds(control.get('stale-while-revalidate')) ?? 0;
  const told = readSeconds(control.get('stale-if-error'));
  // s-maxage forbids stale copies (RFC 9111 section 5.2.2.10), but what is said in so many words is meant.
  const unsaidS = control.has('s-maxage') ? 0 : AWAY_S;
  return { refreshS, errorS: told ?? 0, awayS: told ?? unsaidS };
}

function isStorable(status: number, control: CacheControl, hasLife: boolean): boolean {
  if (status < 200 || status === 206 || status === 304) return false;
  // must-understand stands above no-store for those who know the status (RFC 9111 section 5.2.2.3).
  if (control.has('must-understand')) {
    if (!(status in STATUS_CODES)) return false;
  } else if (control.has('no-store')) return false;
  if (control.has('private') && control.get('private') === '') return false;
  return hasLife || GUESSABLE.has(status) || control.has('public') || control.has('no-cache');
}

/** RFC 9111 section 3.5. */
function mayShareAuthorized(control: CacheControl): boolean {
  return control.has('public') || control.has('s-maxage') || control.has('must-revalidate');
}

function hasValidator(fields: Fields): boolean {
  return fieldOf(fields, 'etag') !== undefined || fieldOf(fields, 'last-modified') !== undefined;
}

function readVary(fields: Fields): readonly string[] | 'any' {
  const names = namesIn(fieldOf(fields, 'vary'));
  return names.includes('*') ? 'any' : [...new Set(names)].sort();
}

/**
 * What of a request selects a response that varies by these fields, as text. Lines are joined and blanks around
 * commas removed; the preferences of Accept fields are sorted where their order means nothing.
 */
export function variantOf(vary: readonly string[], request: Fields): string {
  return vary.map((name) => `${name}=${normalized(name, fieldOf(request, name))}`).join('\n');
}

const UNORDERED: ReadonlySet<string> = new Set(['accept', 'accept-language', 'accept-encoding']);

function normalized(name: string, value: string | undefined): string {
  // Absent and empty are two things: a NUL cannot come in by a request.
  if (value === undefined) return '\0';
  const members = value.split(',').map((member) => member.trim());
  if (!UNORDERED.has(name)) return members.join(',');
  return members
    .map((member) => member.toLowerCase().replace(/\s*;\s*/g, ';'))
    .sort()
    .join(',');
}

/** Of the bytes that are stored, not of what a 304 says (RFC 9111 section 3.2). */
const KEPT_ON_UPDATE: ReadonlySet<string> = new Set(['content-length', 'content-encoding', 'content-range']);

/** The stored fields with what a 304 (or the 200 of a HEAD) says anew. */
export function updatedFields(stored: Fields, news: Fields): Fields {
  const fresh = news.filter(([name]) => !KEPT_ON_UPDATE.has(name));
  const renewed = new Set(fresh.map(([name]) => name));
  return [...stored.filter(([name]) => !renewed.has(name)), ...fresh];
}
