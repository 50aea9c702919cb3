/** Who may watch films here: by country, and by how often a client and a session ask. It knows nothing of tokens. */
import type { Fields } from '../fields.ts';
import type { CountryDatabase } from './geo.ts';
import type { RequestLimits } from './rate-limit.ts';
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
