import assert from 'node:assert/strict';
import test, { suite } from 'node:test';
import {
  EMPTY_PAYLOAD_HASH,
  presignUrl,
  signRequest,
  splitUrl,
  UNSIGNED_PAYLOAD,
} from '../../platform/sigv4.ts';
import { FULL_ACCESS } from './access-scope.ts';
import { authenticate } from './authenticate.ts';
import { readS3Request } from './s3-request.ts';
import { createSigningKeys } from './signing-keys.ts';

const CREDENTIALS = { accessKeyId: 'MTNEKEYKEYKEYKEYKEYK', secretAccessKey: 'a-secret' };
const NOW = new Date('2026-03-01T12:00:00Z');
const MINUTE_MS = 60_000;

const signingKeys = createSigningKeys();
const accessKeys = {
  ensure: async () => CREDENTIALS,
  find: async (id: string) =>
    id === CREDENTIALS.accessKeyId ? { secret: CREDENTIALS.secretAccessKey, scope: FULL_ACCESS } : undefined,
};

function check(method: string, url: string, headers: Record<string, string>, atMs = NOW.getTime()) {
  const { path, query } = splitUrl(url);
  const rawTarget = query === '' ? path : `${path}?${query}`;
  const request = new Request(url, { method, headers });
  const context = { rawTarget, remoteAddress: 'in-process', trusted: false };
  return authenticate(readS3Request(request, context), { accessKeys, signingKeys }, atMs);
}

function signed(options: Partial<Parameters<typeof signRequest>[0]> = {}): Record<string, string> {
  return signRequest({
    method: 'GET',
    url: 'http://door:9000/bucket/key?prefix=a',
    payloadHash: EMPTY_PAYLOAD_HASH,
    credentials: CREDENTIALS,
    region: 'us-east-1',
    service: 's3',
    date: NOW,
    ...options,
  });
}

function presigned(options: Partial<Parameters<typeof presignUrl>[0]> = {}): string {
  return presignUrl({
    method: 'GET',
    baseUrl: 'http://door:9000',
    bucket: 'bucket',
    key: 'a key',
    expiresS: 60,
    credentials: CREDENTIALS,
    region: 'eu-west-3',
    date: NOW,
    ...options,
  });
}

const URL_SIGNED = 'http://door:9000/bucket/key?prefix=a';

suite('signatures in the header', () => {
  test('a right one of any region is accepted', async () => {
    for (const region of ['us-east-1', 'US', 'auto']) {
      const caller = await check('GET', URL_SIGNED, signed({ region }));
      assert.equal(caller.accessKeyId, CREDENTIALS.accessKeyId);
      assert.equal(caller.scope, FULL_ACCESS);
    }
  });

  test('any change of method, path, query, host, date or payload hash is refused', async () => {
    const headers = signed();
    const refused = { code: 'SignatureDoesNotMatch' };
    await assert.rejects(check('DELETE', URL_SIGNED, headers), refused);
    await assert.rejects(check('GET', URL_SIGNED.replace('key', 'kez'), headers), refused);
    await assert.rejects(check('GET', URL_SIGNED.replace('=a', '=b'), headers), refused);
    await assert.rejects(check('GET', URL_SIGNED, { ...headers, host: 'other:9000' }), refused);
    await assert.rejects(
      check('GET', URL_SIGNED, { ...headers, 'x-amz-content-sha256': UNSIGNED_PAYLOAD }),
      refused,
    );
    await assert.rejects(check('GET', URL_SIGNED, { ...headers, 'x-amz-date': '20260301T120001Z' }), refused);
    const wrong = { ...CREDENTIALS, secretAccessKey: 'another' };
    await assert.rejects(check('GET', URL_SIGNED, signed({ credentials: wrong })), refused);
  });

  test('an unknown key, no signature and a session token have their own errors', async () => {
    const stranger = { ...CREDENTIALS, accessKeyId: 'MTNENOBODYNOBODYNOBO' };
    await assert.rejects(check('GET', URL_SIGNED, signed({ credentials: stranger })), {
      code: 'InvalidAccessKeyId',
    });
    await assert.rejects(check('GET', URL_SIGNED, {}), { code: 'AccessDenied' });
    const session = { ...CREDENTIALS, sessionToken: 'x' };
    await assert.rejects(check('GET', URL_SIGNED, signed({ credentials: session })), {
      code: 'InvalidToken',
    });
  });

  test('a clock that is 15 minutes off is still good, a second more is not', async () => {
    for (const sign of [1, -1]) {
      await check('GET', URL_SIGNED, signed(), NOW.getTime() + sign * 15 * MINUTE_MS);
      const late = check('GET', URL_SIGNED, signed(), NOW.getTime() + sign * (15 * MINUTE_MS + 1000));
      await assert.rejects(late, { code: 'RequestTimeTooSkewed' });
    }
  });

  test('a header that changes the meaning must be signed', async () => {
    const headers = { ...signed(), 'x-amz-copy-source': '/private/film' };
    await assert.rejects(check('GET', URL_SIGNED, headers), { code: 'AccessDenied' });
  });

  test('a header that cannot be read, another service, another day or no payload hash is refused', async () => {
    const malformed = { code: 'AuthorizationHeaderMalformed' };
    const headers = signed();
    const authorization = headers.authorization ?? '';
    const changed = (from: string, to: string) => ({
      ...headers,
      authorization: authorization.replace(from, to),
    });
    await assert.rejects(check('GET', URL_SIGNED, changed('Credential', 'Kredential')), malformed);
    await assert.rejects(check('GET', URL_SIGNED, changed('/s3/', '/sqs/')), malformed);
    await assert.rejects(check('GET', URL_SIGNED, changed('20260301', '20260302')), malformed);
    await assert.rejects(check('GET', URL_SIGNED, changed('host;', '')), malformed);
    const { 'x-amz-content-sha256': _, ...unhashed } = headers;
    await assert.rejects(check('GET', URL_SIGNED, unhashed), { code: 'InvalidRequest' });
  });
});

suite('signatures in the query', () => {
  test('a presigned URL is good until it expires', async () => {
    const url = presigned();
    assert.equal((await check('GET', url, {})).payload, UNSIGNED_PAYLOAD);
    await check('GET', url, {}, NOW.getTime() + 60_000);
    await assert.rejects(check('GET', url, {}, NOW.getTime() + 61_000), {
      code: 'AccessDenied',
      message: /expired/,
    });
    await assert.rejects(check('GET', url, {}, NOW.getTime() - 16 * MINUTE_MS), { code: 'AccessDenied' });
  });

  test('it is good for its method, key and query only', async () => {
    const refused = { code: 'SignatureDoesNotMatch' };
    const url = presigned({ query: { partNumber: '1', uploadId: 'u' } });
    await check('GET', url, {});
    await assert.rejects(check('PUT', url, {}), refused);
    await assert.rejects(check('GET', url.replace('partNumber=1', 'partNumber=2'), {}), refused);
    await assert.rejects(check('GET', url.replace('a%20key', 'b%20key'), {}), refused);
    await assert.rejects(check('GET', url.replace('Expires=60', 'Expires=600'), {}), refused);
    await assert.rejects(check('GET', `${url}&acl=`, {}), refused);
  });

  test('its bearer may add ordinary headers but none that change the meaning', async () => {
    const url = presigned({ method: 'PUT' });
    await check('PUT', url, { 'content-type': 'video/mp4', range: 'bytes=0-1' });
    await assert.rejects(check('PUT', url, { 'x-amz-copy-source': '/b/k' }), { code: 'AccessDenied' });
  });

  test('an expiry over seven days, a missing field or a second signature is refused', async () => {
    const malformed = { code: 'AuthorizationQueryParametersError' };
    await assert.rejects(check('GET', presigned().replace('Expires=60', 'Expires=604801'), {}), malformed);
    await assert.rejects(check('GET', presigned().replace('X-Amz-Date', 'X-Amz-Dato'), {}), malformed);
    await assert.rejects(check('GET', presigned(), signed()), { code: 'InvalidArgument' });
  });
});

test('version 2 signatures are refused with the way to version 4', async () => {
  const advice = { code: 'AccessDenied', message: /aws configure set default\.s3\.signature_version s3v4/ };
  await assert.rejects(check('GET', `${URL_SIGNED}&AWSAccessKeyId=a&Signature=b&Expires=1`, {}), advice);
  await assert.rejects(check('GET', URL_SIGNED, { authorization: 'AWS key:signature' }), advice);
});

test('a remembered signing key is not used for another secret, and old ones make room', () => {
  const keys = createSigningKeys();
  const scope = { day: '20260301', region: 'us-east-1', service: 's3' };
  const key = keys.derive('id', 'one', scope);
  keys.remember('id', 'one', scope, key);
  assert.equal(keys.derive('id', 'one', scope), key);
  assert.ok(!keys.derive('id', 'two', scope).equals(key));
  for (let i = 0; i < 64; i++) {
    const region = `region-${i}`;
    keys.remember('id', 'one', { ...scope, region }, keys.derive('id', 'one', { ...scope, region }));
  }
  const again = keys.derive('id', 'one', scope);
  assert.notEqual(again, key);
  assert.ok(again.equals(key));
});
