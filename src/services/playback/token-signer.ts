/**
 * Mints edge tokens (contracts/edge-token.ts) and keeps the Ed25519 keys for it: one key pair for each period of
 * 30 days, made a day ahead so that edges know it before the first token comes. Private keys are wrapped by the
 * `keys` port and stored in `tables`; a period's key has a fixed id, so that of several processes one makes it.
 */
import { type KeyObject, sign } from 'node:crypto';
import type { EdgeTokenPayload } from '../../contracts/edge-token.ts';
import type { TokenKeys } from '../../contracts/edges.ts';
import type { Clock } from '../../platform/clock.ts';
import { isMatineeError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { Health } from '../../platform/service.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import { makeSigningKey, openSigningKey } from '../../ports/keys/signing-key.ts';
import type { Item, Table, Tables } from '../../ports/tables/tables.ts';

const PERIOD_S = 30 * 86_400;
const AHEAD_S = 86_400;
const PARTITION = 'edge-token';

export type TokenSigner = {
  /** A token for one prefix and session, and when it ends (seconds since the epoch). */
  mint(prefix: string, session: string): Promise<{ token: string; expiresS: number }>;
  /** Every key that a living token may be signed with. */
  publicKeys(): Promise<TokenKeys>;
  /** Not ready while the key of this period cannot be had. Asked of memory, so it costs nothing. */
  health(): Health;
};

export type TokenSignerDeps = { tables: Tables; keys: Keys; clock: Clock; log: Log };

export async function openTokenSigner(deps: TokenSignerDeps, tokenTtlS: number): Promise<TokenSigner> {
  const { tables, keys, clock, log } = deps;
  const table = tables.table('token-keys');
  const opened = new Map<string, KeyObject>();
  const nowS = () => Math.floor(clock.now() / 1000);
  const periodOf = (s: number) => Math.floor(s / PERIOD_S);
  let trouble: string | undefined;

  const ensure = async (period: number): Promise<void> => {
    const id = idOf(period);
    if (opened.has(id)) return;
    const item = (await table.get(keyOf(id))) ?? (await make(table, keys, id, endS(period, tokenTtlS)));
    opened.set(id, await openSigningKey(keys, String(item.value.privateKey), contextOf(id)));
  };
  const current = async (): Promise<{ id: string; key: KeyObject }> => {
    const period = periodOf(nowS());
    try {
      await ensure(period);
      trouble = undefined;
    } catch (error) {
      trouble = `no key to sign tokens with: ${(error as Error).message}`;
      throw error;
    }
    try {
      await ensure(periodOf(nowS() + AHEAD_S));
    } catch (error) {
      log.warn('the next token key cannot be made yet', { error });
    }
    for (const id of opened.keys()) {
      if (id !== idOf(period) && id !== idOf(period + 1)) opened.delete(id);
    }
    return { id: idOf(period), key: opened.get(idOf(period)) as KeyObject };
  };
  await current();

  return {
    mint: async (prefix, session) => {
      const { id, key } = await current();
      const expiresS = nowS() + tokenTtlS;
      const payload: EdgeTokenPayload = [1, id, prefix, session, expiresS];
      return { token: signToken(key, payload), expiresS };
    },
    publicKeys: async () => {
      await current();
      const { items } = await table.query(PARTITION, { limit: 20 });
      return items.map(({ sk, value }) => ({ id: sk, publicKey: String(value.publicKey) }));
    },
    health: () => (trouble === undefined ? { ready: true } : { ready: false, reasons: [trouble] }),
  };
}

/** Exported for the test that holds the format still. */
export function signToken(key: KeyObject, payload: EdgeTokenPayload): string {
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${sign(null, Buffer.from(text, 'latin1'), key).toString('base64url')}`;
}

async function make(table: Table, keys: Keys, id: string, expiresAt: number): Promise<Item> {
  const made = await makeSigningKey(keys, () => contextOf(id));
  try {
    const condition = { absent: true } as const;
    return await table.put(keyOf(id), made, { condition, expiresAt });
  } catch (error) {
    if (!isMatineeError(error, 'precondition_failed')) throw error;
    const first = await table.get(keyOf(id));
    if (!first) throw error;
    return first;
  }
}

const idOf = (period: number) => `k${period}`;
const keyOf = (id: string) => ({ pk: PARTITION, sk: id });
const contextOf = (id: string) => ({ purpose: PARTITION, key: id });

/** When no token of a period's key can be alive any more, with an hour to spare for clocks. */
function endS(period: number, tokenTtlS: number): number {
  return (period + 1) * PERIOD_S + tokenTtlS + 3600;
}
