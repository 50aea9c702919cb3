import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import test from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  EMPTY_PAYLOAD_HASH,
  parseAmzDate,
  parseQuery,
  percentDecode,
  presignUrl,
  signingKey,
  signRequest,
  signText,
  stringToSign,
  uriEncode,
} from './sigv4.ts';

const EXAMPLE = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const EXAMPLE_DATE = new Date('2013-05-24T00:00:00Z');

/** Examples of the S3 API reference, "Signature calculations for the Authorization header". */
test('signs a ranged GET as the S3 reference does', () => {
  const headers = signRequest({
    method: 'GET',
    url: 'https://examplebucket.s3.amazonaws.com/test.txt',
    headers: { Range: 'bytes=0-9' },
    payloadHash: EMPTY_PAYLOAD_HASH,
    credentials: EXAMPLE,
    region: 'us-east-1',
    service: 's3',
    date: EXAMPLE_DATE,
  });
  assert.match(
    headers.authorization ?? '',
    /Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/,
  );
  assert.match(headers.authorization ?? '', /SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,/);
});

test('signs a sub-resource and a list as the S3 reference does', () => {
  const sign = (query: string) =>
    signRequest({
      method: 'GET',
      url: `https://examplebucket.s3.amazonaws.com/?${query}`,
      payloadHash: EMPTY_PAYLOAD_HASH,
      credentials: EXAMPLE,
      region: 'us-east-1',
      service: 's3',
      date: EXAMPLE_DATE,
    }).authorization?.split('Signature=')[1];
  assert.equal(sign('lifecycle'), 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543');
  assert.equal(
    sign('max-keys=2&prefix=J'),
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  );
});

test('canonical PUT with a key to encode signs as the S3 reference does', () => {
  const body = createHash('sha256').update('Welcome to Amazon S3.').digest('hex');
  const scope = { day: '20130524', region: 'us-east-1', service: 's3' };
  const canonical = canonicalRequest({
    method: 'PUT',
    path: canonicalPath('/test$file.text'),
    query: [],
    headers: [
      ['date', 'Fri, 24 May 2013 00:00:00 GMT'],
      ['host', 'examplebucket.s3.amazonaws.com'],
      ['x-amz-content-sha256', body],
      ['x-amz-date', '20130524T000000Z'],
      ['x-amz-storage-class', 'REDUCED_REDUNDANCY'],
    ],
    payloadHash: body,
  });
  assert.equal(
    signText(stringToSign('20130524T000000Z', scope, canonical), signingKey(EXAMPLE.secretAccessKey, scope)),
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  );
});

test('the signing key of the general reference comes out', () => {
  const key = signingKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', {
    day: '20150830',
    region: 'us-east-1',
    service: 'iam',
  });
  assert.equal(key.toString('hex'), 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
});

class NodeSha256 {
  readonly #secret: unknown;
  #parts: Uint8Array[] = [];
  constructor(secret?: unknown) {
    this.#secret = secret;
  }
  update(data: Uint8Array | string) {
    this.#parts.push(Buffer.from(data as string));
  }
  async digest(): Promise<Uint8Array> {
    const all = Buffer.concat(this.#parts);
    const secret = this.#secret as string | Uint8Array | undefined;
    return secret === undefined
      ? createHash('sha256').update(all).digest()
      : createHmac('sha256', secret).update(all).digest();
  }
  reset() {
    this.#parts = [];
  }
}

const ODD_KEYS = [
  'plain.mp4',
  'a b+c&d=e?f#g.mp4',
  '../up//down/./x',
  "quote'(1)!*.mp4",
  'Amélie – 映画.mkv',
  '~t_-.',
];

function awsSigner() {
  return new SignatureV4({
    service: 's3',
    region: 'eu-central-1',
    credentials: EXAMPLE,
    sha256: NodeSha256 as never,
    uriEscapePath: false,
    applyChecksum: true,
  });
}

for (const key of ODD_KEYS) {
  test(`headers and presigned URL of '${key}' match the AWS SDK's own signer`, async () => {
    const path = `/bucket/${uriEncode(key, true)}`;
    const request = {
      method: 'GET',
      protocol: 'http:',
      hostname: 'localhost',
      port: 9000,
      path,
      query: { partNumber: '2', uploadId: 'a/b+c=' },
      headers: { host: 'localhost:9000' },
    };
    const signed = await awsSigner().sign(
      { ...request, headers: { ...request.headers, 'x-amz-content-sha256': EMPTY_PAYLOAD_HASH } },
      { signingDate: EXAMPLE_DATE },
    );
    const ours = signRequest({
      method: 'GET',
      url: `http://localhost:9000${path}?uploadId=${uriEncode('a/b+c=')}&partNumber=2`,
      payloadHash: EMPTY_PAYLOAD_HASH,
      credentials: EXAMPLE,
      region: 'eu-central-1',
      service: 's3',
      date: EXAMPLE_DATE,
    });
    assert.equal(ours.authorization, signed.headers.authorization);

    const presigned = await awsSigner().presign(
      { ...request, headers: { host: 'localhost:9000', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
      {
        signingDate: EXAMPLE_DATE,
        expiresIn: 60,
        unhoistableHeaders: new Set(['x-amz-content-sha256']),
        unsignableHeaders: new Set(['x-amz-content-sha256']),
      },
    );
    const url = presignUrl({
      method: 'GET',
      baseUrl: 'http://localhost:9000',
      bucket: 'bucket',
      key,
      query: request.query,
      expiresS: 60,
      credentials: EXAMPLE,
      region: 'eu-central-1',
      date: EXAMPLE_DATE,
    });
    assert.equal(/X-Amz-Signature=(\w+)/.exec(url)?.[1], presigned.query?.['X-Amz-Signature']);
  });
}

test('paths and queries keep what a URL parser would change', () => {
  assert.equal(canonicalPath('/b/../x//y/./z'), '/b/../x//y/./z');
  assert.equal(canonicalPath('/b/%7Etilde%2fslash(1)'), '/b/~tilde/slash%281%29');
  assert.equal(percentDecode('a%zz%4').toString(), 'a%zz%4');
  assert.deepEqual(parseQuery('b&a=1+2&a=%2B&=x'), [
    ['b', ''],
    ['a', '1 2'],
    ['a', '+'],
    ['', 'x'],
  ]);
  assert.equal(canonicalQuery(parseQuery('b&a=2&a=1&A=0')), 'A=0&a=1&a=2&b=');
});

test('dates that name no time and expiries out of range are refused', () => {
  assert.equal(parseAmzDate('20130524T000000Z')?.getTime(), EXAMPLE_DATE.getTime());
  assert.equal(parseAmzDate('20131324T000000Z'), undefined);
  assert.equal(parseAmzDate('2013-05-24'), undefined);
  const options = {
    method: 'GET',
    baseUrl: 'http://h',
    bucket: 'b',
    key: 'k',
    credentials: EXAMPLE,
    region: 'r',
    date: EXAMPLE_DATE,
  };
  assert.throws(() => presignUrl({ ...options, expiresS: 0 }), { code: 'invalid_request' });
  assert.throws(() => presignUrl({ ...options, expiresS: 604_801 }), { code: 'invalid_request' });
});
