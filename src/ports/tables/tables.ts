/**
 * What Matinee asks of an ordered key-value store, with DynamoDB's semantics: play sessions, devices,
 * bookmarks, access keys, edges.
 *
 * Obligations of every adapter, proved by `tables.contract.ts`:
 * - An item is a JSON object under a partition key and a sort key, at most 400 KB as JSON in UTF-8.
 * - A resolved write survives `kill -9` and loss of power; writes of one event-loop turn may share a commit.
 * - Reads are consistent: they see every acknowledged write.
 * - Conditions are checked and applied as one step; a false one rejects with `precondition_failed`.
 * - A query walks one partition in the byte order of sort keys, forwards or backwards, page by page.
 * - An item whose `expiresAt` has passed is never returned, however late it is swept.
 */
export type Tables = {
  table(name: string): Table;
  health(): Promise<{ ready: true } | { ready: false; reason: string }>;
  close(): Promise<void>;
};

export type ItemKey = { pk: string; sk: string };
export type ItemValue = { readonly [name: string]: JsonValue };
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export type Item = ItemKey & {
  value: ItemValue;
  /** Starts at 1 and grows by 1 with each write. */
  version: number;
  /** Seconds since the epoch, as DynamoDB's TTL. */
  expiresAt?: number;
};

export type WriteCondition = { absent: true } | { exists: true } | { version: number };

export type Table = {
  get(key: ItemKey): Promise<Item | undefined>;
  put(
    key: ItemKey,
    value: ItemValue,
    options?: { condition?: WriteCondition; expiresAt?: number },
  ): Promise<Item>;
  /**
   * Sets and removes top-level attributes and adds to numbers (absent counts as 0) in one step; creates the
   * item when there is none, unless the condition says otherwise.
   */
  update(
    key: ItemKey,
    change: { set?: ItemValue; add?: Readonly<Record<string, number>>; remove?: readonly string[] },
    options?: { condition?: WriteCondition; expiresAt?: number },
  ): Promise<Item>;
  delete(key: ItemKey, options?: { condition?: WriteCondition }): Promise<void>;
  query(
    pk: string,
    options?: { prefix?: string; after?: string; limit?: number; descending?: boolean },
  ): Promise<{ items: Item[]; next?: string }>;
  /** All or nothing, at most 100 writes. */
  transact(writes: readonly TransactWrite[]): Promise<void>;
};

export type TransactWrite = { table?: never } & ItemKey &
  (
    | { kind: 'put'; value: ItemValue; condition?: WriteCondition; expiresAt?: number }
    | { kind: 'delete'; condition?: WriteCondition }
    | { kind: 'check'; condition: WriteCondition }
  );
