/**
 * Says which address a request comes from. A field of the request is believed only when the peer of the socket is a
 * trusted proxy, and only as far from the right as proxies are trusted: what stands left of that, anybody may have
 * written. It reads one field, the one that the proxies are known to write. Pure.
 * Sources: RFC 7239 (Forwarded); X-Forwarded-For as proxies write it, without a standard.
 */
import { type Address, addressBlocks, readAddress } from './addresses.ts';

export type ClientAddressOptions = {
  /** Addresses and CIDR blocks. Without any the peer is the client. */
  readonly trustedProxies: readonly string[];
  readonly field: 'x-forwarded-for' | 'forwarded';
};

const FIELD_CHARS_MAX = 8 * 1024;
/** More proxies than this in a row are a loop or a lie. */
const HOPS_MAX = 32;

export class ClientAddresses {
  readonly field: ClientAddressOptions['field'];
  readonly #trusted: { has(address: Address): boolean };
  readonly #trustsAny: boolean;

  /** Throws `invalid_config` for a block that is malformed. */
  constructor({ trustedProxies, field }: ClientAddressOptions) {
    this.field = field;
    this.#trusted = addressBlocks(trustedProxies);
    this.#trustsAny = trustedProxies.length > 0;
  }

  /** False when the peer is always the client. */
  get trustsAny(): boolean {
    return this.#trustsAny;
  }

  /** `value` is the field's text, several fields joined by commas; empty when there is none. */
  clientOf(peer: string, value: string): string {
    const nearest = readAddress(peer);
    if (!nearest) return peer;
    if (!this.#trustsAny || value === '' || value.length > FIELD_CHARS_MAX) return nearest.text;
    if (!this.#trusted.has(nearest)) return nearest.text;
    let client = nearest;
    for (const hop of this.#hops(value)) {
      const address = hop === undefined ? undefined : readAddress(hop);
      // Unknown, hidden or nonsense: the proxy that wrote it is the last that is known.
      if (!address) return client.text;
      client = address;
      if (!this.#trusted.has(address)) return client.text;
    }
    return client.text;
  }

  /** Hops from the nearest on; undefined for one that cannot be read. */
  #hops(value: string): Array<string | undefined> {
    const hops = this.field === 'forwarded' ? forwardedFor(value) : value.split(',').map(hostOf);
    return hops.reverse().slice(0, HOPS_MAX);
  }
}

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const QUOTED = '"(?:[^"\\\\\\x00-\\x08\\x0a-\\x1f\\x7f]|\\\\[\\x20-\\x7e])*"';
const PAIR = new RegExp(`[ \\t]*(${TOKEN})=(${TOKEN}|${QUOTED})[ \\t]*(;|,|$)`, 'y');

/** The `for` of each element; one undefined hop when the field is malformed, so that nothing of it is believed. */
function forwardedFor(value: string): Array<string | undefined> {
  const hops: Array<string | undefined> = [];
  let current: string | undefined;
  let at = 0;
  while (at < value.length) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(value);
    if (!match) return [undefined];
    const [whole, name = '', text = '', end] = match;
    if (name.toLowerCase() === 'for') {
      if (current !== undefined) return [undefined];
      current = text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
    }
    if (end !== ';') {
      hops.push(current === undefined ? undefined : hostOf(current));
      current = undefined;
    }
    at += whole.length;
    if (end === '') return hops;
  }
  return [undefined];
}

/** The address of `1.2.3.4`, `1.2.3.4:80`, `2001:db8::1` or `[2001:db8::1]:80`; undefined for another form. */
function hostOf(node: string): string | undefined {
  const text = node.trim();
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?$/.exec(text);
  if (bracketed) return bracketed[1];
  const match = /^([0-9.]+)(?::[0-9]{1,5})?$/.exec(text);
  return match ? match[1] : /^[0-9A-Fa-f:.]+$/.test(text) ? text : undefined;
}
