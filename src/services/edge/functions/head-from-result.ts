/**
 * Turns a checked result back into raw heads. What a function left as it was stays byte for byte; headers that functions do
 * not see go on as they came. Framing of a body that a function gave is the edge's to write. Pure.
 */
import { STATUS_CODES } from 'node:http';
import type { EventRequest, EventResponse, Fields, FunctionEvent, HeaderList } from './event.ts';
import { type RequestHeadParts, type ResponseHeadParts, splitTarget } from './event-from-head.ts';
import { headerRule } from './header-rules.ts';
import { queryOf } from './query-text.ts';

export type ResponseFromResult = ResponseHeadParts & {
  /** The body that replaces the response's own; undefined when that one stays. */
  body: Buffer | undefined;
};

/** What says how the bytes of a body are to be read; with another body it is no longer true. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'transfer-encoding',
]);

export function requestFromResult(
  original: RequestHeadParts,
  event: FunctionEvent,
  request: EventRequest,
): RequestHeadParts {
  const before = event.request;
  const { query } = splitTarget(original.target);
  const kept = same(request.querystring, before.querystring);
  const parameters = kept ? query : queryOf(request.querystring);
  const headers =
    same(request.headers, before.headers) && same(request.cookies, before.cookies)
      ? original.headers
      : requestHeaders(original.headers, request);
  return {
    method: original.method,
    target: parameters === '' ? request.uri : `${request.uri}?${parameters}`,
    headers,
  };
}

/** For a response that the function changed `original` is the one it got; without it the function made it by itself. */
export function responseFromResult(
  response: EventResponse,
  original?: ResponseHeadParts,
): ResponseFromResult {
  const { statusCode: status, statusDescription } = response;
  const given = bodyOf(response, original === undefined);
  const headers: Array<readonly [string, string]> = [...hiddenOf(original?.headers ?? [], 'viewer-response')];
  pushFields(headers, response.headers);
  for (const [name, cookie] of Object.entries(response.cookies)) {
    for (const { value, attributes } of cookie.multiValue ?? [cookie])
      headers.push(['set-cookie', attributes ? `${name}=${value}; ${attributes}` : `${name}=${value}`]);
  }
  return {
    status,
    statusText: statusDescription || STATUS_CODES[status] || '',
    headers: original && given ? headers.filter(([name]) => !OF_THE_BODY.has(name)) : headers,
    body: given,
  };
}

function bodyOf({ statusCode, body }: EventResponse, generated: boolean): Buffer | undefined {
  if (statusCode === 204 || statusCode === 304) return Buffer.alloc(0);
  if (body === undefined) return generated ? Buffer.alloc(0) : undefined;
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.from(body.data, body.encoding === 'base64' ? 'base64' : 'utf8');
}

function requestHeaders(original: HeaderList, request: EventRequest): HeaderList {
  const headers: Array<readonly [string, string]> = [...hiddenOf(original, 'viewer-request')];
  pushFields(headers, request.headers);
  const cookies = Object.entries(request.cookies).flatMap(([name, field]) =>
    valuesOf(field).map((value) => `${name}=${value}`),
  );
  if (cookies.length > 0) headers.push(['cookie', cookies.join('; ')]);
  return headers;
}

function* hiddenOf(
  headers: HeaderList,
  kind: 'viewer-request' | 'viewer-response',
): Generator<readonly [string, string]> {
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (headerRule(lower, kind) === 'hidden') yield [lower, value];
  }
}

function pushFields(headers: Array<readonly [string, string]>, fields: Fields): void {
  for (const [name, field] of Object.entries(fields))
    for (const value of valuesOf(field)) headers.push([name, value]);
}

function valuesOf(field: Fields[string]): string[] {
  return field.multiValue?.map(({ value }) => value) ?? [field.value];
}

/** Both are made of texts only and in the order of their making, so that equal ones print alike. */
function same(a: Fields, b: Fields): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
