/** Ed25519 key pairs (RFC 8032) whose private half is kept wrapped by the key service, for whoever signs. */
import { createPrivateKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { KeyContext, Keys } from './keys.ts';

/** `publicKey`: raw, in base64url. `privateKey`: wrapped, in base64. */
export type StoredSigningKey = { publicKey: string; privateKey: string };

/** `contextOf` gives what the wrapped key is bound to, by the public one. */
export async function makeSigningKey(
  keys: Keys,
  contextOf: (publicKey: string) => KeyContext,
): Promise<StoredSigningKey> {
  const pair = generateKeyPairSync('ed25519');
  const publicKey = (pair.publicKey.export({ format: 'jwk' }) as JsonWebKey).x as string;
  const der = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
  const wrapped = await keys.wrap(der, contextOf(publicKey));
  return { publicKey, privateKey: Buffer.from(wrapped).toString('base64') };
}

export async function openSigningKey(
  keys: Keys,
  privateKey: string,
  context: KeyContext,
): Promise<KeyObject> {
  const der = await keys.unwrap(Buffer.from(privateKey, 'base64'), context);
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
}
