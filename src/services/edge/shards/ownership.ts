/**
 * Which shard of an edge keeps an object. An edge may be several processes that share one port; each object has one
 * owner among them, so that no two keep it. Pure.
 */

export type ShardPlace = {
  /** From 0 on. */
  readonly index: number;
  readonly count: number;
};

export const SHARDS_MAX = 64;

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const LINE_FEED = 0x0a;

/**
 * The owner of an object by its key, and of a slice by the key of its object, which is the first line of its name.
 * FNV-1a of 32 bits (the draft by Fowler, Noll, Vo and Eastlake), folded, since its lowest bit alone is weak.
 */
export function ownerOf(name: string, count: number): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === LINE_FEED) break;
    hash = Math.imul(hash ^ code, FNV_PRIME);
  }
  return ((hash ^ (hash >>> 15)) >>> 0) % count;
}
