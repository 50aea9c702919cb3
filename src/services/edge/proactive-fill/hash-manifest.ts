/** Reads a publication's manifest of hashes through the cache and trusts it only when it is the one announced, and signed. */
import { createHash } from 'node:crypto';
import {
  type FillTitle,
  HASHES_BYTES_MAX,
  type HashManifest,
  hashManifest,
} from '../../../contracts/fill.ts';
import { SLICE_BYTES } from '../config.ts';
import type { ObjectCache } from '../object-cache.ts';
import { type FetchDeps, fetchVerified } from './fetch-verified.ts';
import type { ManifestKeys } from './manifest-keys.ts';

/** A name that climbs or has empty parts is no name of a publication's file. */
const KEY = /^(?!.*(?:^|\/)\.{0,2}(?:\/|$))[\x20-\x7e]+$/;

/** Undefined when it is missing, wrong or malformed. Rejects with EdgeFailure when the origin does not give it. */
export async function readHashManifest(
  deps: FetchDeps,
  title: FillTitle,
  keys: Pick<ManifestKeys, 'accepts'>,
): Promise<HashManifest | undefined> {
  const { hashes, size } = title;
  if (size > HASHES_BYTES_MAX || !hashes.startsWith(`titles/${title.title}/`)) return undefined;
  const end = await fetchVerified(deps, hashes, title);
  if (end === 'wrong' || end === 'missing') return undefined;
  const text = await readText(deps.cache, hashes);
  // A copy that was there already has not been checked.
  if (createHash('sha256').update(text).digest('base64url') !== title.sha256) {
    deps.cache.forget(hashes);
    return undefined;
  }
  if (!keys.accepts(text, title.signature)) return undefined;
  const read = hashManifest.safeParse(parsed(text));
  if (!read.success || read.data.files.some(({ key }) => !KEY.test(key))) return undefined;
  return read.data;
}

async function readText(cache: ObjectCache, key: string): Promise<Buffer> {
  const { meta, body } = await cache.find(key, 0);
  if (!meta.sliced) return body?.bytes ?? Buffer.alloc(0);
  const pieces: Buffer[] = [];
  for (let at = 0; at * SLICE_BYTES < meta.size; at++) {
    const part = await cache.slice(key, meta, at);
    await part.body.past(part.body.length - 1);
    pieces.push(part.body.bytes);
  }
  return Buffer.concat(pieces);
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
