/** Token checks without sockets: keys that come and go, bounds of what is remembered. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { TOKEN_EXAMPLE } from '../../contracts/edge-token.testing.ts';
import { Access } from './access.ts';
import { createTokenMint, PREFIX, signedToken } from './edge.testing.ts';
import { TitleStreams } from './proactive-fill/title-streams.ts';
import { TokenVerifier } from './token.ts';

const mint = createTokenMint('k1');
const next = createTokenMint('k2');

function verifierWith(...mints: Array<typeof mint>): TokenVerifier {
  const verifier = new TokenVerifier(10);
  verifier.setKeys(mints.map(({ id, publicKey }) => ({ id, publicKey })));
  return verifier;
}

test('a good token tells what it opens', () => {
  assert.deepEqual(verifierWith(mint).verify(mint.mint(PREFIX, 1000)), {
    prefix: PREFIX,
    session: 'session',
    expiresMs: 1_000_000,
  });
});

test('the token that playback must mint letter by letter is taken', () => {
  const { keyId, publicKey, token, prefix, session, expiresS } = TOKEN_EXAMPLE;
  const verifier = new TokenVerifier(10);
  verifier.setKeys([{ id: keyId, publicKey }]);
  assert.deepEqual(verifier.verify(token), { prefix, session, expiresMs: expiresS * 1000 });
});

test('a token has one spelling only', () => {
  const verifier = verifierWith(mint);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const good = mint.mint();
  const spellings = [...alphabet].map((last) => good.slice(0, -1) + last);
  assert.deepEqual(
    spellings.filter((token) => verifier.verify(token)),
    [good],
  );
});

test('payloads of another form are refused, however well they are signed', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const verifier = new TokenVerifier(10);
  verifier.setKeys([{ id: 'k', publicKey: (publicKey.export({ format: 'jwk' }) as { x: string }).x }]);
  assert.ok(verifier.verify(signedToken(privateKey, [1, 'k', 'titles/', 's', 5])));
  const bad = [
    [2, 'k', 'titles/', 's', 5],
    [1, 'k', 'titles', 's', 5],
    [1, 'k', '/', 's', 5],
    [1, 'k', '', 's', 5],
    [1, 'k', 'titles/', 's'],
    [1, 'k', 'titles/', 's', '5'],
    [1, 'k', 'titles/', 's', 5, 6],
    { version: 1 },
    'text',
    null,
  ];
  for (const payload of bad) {
    assert.equal(verifier.verify(signedToken(privateKey, payload)), undefined, JSON.stringify(payload));
  }
});

test('keys rotate: both are good while both are told, then the old one is not', () => {
  const verifier = verifierWith(mint, next);
  const old = mint.mint();
  assert.ok(verifier.verify(old));
  assert.ok(verifier.verify(next.mint()));
  assert.equal(verifier.setKeys([next]), true);
  assert.equal(verifier.verify(old), undefined, 'though it was remembered');
  assert.equal(verifier.setKeys([next]), false, 'nothing new');
});

test('an empty list of keys keeps the last ones, and a key that is none is passed over', () => {
  const verifier = verifierWith(mint);
  verifier.setKeys([]);
  assert.ok(verifier.verify(mint.mint()));
  verifier.setKeys([{ id: 'bad', publicKey: 'no key' }, next]);
  assert.ok(verifier.verify(next.mint()));
});

test('grants are remembered within a bound and forgotten with the keys', () => {
  const verifier = verifierWith(mint);
  const access = new Access(verifier, 5, new TitleStreams());
  const token = mint.mint(PREFIX, 100);
  for (let i = 0; i < 50; i++) assert.ok('key' in access.open(`/${token}/${PREFIX}${i}.m4s`, 0));
  assert.deepEqual(access.open(`/${token}/${PREFIX}49.m4s`, 100_000), {
    status: 403,
    message: 'the token has expired',
  });
  const target = `/${token}/${PREFIX}1.m4s`;
  assert.ok('key' in access.open(target, 0));
  verifier.setKeys([next]);
  access.forget();
  assert.equal((access.open(target, 0) as { status: number }).status, 403);
});
