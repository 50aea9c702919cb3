/**
 * Listings in UTF-8 byte order with prefix and delimiter. A rolled-up prefix is passed by one seek, however many
 * keys it holds, so that the cost follows the page and not the bucket. Reads only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { keyBytes, textOf } from './disk-rows.ts';
import { firstWith, following, successor } from './key-order.ts';
import { pageLimit } from './object-rules.ts';
import type { ListEntry, ListOptions, ListPage } from './objects.ts';

const BATCH_ROWS = 128;

export type Listing = (bucket: number, options: ListOptions) => ListPage;

export function createListing(db: DatabaseSync): Listing {
  const select = db.prepare(`SELECT key, etag, size, modified_at FROM objects
    WHERE bucket = :bucket AND key >= :from AND (:until IS NULL OR key < :until) ORDER BY key LIMIT :limit`);

  return (bucket, options) => {
    const limit = pageLimit(options.limit);
    const prefix = options.prefix ?? '';
    const after = options.after ?? '';
    const until = successor(keyBytes(prefix));
    const page: ListPage = { entries: [], prefixes: [] };
    let last = '';
    let from: Buffer | undefined = firstKey(prefix, after, options.delimiter);

    while (from && limit > 0) {
      const rows = select.all({ bucket, from, until: until ?? null, limit: BATCH_ROWS });
      let rolled: string | undefined;
      for (const row of rows) {
        const key = textOf(row.key);
        if (rolled !== undefined && key.startsWith(rolled)) continue;
        if (page.entries.length + page.prefixes.length === limit) return { ...page, next: last };
        rolled = commonPrefix(key, prefix, options.delimiter);
        last = rolled ?? key;
        if (rolled === undefined) page.entries.push(entry(key, row));
        else page.prefixes.push(rolled);
      }
      if (rows.length < BATCH_ROWS) return page;
      const lastKey = rows.at(-1)?.key as Uint8Array;
      from = rolled === undefined ? following(lastKey) : successor(keyBytes(rolled));
    }
    return page;
  };
}

/** Where a page begins: behind `after`, and behind the rolled-up prefix that `after` lies in. */
function firstKey(prefix: string, after: string, delimiter: string | undefined): Buffer | undefined {
  const start = firstWith(keyBytes(prefix));
  if (after === '') return start;
  const rolled = after.startsWith(prefix) ? commonPrefix(after, prefix, delimiter) : undefined;
  const from = rolled === undefined ? following(keyBytes(after)) : successor(keyBytes(rolled));
  return from && Buffer.compare(from, start) < 0 ? start : from;
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (!delimiter) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function entry(key: string, row: Record<string, unknown>): ListEntry {
  return {
    key,
    size: row.size as number,
    etag: row.etag as string,
    lastModified: new Date(row.modified_at as number),
  };
}
