/**
 * Signs manifests of hashes (Ed25519, RFC 8032), so that edges, and whoever has a copy of a film, can tell that its files
 * are what the studio published. One key for an installation, made at the first publication; the private one is kept
 * wrapped by the `keys` port. Signing the same text twice gives the same signature.
 */
import { createHash, sign } from 'node:crypto';
import type { TokenKeys } from '../../contracts/edges.ts';
import type { HashSignature } from '../../contracts/fill.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import { makeSigningKey, openSigningKey } from '../../ports/keys/signing-key.ts';
import type { Db, SigningKeyRow } from './tables.ts';

export type ManifestSigner = {
  sign(text: string): Promise<HashSignature>;
  /** Every key that a publication may be signed with; none before the first one. */
  publicKeys(): Promise<TokenKeys>;
};

const ID_CHARS = 16;

export function createManifestSigner({ db, keys }: { db: Db; keys: Keys }): ManifestSigner {
  const read = () => db.selectFrom('studio.signing_keys').selectAll().orderBy('id').limit(20).execute();
  return {
    sign: async (text) => {
      const [row] = await read();
      const { id, private_key } = row ?? (await make(db, keys));
      const key = await openSigningKey(keys, private_key, contextOf(id));
      return { keyId: id, value: sign(null, Buffer.from(text), key).toString('base64url') };
    },
    publicKeys: async () => (await read()).map(({ id, public_key }) => ({ id, publicKey: public_key })),
  };
}

/** Of several studios that make one at once the first one's stays. */
async function make(db: Db, keys: Keys): Promise<SigningKeyRow> {
  const idOf = (publicKey: string) => createHash('sha256').update(publicKey).digest('hex').slice(0, ID_CHARS);
  const made = await makeSigningKey(keys, (publicKey) => contextOf(idOf(publicKey)));
  const row = { id: idOf(made.publicKey), public_key: made.publicKey, private_key: made.privateKey };
  await db
    .insertInto('studio.signing_keys')
    .values({ ...row, slot: 0 })
    .onConflict((conflict) => conflict.column('slot').doNothing())
    .execute();
  return db.selectFrom('studio.signing_keys').selectAll().where('slot', '=', 0).executeTakeFirstOrThrow();
}

const contextOf = (id: string) => ({ purpose: 'manifest-signing', key: id });
