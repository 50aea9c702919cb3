/** Makes the event of a request, and of its response, from raw heads. Pure; what it cannot show it leaves out. */
import type {
  CookieValue,
  EventRequest,
  EventResponse,
  EventType,
  Fields,
  FunctionEvent,
  HeaderList,
  ResponseCookies,
} from './event.ts';
import { headerRule } from './header-rules.ts';

export type RequestHeadParts = { method: string; target: string; headers: HeaderList };
export type ResponseHeadParts = { status: number; statusText: string; headers: HeaderList };

export type EventOptions = {
  distributionDomainName: string;
  distributionId: string;
  requestId: string;
  viewerIp: string;
  request: RequestHeadParts;
  /** With it the event is a viewer-response. */
  response?: ResponseHeadParts;
};

export function eventFromHead(options: EventOptions): FunctionEvent {
  const { distributionDomainName, distributionId, requestId, viewerIp, request, response } = options;
  const eventType = response ? 'viewer-response' : 'viewer-request';
  return {
    version: '1.0',
    context: { distributionDomainName, distributionId, eventType, requestId },
    viewer: { ip: viewerIp },
    request: requestOf(request),
    ...(response && { response: responseOf(response) }),
  };
}

/** Path and query of a request target; the authority of an absolute one (RFC 9112 section 3.2.2) goes. */
export function splitTarget(absolute: string): { uri: string; query: string } {
  const target = absolute.startsWith('/') ? absolute : absolute.replace(/^https?:\/\/[^/?]*\/?/i, '/');
  const at = target.indexOf('?');
  return at < 0 ? { uri: target, query: '' } : { uri: target.slice(0, at), query: target.slice(at + 1) };
}

function requestOf({ method, target, headers }: RequestHeadParts): EventRequest {
  const { uri, query } = splitTarget(target);
  return {
    method,
    uri,
    querystring: query === '' ? emptyFields() : parametersOf(query),
    headers: fieldsOf(headers, 'viewer-request'),
    cookies: requestCookies(headers),
  };
}

function responseOf({ status, statusText, headers }: ResponseHeadParts): EventResponse {
  return {
    statusCode: status,
    statusDescription: statusText,
    headers: fieldsOf(headers, 'viewer-response'),
    cookies: responseCookies(headers),
  };
}

function fieldsOf(headers: HeaderList, eventType: EventType): Fields {
  const fields = emptyFields();
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    const rule = headerRule(name, eventType);
    if (rule === 'free' || rule === 'read-only') add(fields, name, value);
  }
  return fields;
}

/** `cookie` fields as RFC 6265 section 5.4 writes them; a piece without `=` is a value without a name and left out. */
function requestCookies(headers: HeaderList): Fields {
  const cookies = emptyFields();
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== 'cookie') continue;
    for (const piece of value.split(';')) {
      const at = piece.indexOf('=');
      const cookie = at < 0 ? '' : piece.slice(0, at).trim();
      if (cookie !== '') add(cookies, cookie, piece.slice(at + 1).trim());
    }
  }
  return cookies;
}

function responseCookies(headers: HeaderList): ResponseCookies {
  const cookies = emptyRecord<ResponseCookies[string]>();
  for (const [name, line] of headers) {
    if (name.toLowerCase() !== 'set-cookie') continue;
    const semicolon = line.indexOf(';');
    const pair = semicolon < 0 ? line : line.slice(0, semicolon);
    const at = pair.indexOf('=');
    const cookie = at < 0 ? '' : pair.slice(0, at).trim();
    if (cookie === '') continue;
    const attributes = semicolon < 0 ? '' : line.slice(semicolon + 1).trim();
    const given: CookieValue = { value: pair.slice(at + 1).trim(), ...(attributes !== '' && { attributes }) };
    const known = cookies[cookie];
    if (!known) cookies[cookie] = given;
    else known.multiValue = [...(known.multiValue ?? [first(known)]), given];
  }
  return cookies;
}

function first({ value, attributes }: CookieValue): CookieValue {
  return { value, ...(attributes !== undefined && { attributes }) };
}

/** Names and values of a query, as they are: a function decodes what it wants to. */
function parametersOf(query: string): Fields {
  const fields = emptyFields();
  for (const piece of query.split('&')) {
    if (piece === '') continue;
    const at = piece.indexOf('=');
    add(fields, at < 0 ? piece : piece.slice(0, at), at < 0 ? '' : piece.slice(at + 1));
  }
  return fields;
}

function add(fields: Fields, name: string, value: string): void {
  const known = fields[name];
  if (!known) fields[name] = { value };
  else if (known.multiValue) known.multiValue.push({ value });
  else known.multiValue = [{ value: known.value }, { value }];
}

/** Without a prototype, so that `__proto__` is a name as any other. */
function emptyRecord<T>(): Record<string, T> {
  return Object.create(null) as Record<string, T>;
}

function emptyFields(): Fields {
  return emptyRecord();
}
