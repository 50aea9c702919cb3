/** Licences: the keys of the publication that a session plays, unwrapped for its player. */
import { contentKeyContext, type WrappedContentKey } from '../../contracts/content-keys.ts';
import type { EndpointReply } from '../../contracts/endpoint.ts';
import { clearKeyLicence, identityKey } from '../../contracts/licences.ts';
import type { Publication } from '../../contracts/titles.ts';
import { MatineeError } from '../../platform/errors.ts';
import type { Keys } from '../../ports/keys/keys.ts';

/** Relative to the API. */
export function licencePaths(session: string): { clearKey: string; identity: string } {
  const of = (path: string) => path.replace('{session}', session);
  return { clearKey: of(clearKeyLicence.path), identity: of(identityKey.path.replace('/{keyId}', '')) };
}

type Licence = EndpointReply<typeof clearKeyLicence>;

/**
 * All keys of the publication, whichever of them were asked for: better renditions may join a play later, and whoever
 * may see one part may so far see all. Throws not_found when none of those asked for is one of the title's.
 */
export async function clearKeysOf(
  keys: Keys,
  title: string,
  { contentKeys = [] }: Publication,
  asked: readonly string[],
): Promise<Licence> {
  const idOf = (keyId: string) => Buffer.from(keyId, 'hex').toString('base64url');
  if (!contentKeys.some(({ keyId }) => asked.includes(idOf(keyId)))) throw unknownKey();
  const opened = contentKeys.map(async (one) => {
    const key = await unwrap(keys, title, one);
    return { kty: 'oct' as const, kid: idOf(one.keyId), k: key.toString('base64url') };
  });
  return { keys: await Promise.all(opened), type: 'temporary' };
}

/** Throws not_found when the publication has no such key. */
export async function openKey(
  keys: Keys,
  title: string,
  { contentKeys = [] }: Publication,
  keyId: string,
): Promise<Buffer<ArrayBuffer>> {
  const found = contentKeys.find((one) => one.keyId === keyId);
  if (!found) throw unknownKey();
  return unwrap(keys, title, found);
}

async function unwrap(
  keys: Keys,
  title: string,
  { keyId, wrapped }: WrappedContentKey,
): Promise<Buffer<ArrayBuffer>> {
  const key = await keys.unwrap(Buffer.from(wrapped, 'base64'), contentKeyContext(title, keyId));
  return Buffer.from(key);
}

const unknownKey = () =>
  new MatineeError('not_found', 'this title has no such key any more; press play again');
