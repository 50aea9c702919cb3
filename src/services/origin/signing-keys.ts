/**
 * Remembers derived signing keys: one is good for a day, and deriving it costs four of the five HMACs of a check.
 * Only keys that made a right signature are remembered, so a stranger's made-up regions push nothing out.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { type SigningScope, scopeText, signingKey } from '../../platform/sigv4.ts';

export type SigningKeys = {
  /** `secret` belongs to `accessKeyId`; a changed one is noticed. */
  derive(accessKeyId: string, secret: string, scope: SigningScope): KeyObject;
  remember(accessKeyId: string, secret: string, scope: SigningScope, key: KeyObject): void;
};

const KEYS_MAX = 64;

export function createSigningKeys(): SigningKeys {
  const known = new Map<string, { secret: string; key: KeyObject }>();
  const nameOf = (accessKeyId: string, scope: SigningScope) => `${accessKeyId}/${scopeText(scope)}`;
  return {
    derive(accessKeyId, secret, scope) {
      const found = known.get(nameOf(accessKeyId, scope));
      if (found?.secret === secret) return found.key;
      return createSecretKey(signingKey(secret, scope));
    },
    remember(accessKeyId, secret, scope, key) {
      const name = nameOf(accessKeyId, scope);
      if (known.get(name)?.key === key) return;
      const oldest = known.keys().next();
      if (known.size >= KEYS_MAX && !oldest.done) known.delete(oldest.value);
      known.set(name, { secret, key });
    },
  };
}
