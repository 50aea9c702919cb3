/** Token keys over real tables and keys: rotation, agreement, and the format that edges know. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TOKEN_EXAMPLE } from '../../contracts/edge-token.testing.ts';
import { EDGE_TOKEN_CHARS_MAX } from '../../contracts/edge-token.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openLocalKeys } from '../../ports/keys/embedded.ts';
import type { Keys } from '../../ports/keys/keys.ts';
import { openSqliteTables } from '../../ports/tables/embedded.ts';
import type { Tables } from '../../ports/tables/tables.ts';
import { openTokenSigner, signToken } from './token-signer.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PERIOD_MS = 30 * DAY_MS;
const TTL_S = 3600;
/** The start of a period far from the others, so that each test has keys of its own. */
const beginOf = (n: number) => (800 + 10 * n) * PERIOD_MS;
const state = { ms: 0 };
const clock = { ...systemClock, now: () => state.ms };
let folder: string;
let tables: Tables;
let keys: Keys;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-token-keys-'));
  tables = await openSqliteTables({ file: join(folder, 't.sqlite'), clock, log: silentLog });
  keys = await openLocalKeys({ folder: join(folder, 'keys'), clock });
});
after(async () => {
  await tables?.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (wrapping: Keys = keys) =>
  openTokenSigner({ tables, keys: wrapping, clock, log: silentLog }, TTL_S);
type Signer = Awaited<ReturnType<typeof open>>;
const idsOf = async (signer: Signer) => (await signer.publicKeys()).map(({ id }) => id);
const signingId = async (signer: Signer): Promise<string> => {
  const { token } = await signer.mint('titles/x/', 's');
  return JSON.parse(Buffer.from(token.split('.')[0] as string, 'base64url').toString())[1];
};

test('keys change every 30 days, are told a day ahead, and leave when their last token has', async () => {
  const begin = beginOf(1);
  state.ms = begin + 1000;
  const signer = await open();
  const first = await signingId(signer);
  assert.deepEqual(await idsOf(signer), [first]);
  state.ms = begin + 29 * DAY_MS + HOUR_MS;
  assert.equal(await signingId(signer), first);
  const [, next] = await idsOf(signer);
  state.ms = begin + PERIOD_MS;
  assert.equal(await signingId(signer), next);
  state.ms = begin + PERIOD_MS + TTL_S * 1000;
  assert.deepEqual(await idsOf(signer), [first, next], 'a token of the last moment lives until now');
  state.ms += HOUR_MS + 1000;
  assert.deepEqual(await idsOf(signer), [next]);
});

test('a signer that starts anew signs with the key that was there', async () => {
  state.ms = beginOf(2);
  const before = await open();
  const { token } = await before.mint('titles/x/', 's');
  const again = await open();
  assert.deepEqual(await again.publicKeys(), await before.publicKeys());
  assert.equal((await again.mint('titles/x/', 's')).token, token, 'Ed25519 is deterministic');
});

test('processes that start together agree on one key', async () => {
  state.ms = beginOf(3);
  const other = await openSqliteTables({ file: join(folder, 't.sqlite'), clock, log: silentLog });
  try {
    const signers = await Promise.all(
      [tables, other, tables, other].map((each) =>
        openTokenSigner({ tables: each, keys, clock, log: silentLog }, TTL_S),
      ),
    );
    const minted = await Promise.all(signers.map((signer) => signer.mint('titles/x/', 's')));
    assert.equal(new Set(minted.map(({ token }) => token)).size, 1);
    for (const signer of signers) assert.deepEqual(await signer.publicKeys(), await signers[0]?.publicKeys());
  } finally {
    await other.close();
  }
});

test('private keys are stored wrapped, and a key service that is away is told in health, once it matters', async () => {
  state.ms = beginOf(4);
  const wrapped: Uint8Array[] = [];
  let away = false;
  const wrapping: Keys = {
    ...keys,
    wrap: async (secret, context) => {
      if (away) throw new Error('away');
      wrapped.push(secret);
      return keys.wrap(secret, context);
    },
  };
  const signer = await open(wrapping);
  const { items } = await tables.table('token-keys').query('edge-token');
  const stored = Buffer.from(String(items.at(-1)?.value.privateKey), 'base64');
  const secret = Buffer.from(wrapped[0] as Uint8Array).subarray(-32);
  assert.equal(stored.includes(secret), false);
  away = true;
  state.ms += 29.5 * DAY_MS;
  await signer.mint('titles/x/', 's');
  assert.deepEqual(signer.health(), { ready: true }, 'the next key is not needed yet');
  state.ms += DAY_MS;
  await assert.rejects(signer.mint('titles/x/', 's'));
  assert.equal(signer.health().ready, false);
  away = false;
  await signer.publicKeys();
  assert.deepEqual(signer.health(), { ready: true });
});

test('the format of a token is held still, letter by letter', () => {
  const { seed, keyId, prefix, session, expiresS, token } = TOKEN_EXAMPLE;
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  assert.equal(signToken(key, [1, keyId, prefix, session, expiresS]), token);
  assert.ok(token.length < EDGE_TOKEN_CHARS_MAX);
});
