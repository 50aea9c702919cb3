/** The studio's public keys, by which an edge tells its manifests of hashes from others (Ed25519). */
import { type KeyObject, verify } from 'node:crypto';
import type { TokenKeys } from '../../../contracts/edges.ts';
import type { HashSignature } from '../../../contracts/fill.ts';
import { keyObject } from '../token.ts';

export class ManifestKeys {
  #keys: ReadonlyMap<string, KeyObject> = new Map();

  /** None changes nothing: steering may not have heard of the studio yet. Keys that are malformed are left out. */
  set(keys: TokenKeys): void {
    if (keys.length === 0) return;
    this.#keys = new Map(keys.flatMap(({ id, publicKey }) => readKey(id, publicKey)));
  }

  /** While no key is known, nothing is refused: the announced digest alone is what is trusted then. */
  accepts(text: Buffer, signature: HashSignature | undefined): boolean {
    if (this.#keys.size === 0) return true;
    const key = signature && this.#keys.get(signature.keyId);
    return key !== undefined && verify(null, text, key, Buffer.from(signature?.value ?? '', 'base64url'));
  }
}

function readKey(id: string, publicKey: string): Array<[string, KeyObject]> {
  try {
    return [[id, keyObject(publicKey)]];
  } catch {
    return [];
  }
}
