/**
 * Reads what a handler returned and holds it to the contract before anything of it is used: shapes, names, values,
 * sizes, and what a function may not touch. Everything is copied field by field; a member that the contract does not name
 * is dropped. It decides nothing about how the edge goes on.
 */
import type {
  CookieValue,
  EventBody,
  EventRequest,
  EventResponse,
  Fields,
  FieldValue,
  FunctionEvent,
  FunctionResult,
  ResponseCookies,
} from './event.ts';
import { headerRule, isHeaderName, isHeaderValue } from './header-rules.ts';
import type { FunctionLimits } from './limits.ts';

/** What is wrong with a result, as a sentence for the author of the function. */
class Fault extends Error {}

export function readResult(json: string, event: FunctionEvent, limits: FunctionLimits): FunctionResult {
  try {
    return checked(record(JSON.parse(json), 'the result'), event, limits);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: 'failed', reason: 'invalid', message: error.message };
  }
}

function checked(
  value: Record<string, unknown>,
  event: FunctionEvent,
  limits: FunctionLimits,
): FunctionResult {
  const budget = new Budget(limits);
  if ('statusCode' in value) {
    const original = event.response;
    const response = readResponse(value, original, budget);
    return { kind: 'response', response };
  }
  if (event.context.eventType === 'viewer-response') throw new Fault('a viewer-response returns a response');
  return { kind: 'request', request: readRequest(value, event.request, budget) };
}

function readRequest(value: Record<string, unknown>, original: EventRequest, budget: Budget): EventRequest {
  if (value.method !== original.method) throw new Fault('the method may not be changed');
  return {
    method: original.method,
    uri: readUri(value.uri, budget),
    querystring: readFields(value.querystring, 'querystring', budget, isText),
    headers: readHeaders(value.headers, original.headers, 'viewer-request', budget),
    cookies: readFields(value.cookies, 'cookies', budget, isCookiePart),
  };
}

function readResponse(
  value: Record<string, unknown>,
  original: EventResponse | undefined,
  budget: Budget,
): EventResponse {
  const status = value.statusCode;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599)
    throw new Fault('statusCode is a whole number from 200 to 599');
  const description = value.statusDescription;
  if (description !== undefined && (typeof description !== 'string' || !isHeaderValue(description)))
    throw new Fault('statusDescription is a text on one line');
  budget.take(description?.length ?? 0);
  const body = readBody(value.body, budget);
  // A part of an object is not the object, and no other status says which part it is.
  if (
    original &&
    body === undefined &&
    status !== original.statusCode &&
    [status, original.statusCode].includes(206)
  )
    throw new Fault('206 may be neither given nor taken away without a body');
  return {
    statusCode: status,
    ...(description !== undefined && { statusDescription: description }),
    headers: readHeaders(
      value.headers,
      original?.headers,
      original ? 'viewer-response' : 'generated',
      budget,
    ),
    cookies: readResponseCookies(value.cookies, budget),
    ...(body !== undefined && { body }),
  };
}

/** Headers that may not be changed are those of the original, whether the function gave them back or not. */
function readHeaders(
  value: unknown,
  original: Fields | undefined,
  kind: 'viewer-request' | 'viewer-response' | 'generated',
  budget: Budget,
): Fields {
  const headers = readFields(value, 'headers', budget, isHeaderValue);
  for (const name of Object.keys(headers)) {
    if (!isHeaderName(name)) throw new Fault(`not a header name in lower case: ${shown(name)}`);
    const rule = headerRule(name, kind);
    if (rule === 'hidden') throw new Fault(`the header ${name} may not be set`);
    if (rule === 'cookie') throw new Fault(`${name} is set through cookies`);
    if (rule === 'read-only' && !sameField(headers[name], original?.[name]))
      throw new Fault(`the header ${name} may only be read`);
  }
  for (const name of Object.keys(original ?? {})) {
    if (!headers[name] && headerRule(name, kind) === 'read-only')
      headers[name] = original?.[name] as FieldValue;
  }
  return headers;
}

function readFields(
  value: unknown,
  what: string,
  budget: Budget,
  allowed: (text: string) => boolean,
): Fields {
  const fields = Object.create(null) as Fields;
  if (value === undefined) return fields;
  for (const [name, given] of Object.entries(record(value, what))) {
    const field = record(given, `${what}: ${shown(name)}`);
    const read = (one: unknown) =>
      readText(record(one, shown(name)).value, `${what}: ${shown(name)}`, allowed);
    if (!isText(name) || name === '') throw new Fault(`${what}: ${shown(name)} is no name`);
    const values = field.multiValue === undefined ? [read(field)] : list(field.multiValue, name).map(read);
    for (const one of values) budget.entry(name.length + one.length);
    if (values.length === 0) continue;
    fields[name] = {
      value: values[0] as string,
      ...(values.length > 1 && { multiValue: values.map(wrapped) }),
    };
  }
  return fields;
}

function readResponseCookies(value: unknown, budget: Budget): ResponseCookies {
  const cookies = Object.create(null) as ResponseCookies;
  if (value === undefined) return cookies;
  for (const [name, given] of Object.entries(record(value, 'cookies'))) {
    if (!isHeaderName(name.toLowerCase())) throw new Fault(`not a cookie name: ${shown(name)}`);
    const field = record(given, `cookies: ${shown(name)}`);
    const lines = (field.multiValue === undefined ? [field] : list(field.multiValue, name)).map((one) =>
      readCookie(one, name),
    );
    for (const line of lines) budget.entry(name.length + line.value.length + (line.attributes?.length ?? 0));
    if (lines.length === 0) continue;
    cookies[name] = { ...(lines[0] as CookieValue), ...(lines.length > 1 && { multiValue: lines }) };
  }
  return cookies;
}

function readCookie(given: unknown, name: string): CookieValue {
  const { value, attributes } = record(given, `cookies: ${shown(name)}`);
  const read = readText(value, `cookies: ${shown(name)}`, isCookiePart);
  if (attributes === undefined || attributes === '') return { value: read };
  return { value: read, attributes: readText(attributes, `attributes of ${shown(name)}`, isHeaderValue) };
}

function readBody(value: unknown, budget: Budget): EventBody | undefined {
  if (value === undefined || value === null) return undefined;
  const { encoding = 'text', data } = typeof value === 'string' ? { data: value } : record(value, 'body');
  if (encoding !== 'text' && encoding !== 'base64')
    throw new Fault('the encoding of a body is text or base64');
  if (typeof data !== 'string') throw new Fault('the data of a body is a text');
  if (encoding === 'base64' && !BASE64.test(data)) throw new Fault('the body is not base64');
  const bytes = encoding === 'text' ? Buffer.byteLength(data) : Buffer.byteLength(data, 'base64');
  if (bytes > budget.limits.bodyBytesMax)
    throw new Fault(`a body has at most ${budget.limits.bodyBytesMax} bytes`);
  return { encoding, data };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** A path as a request line may carry it: no space, no query, no fragment, nothing that some servers read as a slash. */
const URI = /^\/[!$%&'()*+,\-./:;=@\w~[\]^`{|}]*$/;

function readUri(value: unknown, budget: Budget): string {
  if (typeof value !== 'string' || !URI.test(value))
    throw new Fault('uri starts with / and holds visible ASCII without ?, #, ", <, > and backslash');
  if (value.length > budget.limits.targetBytesMax) throw new Fault('uri is too long');
  return value;
}

/** Counts entries and characters of a whole result. */
class Budget {
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

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Fault(`${what} is no object`);
  return value as Record<string, unknown>;
}

function list(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw new Fault(`multiValue of ${shown(name)} is no array`);
  return value;
}

function readText(value: unknown, what: string, allowed: (text: string) => boolean): string {
  if (typeof value !== 'string') throw new Fault(`${what} has no value that is a text`);
  const text = allowed === isHeaderValue ? value.trim() : value;
  if (!allowed(text)) throw new Fault(`${what} holds characters that it may not`);
  return text;
}

function isText(text: string): boolean {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return false;
  return true;
}

function isCookiePart(text: string): boolean {
  return isHeaderValue(text) && !text.includes(';');
}

function sameField(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  const values = (field: FieldValue | undefined) =>
    field?.multiValue?.map(({ value }) => value) ?? [field?.value];
  return JSON.stringify(values(a)) === JSON.stringify(values(b));
}

function wrapped(value: string): { value: string } {
  return { value };
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
