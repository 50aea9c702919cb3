/**
 * Damaged input against what reads the bytes of strangers: the request parser, ranges, targets, edge tokens and
 * CloudFront signatures. A run has a fixed number of rounds and a fixed seed; `MATINEE_FUZZ_S=60` goes on with
 * seeds that follow for that long, and `MATINEE_FUZZ_SEED` starts from the seed that a failure printed.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  CLOUDFRONT_FIELDS,
  type CloudFrontSigner,
  signCloudFrontCookies,
  signCloudFrontUrl,
} from '../../platform/cloudfront-signing.ts';
import { createTokenMint, PREFIX } from './edge.testing.ts';
import { createRandom, damaged, type Random, referenceHead, referenceRanges } from './fuzz.testing.ts';
import { HttpParser } from './http-parser.ts';
import { firstByteHint, ifRangeHolds, RANGES_MAX, readRanges } from './ranges.ts';
import { SignatureVerifier } from './security/cloudfront-signature.ts';
import { readTarget, targetPath } from './target.ts';
import { TokenVerifier } from './token.ts';

const SEED = Number(process.env.MATINEE_FUZZ_SEED ?? 20_261_126);
const EXTRA_S = Number(process.env.MATINEE_FUZZ_S ?? 0);

/** Runs rounds, each with a seed of its own, and puts the seed into the failure. */
function fuzz(name: string, rounds: number, round: (random: Random) => void): void {
  test(name, () => {
    const endMs = performance.now() + (EXTRA_S * 1000) / 5;
    for (let i = 0; i < rounds || performance.now() < endMs; i++) {
      try {
        round(createRandom(SEED + i));
      } catch (error) {
        throw new Error(`replay with MATINEE_FUZZ_SEED=${SEED + i}: ${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  });
}

const FIELDS = [
  'Host: edge.example:8080',
  'Range: bytes=0-5, -7',
  'If-None-Match: "a", W/"b"',
  'If-Range: "a"',
  'Connection: keep-alive, close',
  'Content-Length: 12',
  'Expect: 100-continue',
  'Transfer-Encoding: chunked',
  'Accept: */*',
  'X-Any: \xe9\t x ',
  'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
];
const LINES = [
  'GET /t/titles/a HTTP/1.1',
  'HEAD /?a=b%20c HTTP/1.0',
  'OPTIONS * HTTP/1.1',
  'GET http://h/a HTTP/1.1',
];
const HEAD_PIECES = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  ':',
  '\t',
  '\0',
  '\xff',
  'Host: b\r\n',
  'Content-Length: 1\r\n',
  '\r\n ',
];

function head(random: Random): string {
  const fields = FIELDS.filter((_, i) => i === 0 || random(3) === 0);
  if (random(4) === 0) fields.push(fields[random(fields.length)] as string);
  return `${random(8) === 0 ? '\r\n' : ''}${LINES[random(LINES.length)]}\r\n${fields.join('\r\n')}\r\n\r\n`;
}

function parsed(parser: HttpParser, bytes: Buffer, start: number, end: number): string {
  const used = parser.parse(bytes, start, end);
  if (used < 0) return `refused ${parser.fault.status}`;
  return used === 0 ? 'incomplete' : `${used} ${JSON.stringify(parser.head)}`;
}

const seen = { accepted: 0, refused: 0, incomplete: 0 };

fuzz('a request is read as a strict reading reads it, whichever way its bytes are split', 8000, (random) => {
  const text = random(10) === 0 ? head(random) : damaged(random, head(random), HEAD_PIECES);
  const before = random(5);
  const bytes = Buffer.from('\n'.repeat(before) + text, 'latin1');
  const parser = new HttpParser();
  const whole = parsed(parser, bytes, before, bytes.length);
  if (whole === 'incomplete') seen.incomplete++;
  else if (whole.startsWith('refused')) seen.refused++;
  else {
    seen.accepted++;
    const used = Number.parseInt(whole, 10);
    const reference = referenceHead(text);
    assert.ok(reference, `accepted, though a strict reading refuses ${JSON.stringify(text)}`);
    const { method, target, bodyBytes } = parser.head;
    assert.deepEqual({ used, method, target, bodyBytes }, reference, JSON.stringify(text));
    assert.equal(targetPath(target)?.includes('?') ?? false, false);
  }
  // One parser for all lengths: nothing of an incomplete head may be left in the next try.
  const other = new HttpParser();
  for (let end = before + 1; end <= bytes.length; end++) {
    const part = parsed(other, bytes, before, end);
    if (part === 'incomplete') assert.ok(end < bytes.length || whole === 'incomplete', JSON.stringify(text));
    else {
      assert.equal(part, whole, `split at ${end - before} of ${JSON.stringify(text)}`);
      break;
    }
  }
});

test('the damage is neither harmless nor fatal each time', () => {
  for (const [name, count] of Object.entries(seen)) assert.ok(count > 100, `${name}: ${count}`);
});

const RANGES = [
  'bytes=0-5',
  'bytes=-7',
  'bytes=3-',
  'bytes=0-0, 5-9,-1',
  'bytes=1-2,3-4,5-',
  '"tag"',
  'W/"tag"',
];
const RANGE_PIECES = [
  '-',
  ',',
  '=',
  ' ',
  '0',
  '9',
  '99999999999999999999',
  'bytes=',
  '\t',
  '+',
  'e',
  '\xa0',
  '\v',
];

fuzz('ranges lie inside the object, in their order, and are those of a plain reading', 10_000, (random) => {
  const text = damaged(random, RANGES[random(RANGES.length)] as string, RANGE_PIECES);
  const size = [0, 1, 10, 1000, 2 ** 40][random(5)] as number;
  const ranges = readRanges(text, size);
  assert.deepEqual(ranges, referenceRanges(text, size, RANGES_MAX), `${JSON.stringify(text)} of ${size}`);
  if (typeof ranges === 'string') return;
  assert.ok(ranges.length > 0 && ranges.length <= RANGES_MAX);
  for (const { start, end } of ranges) assert.ok(0 <= start && start <= end && end < size, text);
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  assert.ok(ranges.length === 1 || bytes <= size, 'no more bytes than the object has');
  assert.ok(Number.isSafeInteger(firstByteHint(text)));
  assert.equal(ifRangeHolds(text, '"other"', ''), text === '');
});

const TARGETS = ['/tok/titles/a/b.m4s', '/tok/titles/%C3%A9?x=1', 'http://h:1/tok/titles/a', '*', '/'];
const TARGET_PIECES = [
  '/',
  '..',
  '.',
  '%2e',
  '%2F',
  '%',
  '%00',
  '\\',
  '?',
  '%C3',
  '%5c',
  '//',
  '\x7f',
  '%252e',
  '\n',
  '%0a',
];

fuzz(
  'no key of a target climbs, is empty in the middle or holds what ends a path elsewhere',
  10_000,
  (random) => {
    const path = targetPath(damaged(random, TARGETS[random(TARGETS.length)] as string, TARGET_PIECES));
    const target = path === undefined ? undefined : readTarget(path);
    if (!target || target.key === '') return;
    const { key } = target;
    const segments = key.split('/');
    assert.ok(!segments.some((segment) => ['', '.', '..'].includes(segment)), path);
    const ends = [...key].some((char) => char === '\\' || char < ' ' || char === '\x7f');
    assert.equal(ends, false, JSON.stringify(path));
    assert.ok(Buffer.byteLength(key) <= 1024);
  },
);

const mint = createTokenMint('k1');
const tokens = new TokenVerifier(1000);
tokens.setKeys([mint]);
const TOKEN = mint.mint(PREFIX, 4_000_000_000);
const BASE64_PIECES = ['A', '.', '-', '_', '=', '~', '+', '/', '%7E', 'AAAA', '\0', ' ', '\xff'];

fuzz('an edge token that was changed opens nothing', 8000, (random) => {
  const token = damaged(random, TOKEN, BASE64_PIECES);
  assert.equal(tokens.verify(token) !== undefined, token === TOKEN, token);
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const signatures = new SignatureVerifier({ cacheMax: 100 });
signatures.setKeys(
  [rsa, ec].map(({ publicKey }, i) => ({
    id: `K${i}`,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  })),
);
const SIGNERS: CloudFrontSigner[] = [
  { keyPairId: 'K0', privateKey: rsa.privateKey },
  { keyPairId: 'K1', privateKey: ec.privateKey, hash: 'SHA256' },
];
const URL_A = 'https://edge.example/titles/a/v.m4s?size=large';
const GRANTS = [
  { resource: URL_A, expiresS: 1000 },
  { resource: 'https://edge.example/titles/a/*', expiresS: 1000, sourceIp: '192.0.2.0/24' },
];
const SIGNED = SIGNERS.flatMap((signer) => GRANTS.map((grant) => signCloudFrontUrl(URL_A, grant, signer)));
const COOKIES = SIGNERS.flatMap((signer) =>
  GRANTS.map((grant) =>
    signCloudFrontCookies(grant, signer)
      .map((pair) => pair.join('='))
      .join('; '),
  ),
);
const SIGNATURE_PIECES = [
  ...BASE64_PIECES,
  '&',
  '&Expires=1',
  '&Policy=e30_',
  '; ',
  'CloudFront-',
  '/../',
  '?',
  '#',
];
const NOW = { clientAddress: '192.0.2.1', nowMs: 1000 };

/** What a signed text grants at most: the damage may reorder or repeat what is not signed, never widen it. */
fuzz('a CloudFront signature that was changed opens nothing that was not signed', 8000, (random) => {
  const i = random(SIGNED.length);
  const byCookie = random(2) === 0;
  const original = (byCookie ? COOKIES[i] : SIGNED[i]) as string;
  const text = damaged(random, original, SIGNATURE_PIECES);
  const verdict = byCookie
    ? signatures.check({ url: URL_A, cookie: text, ...NOW })
    : signatures.check({ url: text, cookie: '', ...NOW });
  if (text === original) assert.ok(verdict.ok);
  if (!verdict.ok) return assert.ok(verdict.reason.length > 0);
  assert.equal(verdict.expiresMs, 1_000_000, text);
  const wide = i % 2 === 1;
  assert.ok(wide ? verdict.url.startsWith('https://edge.example/titles/a/') : verdict.url === URL_A, text);
  const [, query = ''] = verdict.url.split(/\?(.*)/);
  const names = query.split('&').map((part) => part.split('=')[0]);
  assert.ok(!names.some((name) => CLOUDFRONT_FIELDS.some((field) => field === name)), text);
});
