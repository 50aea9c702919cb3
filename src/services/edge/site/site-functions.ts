/**
 * Runs the functions of sites on their requests and replies. What a function returns was checked by its sandbox; here it
 * becomes a request to the cache, or the head of a reply. It knows no cache.
 */
import { STATUS_CODES } from 'node:http';
import type { Behavior, Site } from '../../../contracts/sites.ts';
import type { Clock } from '../../../platform/clock.ts';
import { newId } from '../../../platform/ids.ts';
import type { Log } from '../../../platform/log.ts';
import type { Fields } from '../fields.ts';
import { type EdgeFunctions, type FunctionCost, openEdgeFunctions } from '../functions/edge-functions.ts';
import type { FunctionEvent } from '../functions/event.ts';
import { type EventOptions, eventFromHead } from '../functions/event-from-head.ts';
import {
  type ResponseFromResult,
  requestFromResult,
  responseFromResult,
} from '../functions/head-from-result.ts';
import { KeyValueStore } from '../functions/key-value-store.ts';
import type { Reply } from '../object-reply.ts';
import type { ConnectionField } from '../reply.ts';
import type { SiteRequest } from './sites.ts';

export type RequestVerdict =
  | { readonly kind: 'request'; readonly target: string; readonly fields: Fields }
  | { readonly kind: 'response'; readonly response: ResponseFromResult }
  | { readonly kind: 'failed'; readonly reason: string };

export class SiteFunctions {
  readonly #functions: EdgeFunctions | undefined;

  private constructor(functions: EdgeFunctions | undefined) {
    this.#functions = functions;
  }

  /** Loads every function. Rejects with MatineeError for one that is wrong. */
  static async open(sites: readonly Site[], clock: Clock, log: Log): Promise<SiteFunctions> {
    if (sites.every(({ functions }) => functions.length === 0)) return new SiteFunctions(undefined);
    const functions = await openEdgeFunctions({ clock, log });
    for (const site of sites) {
      const kvs = new KeyValueStore(site.name, () => clock.now());
      for (const [key, value] of Object.entries(site.keyValues)) kvs.put(key, value);
      for (const { name, eventType, code, candidate } of site.functions) {
        const full = fullName(site, name);
        await functions.publish({ name: full, stage: 'live', code, eventType, kvs });
        if (!candidate) continue;
        const next = { name: full, stage: 'development', code: candidate.code, eventType, kvs } as const;
        const { version } = await functions.publish(next);
        functions.stagePercent(full, candidate.percent, version);
      }
    }
    return new SiteFunctions(functions);
  }

  /** Undefined when the behaviour has no function for requests. */
  onRequest(
    site: Site,
    behavior: Behavior,
    request: SiteRequest,
    target: string,
  ): RequestVerdict | undefined {
    if (behavior.viewerRequest === undefined || !this.#functions) return undefined;
    const original = { method: request.head.method, target, headers: request.fields };
    const event = eventOf(site, request, original);
    const result = this.#functions.run(fullName(site, behavior.viewerRequest), event, viewerOf(request));
    if (result.kind === 'failed') return { kind: 'failed', reason: result.reason };
    if (result.kind === 'response')
      return { kind: 'response', response: responseFromResult(result.response) };
    const changed = requestFromResult(original, event, result.request);
    return { kind: 'request', target: changed.target, fields: changed.headers };
  }

  /** The reply as the function for replies leaves it; `failed` when it could not. Errors are not shown to it. */
  onReply(
    site: Site,
    behavior: Behavior,
    request: SiteRequest,
    target: string,
    reply: Reply,
    connection: ConnectionField,
  ): Reply | 'failed' {
    if (behavior.viewerResponse === undefined || !this.#functions) return reply;
    const { status, fields, rest } = readHead(reply.head);
    if (status >= 400) return reply;
    const original = { status, statusText: STATUS_CODES[status] ?? '', headers: fields };
    const asked = { method: request.head.method, target, headers: request.fields };
    const event = eventOf(site, request, asked, original);
    const result = this.#functions.run(fullName(site, behavior.viewerResponse), event, viewerOf(request));
    if (result.kind !== 'response') return 'failed';
    const changed = responseFromResult(result.response, original);
    if (changed.body === undefined) {
      const head = headBytes(changed.status, changed.headers, rest);
      return { ...reply, head };
    }
    if (reply.body && 'reader' in reply.body) reply.body.reader.close();
    return madeReply(changed, request.head.method, connection);
  }

  costs(): FunctionCost[] {
    return this.#functions?.costs() ?? [];
  }

  close(): void {
    this.#functions?.close();
  }
}

/** The reply that a function made by itself. */
export function madeReply(response: ResponseFromResult, method: string, connection: ConnectionField): Reply {
  const body = response.body ?? Buffer.alloc(0);
  const lines: Array<readonly [string, string]> = [...response.headers];
  if (response.status !== 204 && response.status !== 304) lines.push(['content-length', String(body.length)]);
  if (connection !== '') lines.push(['connection', connection]);
  const rest = method === 'HEAD' ? Buffer.alloc(0) : body;
  return { head: headBytes(response.status, lines, rest), body: undefined };
}

function fullName(site: Site, name: string): string {
  // Names of sites have no underscore, so that two pairs never make one name.
  return `${site.name}_${name}`.slice(-64);
}

function viewerOf({ visitor, fields }: SiteRequest): string {
  return visitor.key(() => fields);
}

function eventOf(
  site: Site,
  request: SiteRequest,
  asked: EventOptions['request'],
  response?: EventOptions['response'],
): FunctionEvent {
  return eventFromHead({
    distributionDomainName: request.host,
    distributionId: site.name,
    requestId: newId(),
    viewerIp: request.visitor.address(() => request.fields),
    request: asked,
    ...(response ? { response } : {}),
  });
}

function readHead(bytes: Buffer): { status: number; fields: Fields; rest: Buffer } {
  const end = bytes.indexOf('\r\n\r\n');
  const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const fields = lines.map((text): readonly [string, string] => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon), text.slice(colon + 2)];
  });
  return { status: Number(line.slice(9, 12)), fields, rest: bytes.subarray(end + 4) };
}

function headBytes(status: number, fields: Fields, rest: Buffer): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines}\r\n`, 'latin1');
  return rest.length === 0 ? head : Buffer.concat([head, rest]);
}
