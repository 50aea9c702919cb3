/** Decides whether a request target opens an object. It knows tokens and keys, not where bytes are. */
import { FILL_SESSION } from '../../contracts/fill.ts';
import { putLast } from './bounded-map.ts';
import type { Stream, TitleStreams } from './proactive-fill/title-streams.ts';
import { readTarget, type Target, targetPath } from './target.ts';
import type { TokenVerifier, VerifiedToken } from './token.ts';

export type Grant = { readonly key: string; readonly token: VerifiedToken; readonly stream: Stream };
export type Refusal = { readonly status: 400 | 403 | 503; readonly message: string };

/** Where publications are; nothing else of the bucket is ever asked for. */
export const KEY_ROOT = 'titles/';

/** Remembers whole targets, so that a hot one costs one look-up. */
export class Access {
  readonly #tokens: TokenVerifier;
  readonly #targetsMax: number;
  readonly #streams: TitleStreams;
  readonly #grants = new Map<string, Grant>();

  constructor(tokens: TokenVerifier, targetsMax: number, streams: TitleStreams) {
    this.#tokens = tokens;
    this.#targetsMax = targetsMax;
    this.#streams = streams;
  }

  /** Must be called when the token keys have changed. */
  forget(): void {
    this.#grants.clear();
  }

  /** The object that the target opens now, or why it does not. */
  open(target: string, nowMs: number): Grant | Refusal {
    const known = this.#grants.get(target);
    const grant = known ?? this.#judge(target);
    if ('status' in grant) return grant;
    if (grant.token.expiresMs <= nowMs) {
      if (known) this.#grants.delete(target);
      return { status: 403, message: 'the token has expired' };
    }
    if (!known) this.#remember(target, grant);
    return grant;
  }

  #judge(target: string): Grant | Refusal {
    const path = targetPath(target);
    const parts: Target | undefined = path === undefined ? undefined : readTarget(path);
    if (!parts) return { status: 400, message: 'the path is malformed' };
    if (!this.#tokens.hasKeys) return { status: 503, message: 'this edge has no token keys yet' };
    const token = this.#tokens.verify(parts.token);
    if (!token) return { status: 403, message: 'no valid token' };
    if (!parts.key.startsWith(token.prefix) || !parts.key.startsWith(KEY_ROOT)) {
      return { status: 403, message: 'the token does not open this' };
    }
    return { key: parts.key, token, stream: this.#streamOf(parts.key, token) };
  }

  #streamOf(key: string, { session }: VerifiedToken): Stream {
    return session === FILL_SESSION ? { bytes: 0 } : this.#streams.of(key);
  }

  #remember(target: string, grant: Grant): void {
    putLast(this.#grants, target, grant, this.#targetsMax);
  }
}
