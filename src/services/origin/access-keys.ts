/**
 * The door's access keys: made once by name, kept in the table `access-keys` with their secret wrapped.
 * A secret leaves this file only to its owner and to the check of a signature.
 */
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError, MatineeError } from '../../platform/errors.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import type { Item, JsonValue, Tables } from '../../ports/tables/tables.ts';
import type { AccessScope } from './access-scope.ts';

export type AccessKey = { accessKeyId: string; secretAccessKey: string };

export type AccessKeys = {
  /** The key with this name, made when there is none; an existing one is brought to this scope. */
  ensure(name: string, scope: AccessScope): Promise<AccessKey>;
  find(accessKeyId: string): Promise<{ secret: string; scope: AccessScope } | undefined>;
};

const CACHED_KEYS_MAX = 256;
const CACHED_MS = 60_000;
const ID = /^[A-Z0-9]{16,32}$/;

type Found = { secret: string; scope: AccessScope };

export function openAccessKeys(deps: { tables: Tables; keys: Keys; clock: Clock }): AccessKeys {
  const table = deps.tables.table('access-keys');
  const cache = new Map<string, { found: Found; until: number }>();

  async function load(accessKeyId: string): Promise<Found | undefined> {
    const item = await table.get({ pk: accessKeyId, sk: 'key' });
    if (!item) return undefined;
    const wrapped = Buffer.from(String(item.value.wrapped), 'base64');
    const secret = await deps.keys.unwrap(wrapped, contextOf(accessKeyId));
    return { secret: Buffer.from(secret).toString('utf8'), scope: scopeOf(item) };
  }

  async function find(accessKeyId: string): Promise<Found | undefined> {
    if (!ID.test(accessKeyId)) return undefined;
    const cached = cache.get(accessKeyId);
    if (cached && cached.until > deps.clock.now()) return cached.found;
    cache.delete(accessKeyId);
    const found = await load(accessKeyId);
    if (!found) return undefined;
    const oldest = cache.keys().next();
    if (cache.size >= CACHED_KEYS_MAX && !oldest.done) cache.delete(oldest.value);
    cache.set(accessKeyId, { found, until: deps.clock.now() + CACHED_MS });
    return found;
  }

  async function existing(name: string, scope: AccessScope): Promise<AccessKey | undefined> {
    const pointer = await table.get(nameKey(name));
    if (!pointer) return undefined;
    const accessKeyId = String(pointer.value.accessKeyId);
    const known = await load(accessKeyId);
    if (!known) throw new MatineeError('internal', `the access key named ${name} has no record`);
    if (!isDeepStrictEqual(known.scope, scope)) {
      const change = { set: { scope: scope as JsonValue } };
      await table.update({ pk: accessKeyId, sk: 'key' }, change, { condition: { exists: true } });
      cache.delete(accessKeyId);
    }
    return { accessKeyId, secretAccessKey: known.secret };
  }

  async function make(name: string, scope: AccessScope): Promise<AccessKey> {
    const accessKeyId = newAccessKeyId();
    const secretAccessKey = randomBytes(30).toString('base64url');
    const wrapped = await deps.keys.wrap(Buffer.from(secretAccessKey), contextOf(accessKeyId));
    const value = {
      name,
      scope: scope as JsonValue,
      wrapped: Buffer.from(wrapped).toString('base64'),
      createdAt: new Date(deps.clock.now()).toISOString(),
    };
    const condition = { absent: true } as const;
    await table.transact([
      { kind: 'put', pk: accessKeyId, sk: 'key', value, condition },
      { kind: 'put', ...nameKey(name), value: { accessKeyId }, condition },
    ]);
    return { accessKeyId, secretAccessKey };
  }

  async function ensure(name: string, scope: AccessScope): Promise<AccessKey> {
    const known = await existing(name, scope);
    if (known) return known;
    try {
      return await make(name, scope);
    } catch (error) {
      if (!isMatineeError(error, 'precondition_failed')) throw error;
      // Another process made it between the look and the write.
      const theirs = await existing(name, scope);
      if (!theirs) throw error;
      return theirs;
    }
  }

  return { ensure, find };
}

function nameKey(name: string) {
  return { pk: `name:${name}`, sk: 'name' };
}

function contextOf(accessKeyId: string) {
  return { purpose: 'access-key', accessKeyId };
}

function scopeOf(item: Item): AccessScope {
  return item.value.scope as unknown as AccessScope;
}

/** 20 characters of RFC 4648's base 32, as AWS's own ids look to tools that check them. */
function newAccessKeyId(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return `MTNE${[...randomBytes(16)].map((byte) => alphabet[byte & 31]).join('')}`;
}
