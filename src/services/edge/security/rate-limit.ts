/**
 * Token buckets by key, in constant time a request and within a bound of keys. No bucket is forgotten before it is
 * full again, so that nobody gets a new one by making the table overflow: while it is full, keys that are new share
 * a fixed crowd of buckets. It knows no addresses but by `clientKey`, and time is an argument.
 * Sources: the generic cell rate algorithm (ITU-T I.371), whose one number stands for a token bucket; the crowd is
 * a count-min sketch (Cormode and Muthukrishnan, 2005) of that number.
 */
import { groupsOf, readAddress } from './addresses.ts';

export type RateVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly retryAfterS: number };
export type RateOptions = {
  readonly ratePerS: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Keys that have a bucket of their own. */
  readonly keysMax: number;
  /** Random, so that nobody can choose keys that meet in the crowd. */
  readonly seed: number;
};

const ALLOWED: RateVerdict = { allowed: true };
const CROWD_CELLS = 4096;
const RETRY_AFTER_MAX_S = 3600;

export class RateLimit {
  readonly #keysMax: number;
  readonly #seed: number;
  readonly #intervalMs: number;
  /** How long an empty bucket takes to be full, and one interval of it less: the tolerance. */
  readonly #fillMs: number;
  readonly #toleranceMs: number;
  /** When each bucket is full. A key is in one of both maps; what was asked since the last turn is in `#young`. */
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  #turnMs = Number.NEGATIVE_INFINITY;
  readonly #crowd = new Float64Array(CROWD_CELLS).fill(Number.NEGATIVE_INFINITY);

  constructor({ ratePerS, burst, keysMax, seed }: RateOptions) {
    this.#keysMax = keysMax;
    this.#seed = seed | 0;
    this.#intervalMs = 1000 / ratePerS;
    this.#fillMs = this.#intervalMs * burst;
    this.#toleranceMs = this.#fillMs - this.#intervalMs;
  }

  /** Buckets that are kept. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Takes one request from the key's bucket if there is one. `nowMs` never steps back; a coarse clock will do. */
  take(key: string, nowMs: number): RateVerdict {
    const waitMs = this.waitMs(key, nowMs);
    if (waitMs > 0) return refusal(waitMs);
    this.charge(key, nowMs);
    return ALLOWED;
  }

  /** How long the key's next request would have to wait, without taking anything. */
  waitMs(key: string, nowMs: number): number {
    this.#turn(nowMs);
    const wait = this.#fullAtMs(key) - nowMs - this.#toleranceMs;
    // Sums of intervals are not exact: less than a thousandth of a millisecond is no wait.
    return wait > 0.001 ? wait : 0;
  }

  /** Takes one request, whether there is one or not. */
  charge(key: string, nowMs: number): void {
    this.#turn(nowMs);
    const fullAtMs = Math.max(this.#fullAtMs(key), nowMs) + this.#intervalMs;
    const known = this.#young.has(key) || this.#old.delete(key);
    if (known || this.size < this.#keysMax) this.#young.set(key, fullAtMs);
    else {
      for (const cell of this.#cells(key)) {
        if ((this.#crowd[cell] as number) < fullAtMs) this.#crowd[cell] = fullAtMs;
      }
    }
  }

  /** A key that leaves the crowd takes along what it used there. */
  #fullAtMs(key: string): number {
    const own = this.#young.get(key) ?? this.#old.get(key);
    if (own !== undefined) return own;
    const [first, second] = this.#cells(key);
    return Math.min(this.#crowd[first] as number, this.#crowd[second] as number);
  }

  /**
   * What was not charged for as long as an empty bucket takes to fill is full, which is what a new one is. A turn
   * drops all those at once, so that no request pays for a search.
   */
  #turn(nowMs: number): void {
    if (nowMs - this.#turnMs < this.#fillMs) return;
    this.#old = nowMs - this.#turnMs < 2 * this.#fillMs ? this.#young : new Map();
    this.#young = new Map();
    this.#turnMs = nowMs;
  }

  #cells(key: string): readonly [number, number] {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    const first = mixed(hash);
    return [first % CROWD_CELLS, mixed(first ^ this.#seed ^ 0x5bd1e995) % CROWD_CELLS];
  }
}

/** One limit for each client address and one for each token; a request that one refuses costs nothing in the other. */
export class RequestLimits {
  readonly #clients: RateLimit;
  readonly #tokens: RateLimit;

  constructor(clients: RateLimit, tokens: RateLimit) {
    this.#clients = clients;
    this.#tokens = tokens;
  }

  /** `client` is what `clientKey` gave; `token` is a session or the id of a signature, empty when there is none. */
  take(client: string, token: string, nowMs: number): RateVerdict {
    const clientMs = this.#clients.waitMs(client, nowMs);
    const tokenMs = token === '' ? 0 : this.#tokens.waitMs(token, nowMs);
    if (clientMs > 0 || tokenMs > 0) return refusal(Math.max(clientMs, tokenMs));
    this.#clients.charge(client, nowMs);
    if (token !== '') this.#tokens.charge(token, nowMs);
    return ALLOWED;
  }
}

/** What limits a client by: its IPv4 address or the /64 of its IPv6 address, all of which one subscriber holds. */
export function clientKey(address: string): string {
  const read = readAddress(address);
  if (!read) return 'unknown';
  if (read.family === 'ipv4') return read.text;
  return groupsOf(read.text)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
}

function refusal(waitMs: number): RateVerdict {
  return { allowed: false, retryAfterS: Math.min(RETRY_AFTER_MAX_S, Math.max(1, Math.ceil(waitMs / 1000))) };
}

/** The last step of MurmurHash3 (Appleby): each bit of the input changes half of the bits. */
function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
