/**
 * One request to the origin of a site and what came of it: a copy confirmed by a 304, or a response whose body any
 * number of viewers may follow while it is stored. It decides what is kept; it knows nothing of replies.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../../platform/clock.ts';
import { newId } from '../../../platform/ids.ts';
import { SLICE_BYTES, WHOLE_BYTES_MAX } from '../config.ts';
import { asEdgeFailure, EdgeFailure } from '../failure.ts';
import { endToEnd, type Fields, fieldOf, fieldsFromRaw } from '../fields.ts';
import { readPolicy, type SitePolicy, updatedFields } from './cache-policy.ts';
import { SharedStream, type StreamReader } from './shared-stream.ts';
import type { SiteCall } from './site-call.ts';
import type { SiteLinks } from './site-link.ts';
import type { SiteStore, StoredMeta, StoredResponse } from './site-store.ts';

export type Arrival =
  | { readonly kind: 'confirmed'; readonly copy: StoredResponse }
  | {
      readonly kind: 'response';
      readonly status: number;
      readonly fields: Fields;
      readonly meta: StoredMeta;
      readonly vary: SitePolicy['vary'];
      readonly stream: SharedStream;
      /** The place of the viewer who caused the fetch. */
      readonly reader: StreamReader;
      /** Resolves when the body has ended in whatever way and what is to be kept of it is kept. */
      readonly settled: Promise<void>;
      /** Undefined when the origin told none. */
      readonly length: number | undefined;
    };

export type FetchDeps = {
  links: SiteLinks;
  store: SiteStore;
  clock: Clock;
  /** How long a body may pause, in milliseconds. */
  idleMs: number;
};

export type FetchPlan = {
  readonly call: SiteCall;
  readonly primary: string;
  /** The stale copy that a 304 would confirm. */
  readonly copy: StoredResponse | undefined;
  /** Whether a response with these fields may be stored; else it is passed through. */
  mayStore(policy: SitePolicy, fields: Fields): boolean;
  /** Whether what comes may still be stored: false when it was invalidated meanwhile. */
  isCurrent(): boolean;
};

/** Conditions and ranges of the viewer are judged here, against what is stored. */
const OWN_CONDITIONS: ReadonlySet<string> = new Set([
  'if-none-match',
  'if-modified-since',
  'if-match',
  'if-unmodified-since',
  'content-length',
]);
/** Spoken between an origin and its caches. */
const NOT_FOR_VIEWERS: ReadonlySet<string> = new Set(['surrogate-control', 'age', 'content-length']);
const NO_BYTES = Buffer.alloc(0);

/** Rejects with EdgeFailure when there is no response. */
export async function fetchFromSite(deps: FetchDeps, plan: FetchPlan): Promise<Arrival> {
  const { call, copy } = plan;
  const requestMs = deps.clock.now();
  const isRead = call.method === 'GET' || call.method === 'HEAD';
  const reply = await deps.links.send(call.site.name, call.behavior.origins, {
    method: call.method,
    target: call.target,
    host: call.host,
    fields: isRead
      ? readFields(call.fields, copy)
      : call.fields.filter(([name]) => name !== 'content-length'),
    body: call.body,
    interim: call.interim,
  });
  const times = { requestMs, responseMs: deps.clock.now() };
  const status = reply.statusCode ?? 502;
  const all = endToEnd(fieldsFromRaw(reply.rawHeaders));
  const request = { hasAuthorization: fieldOf(call.fields, 'authorization') !== undefined };
  if (copy && (status === 304 || (call.method === 'HEAD' && status === 200 && isOfCopy(all, copy)))) {
    reply.resume();
    const fields = updatedFields(copy.meta.headers, all);
    const policy = readPolicy(request, copy.meta.status, fields, times);
    const meta = describe(copy.meta.status, fields, policy, requestMs, copy.meta.size, copy.meta);
    if (plan.isCurrent()) await deps.store.put(plan.primary, call.fields, meta, copy.body);
    return { kind: 'confirmed', copy: { meta, body: copy.body, source: copy.source } };
  }
  const part = status === 206 ? partOf(all) : undefined;
  const policy = readPolicy(request, part ? 200 : status, all, times);
  const isTold = (name: string) =>
    !NOT_FOR_VIEWERS.has(name) || (call.method === 'HEAD' && name === 'content-length');
  const fields = all.filter(([name]) => isTold(name));
  const length = lengthOf(reply, call.method);
  const stored = describe(status, fields, policy, requestMs, length ?? 0, undefined, part);
  const storable =
    plan.mayStore(policy, all) && stored.freshness.storable && (status !== 206 || part !== undefined);
  const meta = { ...stored, freshness: { ...stored.freshness, storable } };
  const stream = new SharedStream({ keepBytes: WHOLE_BYTES_MAX, aheadBytes: SLICE_BYTES });
  const reader = stream.read();
  if (!storable || (length ?? 0) > WHOLE_BYTES_MAX) stream.letGo();
  const done = pump(reply, stream, deps.idleMs);
  const keep = (kept: StoredMeta, body: Buffer) =>
    plan.isCurrent() ? deps.store.put(plan.primary, call.fields, kept, body) : undefined;
  const total = part?.total ?? length ?? 0;
  const isSliced = storable && total > WHOLE_BYTES_MAX && isSliceable(fields, policy, part !== undefined);
  // A large object is known from its head on, so that its slices can be asked for meanwhile.
  if (isSliced) await keep(slicedMeta(fields, policy, requestMs, total), NO_BYTES);
  const settled = done.then(async () => {
    const body = storable && !isSliced ? stream.whole() : undefined;
    if (body) await keep({ ...meta, size: part?.total ?? body.length }, body);
  });
  return { kind: 'response', status, fields, meta, vary: policy.vary, stream, reader, settled, length };
}

function slicedMeta(fields: Fields, policy: SitePolicy, fetchedMs: number, total: number): StoredMeta {
  const whole = fields.filter(([name]) => name !== 'content-range');
  return { ...describe(200, whole, policy, fetchedMs, total, undefined), sliced: true };
}

/** Whether what a HEAD was answered is about the stored response (RFC 9111 section 4.3.5). */
function isOfCopy(fields: Fields, { meta, body }: StoredResponse): boolean {
  const length = fieldOf(fields, 'content-length');
  return (
    (fieldOf(fields, 'etag') ?? meta.etag) === meta.etag &&
    (fieldOf(fields, 'last-modified') ?? meta.lastModified) === meta.lastModified &&
    (length === undefined || Number(length) === (meta.sliced ? meta.size : body.length))
  );
}

/** What the origin is told for a read: the viewer's fields, with our conditions in place of theirs. */
function readFields(fields: Fields, copy: StoredResponse | undefined): Fields {
  const isOurs = (name: string) =>
    OWN_CONDITIONS.has(name) || (copy !== undefined && (name === 'range' || name === 'if-range'));
  const passed = fields.filter(([name]) => !isOurs(name));
  if (!copy) return passed;
  const conditions: Array<readonly [string, string]> = [];
  if (copy.meta.etag !== '') conditions.push(['if-none-match', copy.meta.etag]);
  if (copy.meta.lastModified !== '') conditions.push(['if-modified-since', copy.meta.lastModified]);
  return [...passed, ...conditions];
}

function describe(
  status: number,
  fields: Fields,
  policy: SitePolicy,
  fetchedMs: number,
  size: number,
  before: StoredMeta | undefined,
  part?: { start: number; total: number },
): StoredMeta {
  const withheld = new Set(policy.withheld);
  return {
    status,
    size,
    sliced: before?.sliced ?? false,
    etag: fieldOf(fields, 'etag') ?? '',
    lastModified: fieldOf(fields, 'last-modified') ?? '',
    headers: fields.filter(([name]) => !withheld.has(name) && !NOT_FOR_VIEWERS.has(name)),
    freshness: policy.freshness,
    fetchedMs,
    site: {
      vary: policy.vary === 'any' ? [] : policy.vary,
      generation: newId(),
      errorUntilMs: policy.errorUntilMs,
      ...(part ? { part } : before?.site.part ? { part: before.site.part } : {}),
    },
  };
}

/** Slices of one version must be told from those of another, and one request must stand for all. */
function isSliceable(fields: Fields, policy: SitePolicy, isPart: boolean): boolean {
  const strong = (fieldOf(fields, 'etag') ?? '').startsWith('"');
  const ranges = isPart || (fieldOf(fields, 'accept-ranges') ?? '').toLowerCase() === 'bytes';
  return strong && ranges && policy.vary.length === 0 && fieldOf(fields, 'content-encoding') === undefined;
}

function partOf(fields: Fields): { start: number; total: number } | undefined {
  const match = /^bytes ([0-9]{1,15})-[0-9]{1,15}\/([0-9]{1,15})$/.exec(
    fieldOf(fields, 'content-range') ?? '',
  );
  return match ? { start: Number(match[1]), total: Number(match[2]) } : undefined;
}

function lengthOf(reply: IncomingMessage, method: string): number | undefined {
  if (method === 'HEAD' || reply.statusCode === 204 || reply.statusCode === 304) return 0;
  const text = reply.headers['content-length'];
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Fills the stream from the reply at the pace of its readers; never rejects. */
async function pump(reply: IncomingMessage, stream: SharedStream, idleMs: number): Promise<void> {
  const late = () => reply.destroy(new EdgeFailure('late', 'the origin stopped sending'));
  const idle = setTimeout(late, idleMs);
  try {
    for await (const chunk of reply) {
      idle.refresh();
      const room = stream.append(chunk as Buffer);
      if (stream.isForNobody) break;
      clearTimeout(idle);
      await room;
      idle.refresh();
      if (stream.isForNobody) break;
    }
    if (reply.complete) stream.end();
    else stream.fail(new EdgeFailure('broken', 'the origin sent less than it said'));
  } catch (error) {
    stream.fail(asEdgeFailure(error));
  } finally {
    clearTimeout(idle);
    reply.destroy();
  }
}
