/**
 * Says which header fields of a viewer go on to the origin. Never: fields of the hop, those that `Connection` names,
 * those that the edge writes or answers itself, and cookies that carry a CloudFront signature. Credentials go only
 * when a behaviour names their field. Pure.
 * Sources: RFC 9110 section 7.6.1; "Request and response behavior for custom origins" (CloudFront Developer Guide).
 */
import { CLOUDFRONT_COOKIE_PREFIX } from '../../../platform/cloudfront-signing.ts';
import { MatineeError } from '../../../platform/errors.ts';
import { HOP_BY_HOP } from '../fields.ts';

export type HeaderField = readonly [name: string, value: string];
export type ForwardRule = {
  /** Whether fields go on that are not named here. */
  readonly others: boolean;
  /** Names of fields that go on, in any case. */
  readonly named: readonly string[];
};

const FIELDS_MAX = 100;
const FORWARDED_FOR_CHARS_MAX = 1024;
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The edge makes its own requests: their length, target, ranges and validators are not the viewer's. */
const OWN = [
  'host',
  'content-length',
  'expect',
  'range',
  'if-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'forwarded',
  'x-forwarded-for',
];
const NEVER: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...OWN]);
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie']);

export class HeaderAllowList {
  readonly #others: boolean;
  readonly #named: ReadonlySet<string>;

  /** Throws `invalid_config` for a name that is none or that can never go on. */
  constructor({ others, named }: ForwardRule) {
    this.#others = others;
    this.#named = new Set(named.map((name) => name.toLowerCase()));
    for (const name of this.#named) {
      if (NAME.test(name) && !NEVER.has(name)) continue;
      throw new MatineeError('invalid_config', 'this header is never forwarded', { details: { name } });
    }
  }

  /** Fields for the origin, names in lower case. `peer` is the address at the other end of the viewer's socket. */
  forwarded(fields: readonly HeaderField[], peer: string): HeaderField[] {
    const lower = fields.map(([name, value]): HeaderField => [name.toLowerCase(), value]);
    const dropped = new Set(
      lower.flatMap(([name, value]) => (name === 'connection' ? optionsOf(value) : [])),
    );
    const sent: HeaderField[] = [];
    const hops: string[] = [];
    for (const [name, value] of lower) {
      if (!VALUE.test(value)) continue;
      if (name === 'x-forwarded-for') hops.push(value);
      else if (!dropped.has(name) && this.#goesOn(name) && sent.length < FIELDS_MAX) {
        const text = name === 'cookie' ? withoutSignature(value) : value;
        if (text !== '' || value === '') sent.push([name, text]);
      }
    }
    sent.push(['x-forwarded-for', appended(hops, peer)]);
    return sent;
  }

  #goesOn(name: string): boolean {
    if (NEVER.has(name) || !NAME.test(name)) return false;
    return this.#named.has(name) || (this.#others && !CREDENTIALS.has(name));
  }
}

function optionsOf(connection: string): string[] {
  return connection.split(',').map((option) => option.trim().toLowerCase());
}

/** The origin has no use for what opens the edge. */
function withoutSignature(cookie: string): string {
  const parts = cookie.split(';').map((part) => part.trim());
  return parts.filter((part) => part !== '' && !part.startsWith(CLOUDFRONT_COOKIE_PREFIX)).join('; ');
}

/** The peer behind what came; when that is too long, its nearest hops. */
function appended(hops: readonly string[], peer: string): string {
  const all = [...hops.flatMap((value) => value.split(',')), peer].map((hop) => hop.trim());
  const kept: string[] = [];
  let chars = 0;
  for (const hop of all.reverse()) {
    if (hop === '') continue;
    chars += hop.length + 2;
    if (chars > FORWARDED_FOR_CHARS_MAX) break;
    kept.push(hop);
  }
  return kept.reverse().join(', ');
}
