/** Items as rows: conditions, expiry, limits. Synchronous, and inside whatever transaction the caller has open. */
import type { DatabaseSync } from 'node:sqlite';
import { MatineeError } from '../../platform/errors.ts';
import type { Item, ItemKey, ItemValue, JsonValue, Table, TransactWrite, WriteCondition } from './tables.ts';

const ITEM_BYTES_MAX = 400 * 1024;
const KEY_BYTES_MAX = 1024;
const QUERY_LIMIT_MAX = 1000;
const TRANSACT_WRITES_MAX = 100;

type Row = { pk: string; sk: string; version: number; expires_at: number | null; value: string };
type PutOptions = { condition?: WriteCondition; expiresAt?: number };
type Change = Parameters<Table['update']>[1];
type QueryOptions = NonNullable<Parameters<Table['query']>[1]>;

export type ItemStore = ReturnType<typeof createItemStore>;

/** `nowS` gives seconds since the epoch. */
export function createItemStore(database: DatabaseSync, nowS: () => number) {
  const columns = 'pk, sk, version, expires_at, value';
  const live = '(expires_at IS NULL OR expires_at > :now)';
  const read = database.prepare(
    `SELECT ${columns} FROM items WHERE tbl=:tbl AND pk=:pk AND sk=:sk AND ${live}`,
  );
  const upsert = database.prepare(`
    INSERT INTO items (tbl, pk, sk, version, expires_at, value) VALUES (:tbl, :pk, :sk, :version, :expires, :value)
    ON CONFLICT DO UPDATE SET version=excluded.version, expires_at=excluded.expires_at, value=excluded.value`);
  const remove = database.prepare('DELETE FROM items WHERE tbl=? AND pk=? AND sk=?');
  const range = (order: 'ASC' | 'DESC') =>
    database.prepare(`
      SELECT ${columns} FROM items WHERE tbl=:tbl AND pk=:pk AND sk >= :from AND (:to IS NULL OR sk < :to)
        AND ${live} AND (:after IS NULL OR ${order === 'ASC' ? 'sk > :after' : 'sk < :after'})
      ORDER BY sk ${order} LIMIT :limit`);
  const forwards = range('ASC');
  const backwards = range('DESC');
  const expired = database.prepare(
    'SELECT tbl, pk, sk FROM items WHERE expires_at IS NOT NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?',
  );

  const get = (tbl: string, key: ItemKey): Item | undefined => {
    const row = read.get({ tbl, pk: key.pk, sk: key.sk, now: nowS() }) as Row | undefined;
    return row && itemOf(row);
  };
  const save = (tbl: string, key: ItemKey, value: ItemValue, version: number, expiresAt?: number): Item => {
    checkKey(key);
    const text = JSON.stringify(value);
    if (Buffer.byteLength(text) > ITEM_BYTES_MAX) {
      throw new MatineeError('too_large', `an item holds at most ${ITEM_BYTES_MAX} bytes`);
    }
    upsert.run({ tbl, pk: key.pk, sk: key.sk, version, expires: expiresAt ?? null, value: text });
    return {
      pk: key.pk,
      sk: key.sk,
      value: JSON.parse(text),
      version,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  };
  const put = (tbl: string, key: ItemKey, value: ItemValue, options: PutOptions): Item => {
    const old = get(tbl, key);
    check(old, options.condition);
    return save(tbl, key, value, (old?.version ?? 0) + 1, options.expiresAt);
  };
  const update = (tbl: string, key: ItemKey, change: Change, options: PutOptions): Item => {
    const old = get(tbl, key);
    check(old, options.condition);
    const value: Record<string, JsonValue> = { ...old?.value, ...change.set };
    for (const [name, amount] of Object.entries(change.add ?? {}))
      value[name] = sum(value[name], amount, name);
    for (const name of change.remove ?? []) delete value[name];
    return save(tbl, key, value, (old?.version ?? 0) + 1, options.expiresAt ?? old?.expiresAt);
  };
  const drop = (tbl: string, key: ItemKey, condition?: WriteCondition): void => {
    if (condition) check(get(tbl, key), condition);
    remove.run(tbl, key.pk, key.sk);
  };
  const query = (tbl: string, pk: string, options: QueryOptions): { items: Item[]; next?: string } => {
    const { prefix = '', after, descending = false } = options;
    const limit = Math.min(options.limit ?? QUERY_LIMIT_MAX, QUERY_LIMIT_MAX);
    const statement = descending ? backwards : forwards;
    const to = prefixEnd(prefix);
    const rows = statement.all({
      ...{ tbl, pk, from: prefix, to: to ?? null, after: after ?? null },
      ...{ limit: limit + 1, now: nowS() },
    }) as Row[];
    const items = rows.slice(0, limit).map(itemOf);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: last.sk } : { items };
  };
  const transact = (tbl: string, writes: readonly TransactWrite[]): void => {
    if (writes.length > TRANSACT_WRITES_MAX) {
      throw new MatineeError('invalid_request', `a transaction has at most ${TRANSACT_WRITES_MAX} writes`);
    }
    for (const one of writes) {
      if (one.kind === 'put') put(tbl, one, one.value, one);
      else if (one.kind === 'delete') drop(tbl, one, one.condition);
      else check(get(tbl, one), one.condition);
    }
  };
  const sweep = (rowsMax: number): void => {
    for (const row of expired.all(nowS(), rowsMax) as Array<{ tbl: string; pk: string; sk: string }>) {
      remove.run(row.tbl, row.pk, row.sk);
    }
  };
  return { get, put, update, delete: drop, query, transact, sweep };
}

/** The first text after all texts with this prefix, or undefined when there is none. */
function prefixEnd(prefix: string): string | undefined {
  const points = [...prefix];
  const last = points.pop()?.codePointAt(0);
  if (last === undefined || last >= 0x10ffff) return undefined;
  // The code points of surrogates are no characters; the next one after them begins at U+E000.
  return points.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1);
}

function itemOf(row: Row): Item {
  const { pk, sk, version, expires_at: expiresAt } = row;
  return { pk, sk, value: JSON.parse(row.value), version, ...(expiresAt === null ? {} : { expiresAt }) };
}

function check(old: Item | undefined, condition: WriteCondition | undefined): void {
  if (!condition) return;
  const holds =
    'absent' in condition
      ? !old
      : 'exists' in condition
        ? old !== undefined
        : old?.version === condition.version;
  if (!holds) throw new MatineeError('precondition_failed', 'the condition of the write does not hold');
}

function checkKey(key: ItemKey): void {
  for (const part of [key.pk, key.sk]) {
    const bytes = Buffer.byteLength(part);
    if (bytes < 1 || bytes > KEY_BYTES_MAX) {
      throw new MatineeError('invalid_request', `a key part has 1 to ${KEY_BYTES_MAX} bytes`);
    }
  }
}

function sum(old: JsonValue | undefined, amount: number, name: string): number {
  if (old !== undefined && typeof old !== 'number') {
    throw new MatineeError('invalid_request', `"${name}" is no number, nothing can be added to it`);
  }
  return (old ?? 0) + amount;
}
