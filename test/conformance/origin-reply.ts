/**
 * Renders what a step says as the bytes of a reply, odd fields included: nothing is checked, sorted or joined. It
 * decides on 304 and on ranges, and on nothing else.
 */
import type { CaseResponse } from './case.ts';
import { type CaseRun, defaultBody, sentIn, stepOf } from './case-run.ts';
import { renderLines, type ValueContext } from './field-values.ts';
import type { WireRequest } from './wire.ts';

export type OriginReply = {
  status: number;
  /** Whole interim responses that go before. */
  interim: string;
  head: string;
  body: string;
  sent: ReadonlyMap<string, string>;
};

/** Tells which step a response was made for: a reply from the store bears the number of an earlier one. */
export const STEP_FIELD = 'Conformance-Step';
/** Counts what the origin was asked on the path of a case. */
export const SERIAL_FIELD = 'Conformance-Serial';

export function renderReply(
  run: CaseRun,
  request: WireRequest,
  nowMs: number,
  serial: number,
): OriginReply | undefined {
  const step = stepOf(run, run.step);
  if (step === undefined) return undefined;
  const response = step.response ?? {};
  const context: ValueContext = { nowMs, path: run.path, sentIn: (at, name) => sentIn(run, at, name) };
  const part = chosenPart(run, request, response);
  const lines: Array<[string, string]> = [
    [STEP_FIELD, String(run.step)],
    [SERIAL_FIELD, String(serial)],
    ...renderLines(response.headers ?? [], context),
    ...part.lines,
    ...(response.ranges ? [['Accept-Ranges', 'bytes'] as [string, string]] : []),
  ];
  const named = new Set(lines.map(([name]) => name.toLowerCase()));
  if (!named.has('date') && !response.withoutDate)
    lines.push(...renderLines([['Date', { secondsFromNow: 0 }]], context));
  if (!named.has('content-type') && part.body !== undefined) lines.push(['Content-Type', 'text/plain']);
  const chunked = named.has('transfer-encoding');
  if (!named.has('content-length') && !chunked && part.body !== undefined)
    lines.push(['Content-Length', String(Buffer.byteLength(part.body, 'latin1'))]);
  const body = request.method === 'HEAD' ? '' : (part.body ?? '');
  return {
    status: part.status,
    interim: (response.interim ?? [])
      .map(({ status, headers }) => renderHead(status, renderLines(headers, context)))
      .join(''),
    head: renderHead(part.status, lines),
    body: chunked && body !== '' ? inChunks(body) : body,
    sent: joined(lines),
  };
}

type Part = { status: number; body: string | undefined; lines: Array<[string, string]> };

function chosenPart(run: CaseRun, request: WireRequest, response: CaseResponse): Part {
  const tagged = response.notModifiedFor;
  if (tagged !== undefined && request.headers.get('if-none-match') === tagged)
    return { status: 304, body: undefined, lines: [] };
  if (isValidated(run, request)) return { status: 304, body: undefined, lines: [] };
  const status = response.status ?? 200;
  if (status === 204) return { status, body: undefined, lines: [] };
  const body = response.body ?? defaultBody(run);
  const range = response.ranges ? singleRange(request.headers.get('range'), body.length) : undefined;
  if (range === undefined) return { status, body, lines: [] };
  const [first, last] = range;
  return {
    status: 206,
    body: body.slice(first, last + 1),
    lines: [['Content-Range', `bytes ${first}-${last}/${body.length}`]],
  };
}

/** Whether the step wants a validation, and the request is one for what the step before it sent. */
function isValidated(run: CaseRun, { headers }: WireRequest): boolean {
  const expected = stepOf(run, run.step)?.expect;
  const [condition, validator] =
    expected === 'etag_validated'
      ? (['if-none-match', 'etag'] as const)
      : (['if-modified-since', 'last-modified'] as const);
  if (expected !== 'etag_validated' && expected !== 'lm_validated') return false;
  const asked = headers.get(condition);
  if (asked === undefined) return false;
  return Array.from({ length: run.step - 1 }, (_, at) => sentIn(run, at + 1, validator)).includes(asked);
}

/** RFC 9110, section 14.1.2, for one range that lies within the body. */
function singleRange(value: string | undefined, length: number): [number, number] | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(value ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return [Math.max(0, length - Number(last)), length - 1];
  return [Number(first), last === '' ? length - 1 : Math.min(Number(last), length - 1)];
}

function renderHead(status: number, lines: ReadonlyArray<readonly [string, string]>): string {
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Unnamed'}\r\n${fields}\r\n`;
}

/** Two chunks, so that a cache that loses the framing is found out. */
function inChunks(body: string): string {
  const middle = Math.ceil(body.length / 2);
  const chunks = [body.slice(0, middle), body.slice(middle)].filter((chunk) => chunk !== '');
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;
}

function joined(lines: ReadonlyArray<readonly [string, string]>): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const before = fields.get(key);
    fields.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

/** Phrases that a cache might look for; others get none of their own. */
const REASONS: Readonly<Record<number, string>> = {
  102: 'Processing',
  103: 'Early Hints',
  200: 'OK',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
