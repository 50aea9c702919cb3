/**
 * Reads what a handler returned and holds it to the contract before anything of it is used: shapes, names, values,
 * sizes, and what a function may not touch. Everything is copied field by field; a member that the contract does not name
 * is dropped. It decides nothing about how the edge goes on.
 */
import type {
  EventBody,
  EventRequest,
  EventResponse,
  Fields,
  FieldValue,
  FunctionEvent,
  FunctionResult,
} from './event.ts';
import { headerRule, isHeaderValue } from './header-rules.ts';
import type { FunctionLimits } from './limits.ts';
import { fitsTarget } from './query-text.ts';
import {
  Budget,
  COOKIES,
  Fault,
  HEADERS,
  PARAMETERS,
  readFields,
  readResponseCookies,
  record,
} from './result-fields.ts';

export function readResult(json: string, event: FunctionEvent, limits: FunctionLimits): FunctionResult {
  try {
    return checked(record(JSON.parse(json), 'the result'), event, new Budget(limits));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { kind: 'failed', reason: 'invalid', message: error.message };
  }
}

function checked(value: Record<string, unknown>, event: FunctionEvent, budget: Budget): FunctionResult {
  if ('statusCode' in value)
    return { kind: 'response', response: readResponse(value, event.response, budget) };
  if (event.context.eventType === 'viewer-response') throw new Fault('a viewer-response returns a response');
  return { kind: 'request', request: readRequest(value, event.request, budget) };
}

function readRequest(value: Record<string, unknown>, original: EventRequest, budget: Budget): EventRequest {
  if (value.method !== original.method) throw new Fault('the method may not be changed');
  const uri = readUri(value.uri);
  const querystring = readFields(value.querystring, PARAMETERS, budget);
  if (!fitsTarget(uri, querystring, budget.limits.targetBytesMax))
    throw new Fault(`uri and querystring have at most ${budget.limits.targetBytesMax} bytes`);
  return {
    method: original.method,
    uri,
    querystring,
    headers: readHeaders(value.headers, original.headers, 'viewer-request', budget),
    cookies: readFields(value.cookies, COOKIES, budget),
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
  const changed = original !== undefined && body === undefined && status !== original.statusCode;
  if (changed && (status === 206 || (original.statusCode === 206 && status < 300)))
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
  const headers = readFields(value, HEADERS, budget);
  for (const name of Object.keys(headers)) {
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

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

function readBody(value: unknown, { limits }: Budget): EventBody | undefined {
  if (value === undefined || value === null) return undefined;
  const { encoding = 'text', data } = typeof value === 'string' ? { data: value } : record(value, 'body');
  if (encoding !== 'text' && encoding !== 'base64')
    throw new Fault('the encoding of a body is text or base64');
  if (typeof data !== 'string') throw new Fault('the data of a body is a text');
  if (encoding === 'base64' && !BASE64.test(data)) throw new Fault('the body is not base64');
  const bytes = encoding === 'text' ? Buffer.byteLength(data) : Buffer.byteLength(data, 'base64');
  if (bytes > limits.bodyBytesMax) throw new Fault(`a body has at most ${limits.bodyBytesMax} bytes`);
  return { encoding, data };
}

/** A path as a request line may carry it: no space, no query, no fragment, nothing that some servers read as a slash. */
const URI = /^\/[!$%&'()*+,\-./:;=@\w~[\]^`{|}]*$/;

function readUri(value: unknown): string {
  if (typeof value !== 'string' || !URI.test(value))
    throw new Fault('uri starts with / and holds visible ASCII without ?, #, ", <, > and backslash');
  return value;
}

function sameField(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  return JSON.stringify(valuesOf(a)) === JSON.stringify(valuesOf(b));
}

function valuesOf(field: FieldValue | undefined): Array<string | undefined> {
  return field?.multiValue?.map(({ value }) => value) ?? [field?.value];
}
