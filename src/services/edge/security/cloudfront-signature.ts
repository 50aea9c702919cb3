/**
 * Checks CloudFront signed URLs and signed cookies against a key group. It remembers what it verified, never what
 * it refused; times and addresses are judged on each request. Malformed requests are refused with a reason, never
 * by an exception. It does no I/O and never logs a signature.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { cannedPolicy, fromCloudFrontBase64 } from '../../../platform/cloudfront-signing.ts';
import { MatineeError } from '../../../platform/errors.ts';
import { putLast } from '../bounded-map.ts';
import { matchesWildcards } from '../patterns.ts';
import { readAddress } from './addresses.ts';
import { type FieldsRefusal, readFields, type SignatureFields } from './cloudfront-fields.ts';
import { outsideConditions, type Policy, type PolicyRefusal, readPolicy } from './cloudfront-policy.ts';

export type SignatureRequest = {
  /** Absolute, as the viewer asked. */
  readonly url: string;
  /** The Cookie field, empty when there is none. */
  readonly cookie: string;
  readonly clientAddress: string;
  readonly nowMs: number;
};
export type SignatureRefusal =
  | FieldsRefusal
  | PolicyRefusal
  | 'unknown key'
  | 'malformed policy'
  | 'bad signature';
export type SignatureVerdict =
  | { readonly ok: true; readonly url: string; readonly expiresMs: number; readonly keyId: string }
  | { readonly ok: false; readonly reason: SignatureRefusal };

export type PublicKeyPem = { readonly id: string; readonly publicKeyPem: string };
type Verified = { readonly fields: SignatureFields; readonly policyText: string; readonly policy: Policy };

/** As CloudFront's key group, with room for two rotations at once. */
export const KEYS_MAX = 64;
const PEM_CHARS_MAX = 4096;
const RSA_BITS_MIN = 2048;
const RSA_BITS_MAX = 4096;

export class SignatureVerifier {
  readonly #cacheMax: number;
  /** By the encoded signature: a few hundred characters that no two grants share. */
  readonly #verified = new Map<string, Verified>();
  #keys: ReadonlyMap<string, KeyObject> = new Map();

  constructor({ cacheMax }: { cacheMax: number }) {
    this.#cacheMax = cacheMax;
  }

  get hasKeys(): boolean {
    return this.#keys.size > 0;
  }

  /** All keys that are good from now on. One that is not usable is a fault of the configuration: nothing changes. */
  setKeys(keys: ReadonlyArray<PublicKeyPem>): void {
    if (keys.length > KEYS_MAX) throw new MatineeError('invalid_config', 'too many keys in the group');
    this.#keys = new Map(keys.map(({ id, publicKeyPem }) => [id, readKey(id, publicKeyPem)]));
    this.#verified.clear();
  }

  check(request: SignatureRequest): SignatureVerdict {
    const fields = readFields(request.url, request.cookie);
    if (typeof fields === 'string') return { ok: false, reason: fields };
    const policy = this.#policyOf(fields);
    if (typeof policy === 'string') return { ok: false, reason: policy };
    const address = policy.block ? readAddress(request.clientAddress) : undefined;
    const outside = outsideConditions(policy, request.nowMs, address);
    if (outside) return { ok: false, reason: outside };
    // A canned policy was made of this URL and holds no wildcard.
    const custom = fields.policy !== undefined && policy.resource !== undefined;
    if (custom && !matchesWildcards(policy.resource as string, fields.url)) {
      return { ok: false, reason: 'another resource' };
    }
    return { ok: true, url: fields.url, expiresMs: policy.expiresMs, keyId: fields.keyId };
  }

  /** The policy when its signature is good. */
  #policyOf(fields: SignatureFields): Policy | SignatureRefusal {
    const policyText = fields.policy ?? cannedPolicy(fields.url, Number(fields.expires));
    const known = this.#verified.get(fields.signature);
    if (known && isSame(known, fields, policyText)) {
      this.#remember(known);
      return known.policy;
    }
    const policy = this.#verify(fields, policyText);
    if (typeof policy !== 'string') this.#remember({ fields, policyText, policy });
    return policy;
  }

  #verify(fields: SignatureFields, policyText: string): Policy | SignatureRefusal {
    const key = this.#keys.get(fields.keyId);
    if (!key) return 'unknown key';
    const signature = fromCloudFrontBase64(fields.signature);
    const signed = fields.policy === undefined ? Buffer.from(policyText) : fromCloudFrontBase64(policyText);
    if (!signature || !signed || signature.length === 0) return 'malformed field';
    if (!verify(fields.hash, signed, key, signature)) return 'bad signature';
    // Read only now, so that nobody but a holder of a key makes the edge parse JSON.
    if (fields.policy === undefined) {
      return {
        resource: fields.url,
        expiresMs: Number(fields.expires) * 1000,
        startsMs: 0,
        block: undefined,
      };
    }
    return readPolicy(signed.toString('utf8')) ?? 'malformed policy';
  }

  /** The newest is last; the one that was not asked for the longest time goes. */
  #remember(verified: Verified): void {
    putLast(this.#verified, verified.fields.signature, verified, this.#cacheMax);
  }
}

function isSame({ fields, policyText }: Verified, asked: SignatureFields, askedText: string): boolean {
  return (
    policyText === askedText &&
    fields.keyId === asked.keyId &&
    fields.hash === asked.hash &&
    (fields.policy === undefined) === (asked.policy === undefined)
  );
}

function readKey(id: string, pem: string): KeyObject {
  const fault = (why: string, cause?: unknown) =>
    new MatineeError('invalid_config', `the public key is not usable: ${why}`, { cause, details: { id } });
  if (pem.length > PEM_CHARS_MAX || !pem.includes('-----BEGIN PUBLIC KEY-----')) throw fault('not a PEM');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw fault('it cannot be read', error);
  }
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const rsa =
    key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN && modulusLength <= RSA_BITS_MAX;
  if (!rsa && namedCurve !== 'prime256v1') throw fault('neither RSA of 2048 to 4096 bits nor P-256');
  return key;
}
