/** Who may watch films here: by country, and by how often a client and a session ask. It knows nothing of tokens. */
import { MatineeError } from '../../../platform/errors.ts';
import type { EdgeConfig } from '../config.ts';
import type { Fields } from '../fields.ts';
import { type CountryDatabase, countryRule } from './geo.ts';
import { RateLimit, RequestLimits } from './rate-limit.ts';
import type { Visitor } from './visitor.ts';

export type AdmissionRules = {
  limits?: RequestLimits | undefined;
  countries?: { database: CountryDatabase; mayWatch: (country: string | undefined) => boolean } | undefined;
};

export type Turned = { readonly status: 403 | 429; readonly message: string; readonly retryAfterS?: number };

export class Admission {
  readonly #rules: AdmissionRules;
  /** False when everybody may. */
  readonly hasRules: boolean;

  constructor(rules: AdmissionRules) {
    this.#rules = rules;
    this.hasRules = rules.limits !== undefined || rules.countries !== undefined;
  }

  /** Why a visitor is turned away; undefined when it is not. `nowMs` is monotonic. */
  judge(visitor: Visitor, session: string, fields: () => Fields, nowMs: number): Turned | undefined {
    const { limits, countries } = this.#rules;
    if (countries && !countries.mayWatch(countries.database.countryOf(visitor.address(fields)))) {
      return { status: 403, message: 'this is not to be seen in your country' };
    }
    const verdict = limits?.take(visitor.key(fields), session, nowMs);
    if (!verdict || verdict.allowed) return undefined;
    return { status: 429, message: 'too many requests', retryAfterS: verdict.retryAfterS };
  }
}

const BURST_S = 10;
const UNLIMITED_PER_S = 1e6;

/** Throws invalid_config for rules that cannot be kept. `seed` is random. */
export function openAdmission(
  { countries: rule, rates }: Pick<EdgeConfig, 'countries' | 'rates'>,
  database: CountryDatabase | undefined,
  seed: number,
  keysMax: number,
): Admission {
  if (rule && !database) throw new MatineeError('invalid_config', 'rules by country need a country database');
  const limit = (ratePerS: number) =>
    // A player that starts or seeks asks for much at once.
    new RateLimit({
      ratePerS: ratePerS || UNLIMITED_PER_S,
      burst: BURST_S * (ratePerS || UNLIMITED_PER_S),
      keysMax,
      seed,
    });
  const isLimited = rates && (rates.clientPerS > 0 || rates.sessionPerS > 0);
  return new Admission({
    limits: isLimited ? new RequestLimits(limit(rates.clientPerS), limit(rates.sessionPerS)) : undefined,
    countries: rule && database ? { database, mayWatch: countryRule(rule) } : undefined,
  });
}
