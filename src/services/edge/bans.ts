/**
 * What has been declared invalid, and since when: by paths with wildcards and by tags of the origin. Memory is cleared
 * when an order comes; files of the disk tier are judged when they are read. No I/O here.
 */
import type { EdgeOrder } from '../../contracts/edge-control.ts';
import { fieldOf, namesIn } from './fields.ts';
import { matchesPattern } from './patterns.ts';
import type { ObjectMeta } from './stored-object.ts';

/** More than this, and everything older counts as invalid. */
const BANS_MAX = 5000;

export class Bans {
  #orders: EdgeOrder[];
  /** Whatever was fetched before this moment is invalid. */
  #allBeforeMs: number;

  constructor(orders: readonly EdgeOrder[] = [], allBeforeMs = 0) {
    this.#orders = [...orders];
    this.#allBeforeMs = allBeforeMs;
  }

  get orders(): readonly EdgeOrder[] {
    return this.#orders;
  }

  get allBeforeMs(): number {
    return this.#allBeforeMs;
  }

  add(order: EdgeOrder): void {
    this.#orders.push(order);
    const first = this.#orders.length > BANS_MAX ? this.#orders.shift() : undefined;
    if (first) this.#allBeforeMs = Math.max(this.#allBeforeMs, first.atMs);
  }

  banAll(nowMs: number): void {
    this.#orders = [];
    this.#allBeforeMs = nowMs;
  }

  /** Whether a copy is invalid. */
  covers(key: string, meta: ObjectMeta): boolean {
    const { fetchedMs } = meta;
    if (fetchedMs <= this.#allBeforeMs) return true;
    return this.#orders.some((order) => fetchedMs <= order.atMs && isMeant(order, key, meta));
  }
}

/** Whether an order is about what is kept under this key. */
export function isMeant(order: Omit<EdgeOrder, 'seq' | 'atMs'>, key: string, meta?: ObjectMeta): boolean {
  const place = placeOf(key);
  if (order.host !== undefined && order.host.toLowerCase() !== place.host?.replace(/:\d+$/, '')) return false;
  if (order.paths.some((pattern) => matchesPattern(pattern, place.path))) return true;
  return (
    order.tags.length > 0 &&
    meta !== undefined &&
    tagsOf(meta).some((tag) => order.tags.some((named) => named.toLowerCase() === tag))
  );
}

/** Host and path of what is kept under a key: of films the key in the bucket, of sites what was asked for. */
function placeOf(key: string): { host?: string; path: string } {
  const [first = '', , host = '', target = ''] = key.split('\n');
  return first === 'site' ? { host, path: target } : { path: `/${first}` };
}

function tagsOf({ headers }: ObjectMeta): string[] {
  const tags = namesIn(fieldOf(headers, 'cache-tag'));
  return [...tags, ...(fieldOf(headers, 'surrogate-key') ?? '').toLowerCase().split(/\s+/)].filter(Boolean);
}
