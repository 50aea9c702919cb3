/**
 * Answers requests to sites from copies and origins by the rules of HTTP caching: fresh copies at once, stale ones
 * as far as the origin allows, one fetch for any number of viewers who miss at once, and none of them waiting
 * longer than it takes to learn that a response is not for all. It knows nothing of connections.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { putLast } from '../bounded-map.ts';
import { asEdgeFailure, EdgeFailure } from '../failure.ts';
import { type Fields, fieldOf } from '../fields.ts';
import { type SitePolicy, variantOf } from './cache-policy.ts';
import type { StreamReader } from './shared-stream.ts';
import { primaryKey, type SiteCall } from './site-call.ts';
import { type Arrival, type FetchPlan, fetchFromSite } from './site-fetch.ts';
import type { SiteLinks } from './site-link.ts';
import type { SiteStore, StoredResponse } from './site-store.ts';

/** How a response was come by; `pass` means that the cache had no part in it. */
export type SiteSource = 'memory' | 'disk' | 'stale' | 'revalidated' | 'miss' | 'collapsed' | 'pass';

export type SiteAnswer =
  | { readonly kind: 'copy'; readonly copy: StoredResponse; readonly source: SiteSource }
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly fields: Fields;
      readonly meta: StoredResponse['meta'];
      readonly reader: StreamReader;
      readonly length: number | undefined;
      readonly source: SiteSource;
    };

export type SiteCacheDeps = {
  store: SiteStore;
  links: SiteLinks;
  clock: Clock;
  log: Log;
  /** Between two pieces of a body from an origin. */
  idleMs: number;
  /** How long a viewer waits for the origin while a copy that may be used is at hand. */
  staleWaitMs: number;
  /** How long it is remembered that a response is not for all, so that nobody waits to learn it again. */
  privateMs: number;
  privateMax: number;
};

type Flight = {
  readonly arrival: Promise<Arrival>;
  readonly request: Fields;
  readonly primary: string;
  isCurrent: boolean;
};

export class SiteCache {
  readonly #deps: SiteCacheDeps;
  readonly #flights = new Map<string, Flight>();
  /** Names whose last response was not for all, and until when that is believed. */
  readonly #private = new Map<string, number>();

  constructor(deps: SiteCacheDeps) {
    this.#deps = deps;
  }

  /** Rejects with EdgeFailure when there is nothing to answer with. */
  async answer(call: SiteCall): Promise<SiteAnswer> {
    const primary = primaryKey(call.site.name, call.host, call.target);
    if (call.method !== 'GET' && call.method !== 'HEAD') return this.#write(call, primary);
    const { store, clock } = this.#deps;
    const { found } = await store.find(primary, call.fields);
    if (!found || !serves(found, call)) return this.#miss(call, primary);
    const nowMs = clock.now();
    const { freshUntilMs, refreshUntilMs } = found.meta.freshness;
    if (nowMs < freshUntilMs) return { kind: 'copy', copy: found, source: found.source };
    if (nowMs < refreshUntilMs) {
      this.#refreshQuietly(call, primary, found);
      return { kind: 'copy', copy: found, source: 'stale' };
    }
    if (call.method === 'HEAD') return this.#head(call, primary, found);
    return this.#refreshOrStale(call, primary, found);
  }

  /** Drops what is kept under a name, and what is on its way to be kept there. */
  invalidate(primary: string): void {
    this.#deps.store.delete(primary);
    for (const flight of this.#flights.values()) if (flight.primary === primary) flight.isCurrent = false;
  }

  /** Keeps nothing of what is on its way that the test holds for. */
  outdate(holds: (key: string) => boolean): void {
    for (const [name, flight] of this.#flights) {
      if (!holds(flight.primary)) continue;
      flight.isCurrent = false;
      this.#flights.delete(name);
    }
  }

  async #miss(call: SiteCall, primary: string): Promise<SiteAnswer> {
    if (call.method === 'HEAD') return this.#pass(call, primary);
    const isPrivate = (this.#private.get(primary) ?? 0) > this.#deps.clock.now();
    if (isPrivate) return this.#fetch(call, primary, undefined, 'pass');
    for (let tries = 1; ; tries++) {
      const name = `${primary}\n${call.range}\n${fieldOf(call.fields, 'if-range') ?? ''}`;
      const running = this.#flights.get(name);
      if (!running) return this.#lead(name, call, primary, undefined);
      try {
        const joined = await this.#join(running, call, primary);
        if (joined) return joined;
        // What came is not for this request: it asks for itself.
        return this.#fetch(call, primary, undefined, 'miss');
      } catch (error) {
        const failure = asEdgeFailure(error);
        if (tries > 1 || !failure.mayPass) throw failure;
      }
    }
  }

  /** The answer of a fetch that another viewer caused, when it is for this request too. */
  async #join(flight: Flight, call: SiteCall, primary: string): Promise<SiteAnswer | undefined> {
    const arrival = await flight.arrival;
    if (arrival.kind === 'confirmed') return { kind: 'copy', copy: arrival.copy, source: 'collapsed' };
    const { meta, stream, vary } = arrival;
    if (!meta.freshness.storable || vary === 'any' || !flight.isCurrent) return undefined;
    if (variantOf(vary, flight.request) !== variantOf(vary, call.fields)) return undefined;
    if (stream.isKept) return streamAnswer(arrival, stream.read(), 'collapsed');
    const { found } = await this.#deps.store.find(primary, call.fields);
    return found && serves(found, call) ? { kind: 'copy', copy: found, source: 'collapsed' } : undefined;
  }

  async #lead(
    name: string,
    call: SiteCall,
    primary: string,
    copy: StoredResponse | undefined,
  ): Promise<SiteAnswer> {
    const flight: Flight = {
      request: call.fields,
      primary,
      isCurrent: true,
      arrival: this.#ask(call, primary, copy, () => flight.isCurrent),
    };
    this.#flights.set(name, flight);
    const clear = () => {
      if (this.#flights.get(name) === flight) this.#flights.delete(name);
    };
    try {
      const arrival = await flight.arrival;
      if (arrival.kind === 'confirmed') {
        clear();
        return { kind: 'copy', copy: arrival.copy, source: 'revalidated' };
      }
      this.#learn(primary, arrival);
      // Followers may join until the body has ended, and from then on there is a copy.
      void arrival.settled.then(clear);
      if (!arrival.meta.freshness.storable) clear();
      return streamAnswer(arrival, arrival.reader, 'miss');
    } catch (error) {
      clear();
      throw error;
    }
  }

  /** A response for this request alone; it may still be stored. */
  async #fetch(
    call: SiteCall,
    primary: string,
    copy: StoredResponse | undefined,
    source: SiteSource,
  ): Promise<SiteAnswer> {
    const arrival = await this.#ask(call, primary, copy, () => true);
    if (arrival.kind === 'confirmed') return { kind: 'copy', copy: arrival.copy, source: 'revalidated' };
    this.#learn(primary, arrival);
    return streamAnswer(arrival, arrival.reader, source);
  }

  #ask(
    call: SiteCall,
    primary: string,
    copy: StoredResponse | undefined,
    isCurrent: () => boolean,
  ): Promise<Arrival> {
    const mayStore = () => call.method === 'GET';
    return fetchFromSite(this.#deps, { call, primary, copy, mayStore, isCurrent });
  }

  #learn(primary: string, arrival: Arrival & { kind: 'response' }): void {
    const { privateMs, privateMax, clock } = this.#deps;
    if (arrival.meta.freshness.storable || arrival.status >= 500) this.#private.delete(primary);
    else putLast(this.#private, primary, clock.now() + privateMs, privateMax);
  }

  #refreshQuietly(call: SiteCall, primary: string, copy: StoredResponse): void {
    this.#refresh({ ...call, method: 'GET' }, primary, copy).then(
      (answer) => answer.kind === 'stream' && answer.reader.close(),
      (error: unknown) => {
        this.#deps.log.debug('a copy could not be refreshed', { why: asEdgeFailure(error).message });
      },
    );
  }

  async #refresh(call: SiteCall, primary: string, copy: StoredResponse): Promise<SiteAnswer> {
    const name = `${primary}\n${variantOf(copy.meta.site.vary, call.fields)}\nrefresh`;
    const running = this.#flights.get(name);
    if (!running) return this.#lead(name, call, primary, copy);
    return (await this.#join(running, call, primary)) ?? this.#fetch(call, primary, copy, 'miss');
  }

  /** Asks the origin anew, and falls back on the copy as far as the origin allowed that. */
  async #refreshOrStale(call: SiteCall, primary: string, copy: StoredResponse): Promise<SiteAnswer> {
    const { clock, links, staleWaitMs, log } = this.#deps;
    const { meta } = copy;
    const stale: SiteAnswer = { kind: 'copy', copy, source: 'stale' };
    const nowMs = clock.now();
    const mayStandIn = nowMs < meta.freshness.staleUntilMs;
    if (mayStandIn && links.areAway(call.site.name, call.behavior.origins)) {
      this.#refreshQuietly(call, primary, copy);
      return stale;
    }
    const limit = new AbortController();
    const asked = this.#refresh(call, primary, copy);
    try {
      const answer = mayStandIn
        ? await Promise.race([asked, clock.sleep(staleWaitMs, limit.signal).catch(() => undefined)])
        : await asked;
      if (!answer) {
        links.suspect(call.site.name, call.behavior.origins);
        asked.then(closeAnswer, () => undefined);
        return stale;
      }
      if (answer.kind === 'stream' && answer.status >= 500 && nowMs < meta.site.errorUntilMs) {
        answer.reader.close();
        return stale;
      }
      return answer;
    } catch (error) {
      if (!mayStandIn) throw error;
      log.debug('the origin failed; a stale copy is served', { why: asEdgeFailure(error).message });
      return stale;
    } finally {
      limit.abort();
    }
  }

  /** A HEAD for a copy that is stale: the answer freshens the copy or ends it (RFC 9111 section 4.3.5). */
  async #head(call: SiteCall, primary: string, copy: StoredResponse): Promise<SiteAnswer> {
    const plan = { call, primary, copy, mayStore: () => false, isCurrent: () => true };
    const arrival = await fetchFromSite(this.#deps, plan);
    if (arrival.kind === 'confirmed') return { kind: 'copy', copy: arrival.copy, source: 'revalidated' };
    if (arrival.status < 500) this.invalidate(primary);
    return streamAnswer(arrival, arrival.reader, 'pass');
  }

  async #pass(call: SiteCall, primary: string, mayStore: FetchPlan['mayStore'] = () => false) {
    const plan = { call, primary, copy: undefined, mayStore, isCurrent: () => true };
    const arrival = await fetchFromSite(this.#deps, plan);
    if (arrival.kind === 'confirmed') throw new EdgeFailure('refused', 'the origin answered 304 unasked');
    return streamAnswer(arrival, arrival.reader, 'pass');
  }

  /** Anything but a read goes through, and what it changed is forgotten (RFC 9111 section 4.4). */
  async #write(call: SiteCall, primary: string): Promise<SiteAnswer> {
    // The answer to a POST may be the resource itself (RFC 9110 section 9.3.3).
    const isItself = ({ hasLife }: SitePolicy, fields: Fields) =>
      call.method === 'POST' &&
      hasLife &&
      sameHostTarget(fieldOf(fields, 'content-location'), call) === call.target;
    const answer = await this.#pass(call, primary, isItself);
    const isSafe = call.method === 'OPTIONS' || call.method === 'TRACE';
    if (answer.kind !== 'stream' || isSafe || answer.status >= 400) return answer;
    this.invalidate(primary);
    for (const name of ['location', 'content-location']) {
      const target = sameHostTarget(fieldOf(answer.fields, name), call);
      if (target !== undefined) this.invalidate(primaryKey(call.site.name, call.host, target));
    }
    return answer;
  }
}

/** Whether a stored part holds the range that is asked for; whole responses serve any. */
function serves({ meta, body }: StoredResponse, call: SiteCall): boolean {
  const { part } = meta.site;
  if (!part) return true;
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(call.range);
  if (!match) return false;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return false;
  const start = first === '' ? part.total - Number(last) : Number(first);
  const end = first === '' || last === '' ? part.total - 1 : Math.min(Number(last), part.total - 1);
  return start >= part.start && end < part.start + body.length && start <= end;
}

function streamAnswer(
  arrival: Arrival & { kind: 'response' },
  reader: StreamReader,
  source: SiteSource,
): SiteAnswer {
  const { status, fields, meta, length } = arrival;
  return { kind: 'stream', status, fields, meta, reader, length, source };
}

function closeAnswer(answer: SiteAnswer): void {
  if (answer.kind === 'stream') answer.reader.close();
}

/** The target of a URL on the host that was asked, resolved against what was asked for. */
function sameHostTarget(reference: string | undefined, call: SiteCall): string | undefined {
  if (reference === undefined) return undefined;
  const base = `http://${call.host}`;
  if (!URL.canParse(reference, base + call.asked)) return undefined;
  const url = new URL(reference, base + call.asked);
  return url.host === new URL(base).host ? url.pathname + url.search : undefined;
}
