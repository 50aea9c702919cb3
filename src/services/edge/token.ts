/**
 * Checks edge tokens (contracts/edge-token.ts) against the public keys that steering delivers. It remembers what
 * it verified, never what it refused, and never logs a token.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { EDGE_TOKEN_CHARS_MAX, edgeTokenPayload } from '../../contracts/edge-token.ts';
import type { TokenKeys } from '../../contracts/edges.ts';
import { putLast } from './bounded-map.ts';

export type VerifiedToken = { readonly prefix: string; readonly session: string; readonly expiresMs: number };

const FORM = /^([A-Za-z0-9_-]{8,})\.([A-Za-z0-9_-]{86})$/;
const PUBLIC_KEY_FORM = /^[A-Za-z0-9_-]{43}$/;
const KEYS_MAX = 64;

export class TokenVerifier {
  readonly #tokensMax: number;
  readonly #verified = new Map<string, VerifiedToken>();
  #keys = new Map<string, KeyObject>();
  #keysText = '';

  constructor(tokensMax: number) {
    this.#tokensMax = tokensMax;
  }

  get hasKeys(): boolean {
    return this.#keys.size > 0;
  }

  /**
   * Takes the keys that steering told; true when they differ from those before. An empty list changes nothing:
   * an edge that loses its keys could serve nobody, and steering that just started may not have them yet.
   */
  setKeys(keys: TokenKeys): boolean {
    const text = JSON.stringify(keys);
    if (text === this.#keysText || keys.length === 0) return false;
    const usable = keys.slice(0, KEYS_MAX).filter(({ publicKey }) => PUBLIC_KEY_FORM.test(publicKey));
    this.#keys = new Map(usable.map(({ id, publicKey }) => [id, keyObject(publicKey)]));
    this.#keysText = text;
    this.#verified.clear();
    return true;
  }

  /** What a token opens, or undefined when its form, key or signature is wrong. Expiry is the caller's to check. */
  verify(token: string): VerifiedToken | undefined {
    const known = this.#verified.get(token);
    if (known) {
      putLast(this.#verified, token, known, this.#tokensMax);
      return known;
    }
    const opened = this.#open(token);
    if (!opened) return undefined;
    putLast(this.#verified, token, opened, this.#tokensMax);
    return opened;
  }

  #open(token: string): VerifiedToken | undefined {
    if (token.length > EDGE_TOKEN_CHARS_MAX) return undefined;
    const [, payloadText, signatureText] = FORM.exec(token) ?? [];
    if (payloadText === undefined || signatureText === undefined) return undefined;
    const payload = edgeTokenPayload.safeParse(parseJson(payloadText));
    if (!payload.success) return undefined;
    const [, keyId, prefix, session, expiresS] = payload.data;
    const key = this.#keys.get(keyId);
    if (!key || prefix.length < 2 || !prefix.endsWith('/')) return undefined;
    const signature = Buffer.from(signatureText, 'base64url');
    // The last character has bits to spare; one token must not have sixteen spellings.
    if (signature.toString('base64url') !== signatureText) return undefined;
    if (!verify(null, Buffer.from(payloadText, 'latin1'), key, signature)) return undefined;
    return { prefix, session, expiresMs: expiresS * 1000 };
  }
}

function parseJson(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'));
  } catch {
    // Not JSON, so not a token; the schema refuses undefined.
    return undefined;
  }
}

/** A raw Ed25519 key in base64url, as steering tells it. Throws on what is none. */
export function keyObject(publicKey: string): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
}
