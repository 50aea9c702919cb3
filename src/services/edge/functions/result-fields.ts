/**
 * Reads the maps of a result (headers, parameters, cookies) out of what a function returned, value by value, and counts them
 * against the limits of the whole. Whatever is not as it must be is a Fault, whose text is for the function's author.
 */
import type { CookieValue, Fields, ResponseCookies } from './event.ts';
import { isHeaderName, isHeaderValue } from './header-rules.ts';
import type { FunctionLimits } from './limits.ts';

/** What is wrong with a result, as a sentence. */
export class Fault extends Error {}

export type FieldForm = {
  what: string;
  isName(text: string): boolean;
  isValue(text: string): boolean;
};

export const HEADERS: FieldForm = { what: 'headers', isName: isHeaderName, isValue: isHeaderValue };
export const PARAMETERS: FieldForm = { what: 'querystring', isName: isText, isValue: isText };
export const COOKIES: FieldForm = { what: 'cookies', isName: isCookieName, isValue: isCookiePart };
/** Names of cookies that are set are tokens (RFC 6265 section 4.1.1), in either case. */
const SET_COOKIES: FieldForm = {
  what: 'cookies',
  isName: (text) => isHeaderName(text.toLowerCase()),
  isValue: isCookiePart,
};

/** Counts entries and characters of a whole result. */
export class Budget {
  readonly limits: FunctionLimits;
  #entries = 0;
  #chars = 0;

  constructor(limits: FunctionLimits) {
    this.limits = limits;
  }

  take(chars: number): void {
    this.#chars += chars;
    if (this.#chars > this.limits.headBytesMax)
      throw new Fault(`names and values of a result have at most ${this.limits.headBytesMax} bytes`);
  }

  entry(chars: number): void {
    if (++this.#entries > this.limits.entriesMax)
      throw new Fault(`a result has at most ${this.limits.entriesMax} headers, cookies and parameters`);
    this.take(chars);
  }
}

/** The map has no prototype, so that `__proto__` is a name as any other. */
export function readFields(value: unknown, form: FieldForm, budget: Budget): Fields {
  const fields = Object.create(null) as Fields;
  for (const [name, given] of entriesOf(value, form)) {
    const values: string[] = [];
    for (const one of valuesOf(given, form, name)) {
      const text = readText(one.value, form.isValue, form.what, name);
      budget.entry(name.length + text.length);
      values.push(text);
    }
    const [first] = values;
    if (first === undefined) continue;
    fields[name] =
      values.length === 1
        ? { value: first }
        : { value: first, multiValue: values.map((text) => ({ value: text })) };
  }
  return fields;
}

export function readResponseCookies(value: unknown, budget: Budget): ResponseCookies {
  const cookies = Object.create(null) as ResponseCookies;
  for (const [name, given] of entriesOf(value, SET_COOKIES)) {
    const lines = valuesOf(given, SET_COOKIES, name).map((one) => readCookie(one, name, budget));
    const [first] = lines;
    if (first === undefined) continue;
    cookies[name] = lines.length === 1 ? first : { ...first, multiValue: lines };
  }
  return cookies;
}

function readCookie(given: Record<string, unknown>, name: string, budget: Budget): CookieValue {
  const value = readText(given.value, isCookiePart, 'cookies', name);
  const attributes =
    given.attributes === undefined
      ? ''
      : readText(given.attributes, isHeaderValue, 'attributes of cookies', name);
  budget.entry(name.length + value.length + attributes.length);
  return attributes === '' ? { value } : { value, attributes };
}

function entriesOf(value: unknown, { what, isName }: FieldForm): Array<[string, unknown]> {
  if (value === undefined) return [];
  const entries = Object.entries(record(value, what));
  for (const [name] of entries) {
    if (name === '' || !isName(name)) throw new Fault(`${what}: ${shown(name)} is no name`);
  }
  return entries;
}

/** `multiValue` counts when it is there, as it does in an event. */
function valuesOf(given: unknown, { what }: FieldForm, name: string): Array<Record<string, unknown>> {
  if (!isRecord(given)) throw new Fault(`${what}: ${shown(name)} is no object`);
  const { multiValue } = given;
  if (multiValue === undefined) return [given];
  if (!Array.isArray(multiValue)) throw new Fault(`${what}: multiValue of ${shown(name)} is no array`);
  return multiValue.map((one) => {
    if (!isRecord(one)) throw new Fault(`${what}: multiValue of ${shown(name)} holds no objects`);
    return one;
  });
}

function readText(value: unknown, allowed: (text: string) => boolean, what: string, name: string): string {
  if (typeof value !== 'string') throw new Fault(`${what}: ${shown(name)} has no value that is a text`);
  const text = allowed === isHeaderValue ? value.trim() : value;
  if (!allowed(text)) throw new Fault(`${what}: ${shown(name)} holds characters that it may not`);
  return text;
}

export function record(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw new Fault(`${what} is no object`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return false;
  }
  return true;
}

function isCookiePart(text: string): boolean {
  return isHeaderValue(text) && !text.includes(';');
}

function isCookieName(text: string): boolean {
  return isCookiePart(text) && !text.includes('=');
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
