/** CloudFront signatures: what is granted, what is refused and why, and what is remembered. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import {
  type CloudFrontGrant,
  type CloudFrontSigner,
  cannedPolicy,
  fromCloudFrontBase64,
  signCloudFrontCookies,
  signCloudFrontUrl,
  toCloudFrontBase64,
} from '../../../platform/cloudfront-signing.ts';
import { isMatineeError } from '../../../platform/errors.ts';
import { matchesWildcards } from '../patterns.ts';
import { readPolicy } from './cloudfront-policy.ts';
import { type SignatureRequest, SignatureVerifier } from './cloudfront-signature.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const RSA: CloudFrontSigner = { keyPairId: 'K2RSA', privateKey: rsa.privateKey };
const EC: CloudFrontSigner = { keyPairId: 'K2EC', privateKey: ec.privateKey };
const KEYS = [
  { id: 'K2RSA', publicKeyPem: pem(rsa.publicKey) },
  { id: 'K2EC', publicKeyPem: pem(ec.publicKey) },
];
const URL_A = 'https://edge.example/titles/a/master.m3u8';
const GRANT: CloudFrontGrant = { resource: URL_A, expiresS: 1000 };

function verifierWith(keys = KEYS, cacheMax = 10): SignatureVerifier {
  const verifier = new SignatureVerifier({ cacheMax });
  verifier.setKeys(keys);
  return verifier;
}

const verifier = verifierWith();

function check(url: string, more: Partial<SignatureRequest> = {}, by = verifier) {
  const verdict = by.check({ url, cookie: '', clientAddress: '192.0.2.7', nowMs: 500_000, ...more });
  return verdict.ok ? verdict.url : verdict.reason;
}

function cookieOf(grant: CloudFrontGrant, signer = RSA): string {
  return signCloudFrontCookies(grant, signer)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}

/** A URL whose policy is any text, signed well. */
function withPolicy(policy: string, url = URL_A): string {
  const signature = toCloudFrontBase64(sign('SHA1', Buffer.from(policy), rsa.privateKey));
  return `${url}?Policy=${toCloudFrontBase64(Buffer.from(policy))}&Signature=${signature}&Key-Pair-Id=K2RSA`;
}

test('a canned policy opens its URL until its time, by each kind of key and hash', () => {
  for (const signer of [
    RSA,
    EC,
    { ...RSA, hash: 'SHA256' },
    { ...EC, hash: 'SHA256' },
  ] as CloudFrontSigner[]) {
    const signed = signCloudFrontUrl(URL_A, GRANT, signer);
    assert.deepEqual(verifier.check({ url: signed, cookie: '', clientAddress: '', nowMs: 999_999 }), {
      ok: true,
      url: URL_A,
      expiresMs: 1_000_000,
      keyId: signer.keyPairId,
    });
    assert.equal(check(signed, { nowMs: 1_000_000 }), 'expired', 'though it is remembered');
    assert.equal(check(signed.replace('a/master', 'b/master')), 'bad signature');
    assert.equal(check(signed.replace('Expires=1000', 'Expires=1001')), 'bad signature');
    assert.equal(check(signed.replace('https', 'http')), 'bad signature');
    assert.equal(check(`${signed}&x=1`), 'bad signature', 'a query is part of what is signed');
  }
});

test('the hash is what the URL says, SHA-1 when it says nothing', () => {
  const signed = signCloudFrontUrl(URL_A, GRANT, { ...RSA, hash: 'SHA256' });
  assert.match(signed, /&Hash-Algorithm=SHA256$/);
  assert.equal(check(signed.replace('&Hash-Algorithm=SHA256', '')), 'bad signature');
  assert.equal(check(signed.replace('SHA256', 'SHA1')), 'bad signature');
  assert.equal(check(signed.replace('SHA256', 'MD5')), 'unknown hash algorithm');
  assert.equal(check(`${signCloudFrontUrl(URL_A, GRANT, RSA)}&Hash-Algorithm=SHA1`), URL_A);
});

test("the viewer's own query stays, in its order and spelling, wherever the signature stands", () => {
  const url = `${URL_A}?size=large&x=%2Fy&flag`;
  const signed = signCloudFrontUrl(url, { resource: url, expiresS: 1000 }, RSA);
  assert.equal(check(signed), url);
  const [base, query = ''] = signed.split('?');
  const parts = query.split('&');
  const moved = [...parts.slice(3), ...parts.slice(0, 3)].join('&');
  assert.equal(check(`${base}?${moved}`), url);
});

test('a custom policy: wildcards, a start, addresses', () => {
  const wide = { resource: 'https://edge.example/titles/a/*', expiresS: 1000 };
  const signed = signCloudFrontUrl(URL_A, wide, RSA);
  assert.equal(check(signed), URL_A);
  assert.equal(check(signed.replace('master.m3u8', 'v/1.m4s')), URL_A.replace('master.m3u8', 'v/1.m4s'));
  assert.equal(check(signed.replace('/a/', '/b/')), 'another resource');
  assert.equal(check(signed, { nowMs: 1_000_000 }), 'expired');
  const later = signCloudFrontUrl(URL_A, { ...GRANT, startsS: 400 }, EC);
  assert.equal(check(later, { nowMs: 400_000 }), 'not valid yet');
  assert.equal(check(later, { nowMs: 400_001 }), URL_A);
  const v4 = signCloudFrontUrl(URL_A, { ...GRANT, sourceIp: '192.0.2.0/24' }, RSA);
  assert.equal(check(v4), URL_A);
  assert.equal(check(v4, { clientAddress: '::ffff:192.0.2.200' }), URL_A);
  assert.equal(check(v4, { clientAddress: '192.0.3.1' }), 'another address');
  assert.equal(check(v4, { clientAddress: '2001:db8::1' }), 'another address');
  assert.equal(check(v4, { clientAddress: 'nonsense' }), 'another address');
  const v6 = signCloudFrontUrl(URL_A, { ...GRANT, sourceIp: '2001:db8::/32' }, RSA);
  assert.equal(check(v6, { clientAddress: '2001:db8:1::9' }), URL_A);
  assert.equal(check(v6, { clientAddress: '2001:db9::9' }), 'another address');
});

test('no spelling of a path climbs out of a wildcard', () => {
  const signed = signCloudFrontUrl(
    URL_A,
    { resource: 'https://edge.example/titles/a/*', expiresS: 1000 },
    RSA,
  );
  for (const climb of ['../b', '%2e%2e/b', '.%2E/b', 'x%2f..%2fb', 'x/..', './b', '..%5cb']) {
    assert.equal(check(signed.replace('master.m3u8', climb)), 'the path climbs', climb);
  }
  assert.equal(check(signed.replace('master.m3u8', '..b')), 'https://edge.example/titles/a/..b');
});

test('wildcards match any text and one character, without time that explodes', () => {
  const cases: Array<[string, string, boolean]> = [
    ['*', '', true],
    ['*', 'https://a/b', true],
    ['http*://a/?', 'https://a/b', true],
    ['http*://a/?', 'https://a/', false],
    ['https://a/b?x=1', 'https://a/b?x=1', true],
    ['a*b*c', 'axxbxxbc', true],
    ['a*b*c', 'axxbxxbcd', false],
    ['', 'a', false],
    ['a', '', false],
    ['a*', 'a', true],
    ['a?', 'a', false],
    ['*.m4s', 'x.m4s.mp4', false],
  ];
  for (const [pattern, text, expected] of cases) {
    assert.equal(matchesWildcards(pattern, text), expected, `${pattern} ${text}`);
  }
  const started = performance.now();
  assert.equal(matchesWildcards(`${'*a'.repeat(32)}b`, 'a'.repeat(8000)), false);
  assert.ok(performance.now() - started < 500);
});

test('cookies open what their policy says; a signed URL keeps them from being looked at', () => {
  const cookie = cookieOf({ resource: 'https://edge.example/titles/a/*', expiresS: 1000 });
  assert.equal(check(`${URL_A}?x=1`, { cookie: `theme=dark; ${cookie}; z=1` }), `${URL_A}?x=1`);
  assert.equal(check(URL_A, { cookie: cookieOf(GRANT) }), URL_A);
  assert.equal(check(`${URL_A}?x=1`, { cookie: cookieOf(GRANT) }), 'bad signature');
  assert.equal(check(URL_A, { cookie: cookieOf(GRANT, { ...EC, hash: 'SHA256' }) }), URL_A);
  assert.equal(check(`${URL_A}?Expires=1000`, { cookie }), 'incomplete signature');
  assert.equal(check(`${URL_A}?Hash-Algorithm=SHA1`, { cookie }), 'incomplete signature');
  assert.equal(check(URL_A), 'no signature');
  assert.equal(check(URL_A, { cookie: 'CloudFront-Other=1; theme=dark' }), 'no signature');
  const wider = cookieOf({ resource: 'https://edge.example/*', expiresS: 10 });
  assert.equal(check(URL_A, { cookie: `${cookie}; ${wider}` }), URL_A, 'the longest path comes first');
});

test('malformed fields are refused with a reason', () => {
  const signed = signCloudFrontUrl(URL_A, GRANT, RSA);
  const signature = /Signature=([^&]+)/.exec(signed)?.[1] as string;
  const cases: Array<[string, string]> = [
    [`${signed}&Expires=1000`, 'a field twice'],
    [signed.replace(/&Signature=[^&]+/, ''), 'incomplete signature'],
    [signed.replace(/&Key-Pair-Id=[^&]+/, ''), 'incomplete signature'],
    [`${signed}&Policy=e30_`, 'incomplete signature'],
    [signed.replace('Expires=1000', 'Expires=1e3'), 'malformed field'],
    [signed.replace('Expires=1000', 'Expires=01000'), 'malformed field'],
    [signed.replace('K2RSA', 'K2%0a'), 'malformed field'],
    [signed.replace('K2RSA', 'K2NONE'), 'unknown key'],
    [signed.replace('K2RSA', 'K2EC'), 'bad signature'],
    [signed.replace(signature, ''), 'malformed field'],
    [signed.replace(signature, `${signature.slice(0, -2)}+=`), 'malformed field'],
    [signed.replace(signature, `${signature}A`), 'malformed field'],
    [signed.replace(signature, 'AAAA'), 'bad signature'],
    [signed.replace(signature, 'A'.repeat(7000)), 'malformed field'],
    [signed.replace(URL_A, `${URL_A}"`), 'malformed url'],
    [signed.replace(URL_A, `${URL_A}\\`), 'malformed url'],
    [`${signed}#x`, 'malformed url'],
    [`${signed}&x=${'x'.repeat(9000)}`, 'malformed url'],
    [signed.replace('https://edge.example', ''), 'malformed url'],
    [withPolicy('nonsense'), 'malformed policy'],
  ];
  for (const [url, reason] of cases) assert.equal(check(url), reason, url);
  assert.equal(check(URL_A, { cookie: `CloudFront-Policy=a${' '.repeat(20_000)}` }), 'malformed field');
  assert.equal(check(signed.replaceAll('~', '%7E')), URL_A, 'some clients escape the tilde');
});

test('a policy with anything that is not known grants nothing', () => {
  const condition = '"Condition":{"DateLessThan":{"AWS:EpochTime":1000}}';
  const good = `{"Statement":[{"Resource":"${URL_A}",${condition}}]}`;
  assert.equal(check(withPolicy(good)), URL_A);
  assert.equal(check(withPolicy(`{ "Statement" : [ {${condition}} ] }`)), URL_A, 'no resource: all of them');
  const bad = [
    '{}',
    '[]',
    'null',
    '{"Statement":[]}',
    `{"Statement":{"Resource":"*",${condition}}}`,
    `{"Statement":[{"Resource":"*",${condition}},{"Resource":"*",${condition}}]}`,
    '{"Statement":[{"Resource":"*"}]}',
    '{"Statement":[{"Resource":"*","Condition":{}}]}',
    '{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":"1000"}}}]}',
    '{"Statement":[{"Resource":"*","Condition":{"DateLessThan":{"AWS:EpochTime":1e999}}}]}',
    good.replace('}}}', '},"Country":{"x":"y"}}}'),
    good.replace('}}}', '},"IpAddress":{"AWS:SourceIp":"300.0.0.0/8"}}}'),
    good.replace('}}}', '},"IpAddress":{"AWS:SourceIp":"10.0.0.0/33"}}}'),
    good.replace('}}}', '},"IpAddress":{"AWS:SourceIp":"::/129"}}}'),
    good.replace(URL_A, '*'.repeat(100)),
    good.replace(URL_A, 'x'.repeat(3000)),
  ];
  for (const text of bad) assert.equal(readPolicy(text), undefined, text);
});

test('keys rotate: several are good at once, and one that has gone is good no more', () => {
  const rotating = verifierWith([KEYS[0] as (typeof KEYS)[0]]);
  const old = signCloudFrontUrl(URL_A, GRANT, RSA);
  assert.equal(check(old, {}, rotating), URL_A);
  assert.equal(check(signCloudFrontUrl(URL_A, GRANT, EC), {}, rotating), 'unknown key');
  rotating.setKeys(KEYS);
  assert.equal(check(signCloudFrontUrl(URL_A, GRANT, EC), {}, rotating), URL_A);
  rotating.setKeys([KEYS[1] as (typeof KEYS)[1]]);
  assert.equal(check(old, {}, rotating), 'unknown key', 'though it was remembered');
});

test('keys that are not usable are refused and change nothing', () => {
  const held = verifierWith();
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey;
  const secret = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const pems = ['', 'nonsense', pem(weak), pem(other), secret, '-----BEGIN PUBLIC KEY-----\nAAAA\n'];
  for (const publicKeyPem of pems) {
    assert.throws(
      () => held.setKeys([{ id: 'bad', publicKeyPem }]),
      (error) => isMatineeError(error, 'invalid_config'),
      publicKeyPem,
    );
  }
  assert.equal(check(signCloudFrontUrl(URL_A, GRANT, RSA), {}, held), URL_A);
});

test('what is remembered answers for the same fields only, and within a bound', () => {
  const small = verifierWith(KEYS, 2);
  const wide = { resource: 'https://edge.example/titles/a/*', expiresS: 1000 };
  const signed = signCloudFrontUrl(URL_A, wide, RSA);
  assert.equal(check(signed, {}, small), URL_A);
  assert.equal(check(signed.replace('K2RSA', 'K2EC'), {}, small), 'bad signature');
  assert.equal(check(`${signed}&Hash-Algorithm=SHA256`, {}, small), 'bad signature');
  const policy = /Policy=([^&]+)/.exec(signed)?.[1] as string;
  assert.equal(check(signed.replace(`Policy=${policy}`, 'Expires=1000'), {}, small), 'bad signature');
  for (let i = 0; i < 5; i++) {
    const url = `${URL_A}?i=${i}`;
    assert.equal(check(signCloudFrontUrl(url, { resource: url, expiresS: 1000 }, EC), {}, small), url);
  }
  assert.equal(check(signed, {}, small), URL_A);
});

test('base64 has one spelling, and a canned policy the text that CloudFront documents', () => {
  for (const bytes of [[], [0], [255, 254], [255, 239, 190]]) {
    const text = toCloudFrontBase64(Buffer.from(bytes));
    assert.deepEqual([...(fromCloudFrontBase64(text) as Buffer)], bytes);
  }
  for (const text of ['_', 'AA', 'AB__', 'AA_', 'A+A_', 'AA==', 'A', '__AA']) {
    assert.equal(fromCloudFrontBase64(text), undefined, text);
  }
  assert.equal(
    cannedPolicy('https://d1.cloudfront.net/a.jpg?size=large', 1767290400),
    '{"Statement":[{"Resource":"https://d1.cloudfront.net/a.jpg?size=large","Condition":{"DateLessThan":{"AWS:EpochTime":1767290400}}}]}',
  );
});

test('nothing is minted that could be read in another way', () => {
  for (const grant of [
    { resource: `${URL_A}"`, expiresS: 1 },
    { resource: 'https://edge.example/ä', expiresS: 1 },
    { resource: URL_A, expiresS: 1.5 },
  ]) {
    assert.throws(
      () => signCloudFrontCookies(grant, RSA),
      (error) => isMatineeError(error, 'invalid_request'),
    );
  }
  const star = `${URL_A}?a=*`;
  assert.match(signCloudFrontUrl(star, { resource: star, expiresS: 9 }, RSA), /&Policy=/);
});
