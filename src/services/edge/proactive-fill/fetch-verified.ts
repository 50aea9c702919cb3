/**
 * Fetches one file into the cache and checks it against its digest. What is wrong is dropped from every tier; of a
 * file that is kept whole nothing was kept until then. It decides neither what is fetched nor when.
 */
import { createHash } from 'node:crypto';
import type { HashedFile } from '../../../contracts/fill.ts';
import { SLICE_BYTES, WHOLE_BYTES_MAX } from '../config.ts';
import type { GrowingBody } from '../growing-body.ts';
import type { ObjectCache } from '../object-cache.ts';
import { type ObjectMeta, sliceKey } from '../stored-object.ts';

export type FetchEnd = 'fetched' | 'given' | 'there' | 'wrong' | 'missing';
export type FetchDeps = {
  cache: ObjectCache;
  /** Waits until so many bytes may be fetched. */
  spend(bytes: number): Promise<void>;
  /** A whole file from another edge, checked against its digest; undefined when none gives it. */
  ask?: (key: string, file: Expected) => Promise<PeerCopy | undefined>;
};
export type Expected = Pick<HashedFile, 'size' | 'sha256'>;
export type PeerCopy = { readonly meta: ObjectMeta; readonly body: Buffer };

/** `key` is the whole key in the bucket. Rejects with EdgeFailure when the origin does not give the file. */
export async function fetchVerified(deps: FetchDeps, key: string, file: Expected): Promise<FetchEnd> {
  const { cache, spend } = deps;
  const isWhole = file.size <= WHOLE_BYTES_MAX;
  if (!cache.holds(key)) await spend(isWhole ? file.size : SLICE_BYTES);
  else if (isWhole) return 'there';
  const copy = isWhole ? await deps.ask?.(key, file) : undefined;
  if (copy) {
    cache.adopt(key, copy.meta, copy.body);
    return 'given';
  }
  const found = await cache.find(key, 0);
  const { meta } = found;
  if (meta.status !== 200) return 'missing';
  const names = meta.sliced ? sliceNames(key, meta) : [];
  if (names.length > 0 && names.every((name) => cache.holds(name))) return 'there';
  const hash = createHash('sha256');
  const isRight = meta.size === file.size;
  if (isRight && found.body && !meta.sliced) hash.update(await whole(found.body));
  for (let slice = 0; isRight && slice < names.length; slice++) {
    if (slice > 0 && !cache.holds(names[slice] as string)) await spend(SLICE_BYTES);
    const isHere = found.body && found.slice === slice;
    hash.update(await whole(isHere ? found.body : (await cache.slice(key, meta, slice)).body));
  }
  if (isRight && hash.digest('base64url') === file.sha256) return 'fetched';
  for (const name of [...names, key]) cache.forget(name);
  return 'wrong';
}

async function whole(body: GrowingBody): Promise<Buffer> {
  await body.past(body.length - 1);
  if (body.failure) throw body.failure;
  return body.bytes;
}

function sliceNames(key: string, meta: ObjectMeta): string[] {
  return Array.from({ length: Math.ceil(meta.size / SLICE_BYTES) }, (_, at) => sliceKey(key, meta, at));
}
