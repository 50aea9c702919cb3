/**
 * What stands before a behaviour of a site: signatures, countries, limits, and which fields go on to the origin.
 * Made once for each configuration.
 */
import type { Behavior, Site } from '../../../contracts/sites.ts';
import { MatineeError } from '../../../platform/errors.ts';
import type { Fields } from '../fields.ts';
import { SignatureVerifier } from '../security/cloudfront-signature.ts';
import { type CountryDatabase, countryRule } from '../security/geo.ts';
import { HeaderAllowList } from '../security/header-allow-list.ts';
import { RateLimit } from '../security/rate-limit.ts';
import type { Visitor } from '../security/visitor.ts';

export type GuardDeps = {
  countries: CountryDatabase | undefined;
  /** Random, so that nobody can choose whom to share a limit with. */
  seed: number;
  keysMax: number;
  signaturesMax: number;
};

export type GuardedRequest = {
  readonly host: string;
  readonly target: string;
  readonly fields: Fields;
  readonly visitor: Visitor;
  readonly nowMs: number;
  readonly monotonicMs: number;
};

export type GuardVerdict =
  | { readonly kind: 'passed'; readonly target: string }
  | {
      readonly kind: 'turned';
      readonly status: 403 | 429;
      readonly message: string;
      readonly retryAfterS?: number;
    };

export class SiteGuard {
  readonly #site: Site;
  readonly #behavior: Behavior;
  readonly #signatures: SignatureVerifier | undefined;
  readonly #countries: CountryDatabase | undefined;
  readonly #mayWatch: ((country: string | undefined) => boolean) | undefined;
  readonly #limit: RateLimit | undefined;
  readonly #forward: HeaderAllowList;
  /** True when nothing is to be judged or changed. */
  readonly isOpen: boolean;

  /** Throws invalid_config for a key or a field that cannot be used. */
  constructor(site: Site, behavior: Behavior, deps: GuardDeps) {
    this.#site = site;
    this.#behavior = behavior;
    this.#countries = deps.countries;
    if (behavior.signed) {
      this.#signatures = new SignatureVerifier({ cacheMax: deps.signaturesMax });
      this.#signatures.setKeys(site.keys);
    }
    if (behavior.countries) {
      const { allow, deny, unknown } = behavior.countries;
      this.#mayWatch = countryRule({ unknown, ...(allow ? { allow } : {}), ...(deny ? { deny } : {}) });
      if (!deps.countries) {
        throw new MatineeError(
          'invalid_config',
          `${site.name}: countries need a country database at the edge`,
        );
      }
    }
    if (behavior.limit) {
      const { perS, burst } = behavior.limit;
      this.#limit = new RateLimit({ ratePerS: perS, burst, keysMax: deps.keysMax, seed: deps.seed });
    }
    this.#forward = new HeaderAllowList(behavior.forward);
    const hasFunctions = behavior.viewerRequest !== undefined || behavior.viewerResponse !== undefined;
    this.isOpen = !behavior.signed && !behavior.countries && !behavior.limit && !hasFunctions;
  }

  judge(request: GuardedRequest): GuardVerdict {
    const { visitor, nowMs, monotonicMs, target } = request;
    const fields = () => request.fields;
    if (this.#mayWatch && !this.#mayWatch(this.#countries?.countryOf(visitor.address(fields)))) {
      return { kind: 'turned', status: 403, message: 'this is not to be had in your country' };
    }
    const verdict = this.#limit?.take(visitor.key(fields), monotonicMs);
    if (verdict && !verdict.allowed) {
      return { kind: 'turned', status: 429, message: 'too many requests', retryAfterS: verdict.retryAfterS };
    }
    if (!this.#signatures) return { kind: 'passed', target };
    const signed = this.#signatures.check({
      url: `${this.#scheme(visitor)}://${request.host}${target}`,
      cookie: request.fields.find(([name]) => name === 'cookie')?.[1] ?? '',
      clientAddress: visitor.address(fields),
      nowMs,
    });
    if (!signed.ok) return { kind: 'turned', status: 403, message: `no valid signature: ${signed.reason}` };
    const url = new URL(signed.url);
    return { kind: 'passed', target: url.pathname + url.search };
  }

  /** What the origin is told of the viewer's fields. */
  forwarded(fields: Fields, method: string, visitor: Visitor): Fields {
    const passed = this.#forward.forwarded(fields, visitor.peer);
    const isRead = method === 'GET' || method === 'HEAD';
    const kept = isRead ? KEPT_OF_READS : KEPT_OF_WRITES;
    return [...passed, ...fields.filter(([name]) => kept.has(name))];
  }

  #scheme({ isSecure }: Visitor): string {
    if (this.#site.scheme !== 'connection') return this.#site.scheme;
    return isSecure ? 'https' : 'http';
  }

  get behavior(): Behavior {
    return this.#behavior;
  }
}

/** Ranges are judged by the cache, and go on where it has nothing. */
const KEPT_OF_READS: ReadonlySet<string> = new Set(['range', 'if-range']);
/** The cache has no part in a write: its conditions are the origin's to judge. */
const KEPT_OF_WRITES: ReadonlySet<string> = new Set([
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
]);
