import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import test from 'node:test';
import { type SigningScope, signingKey } from '../../platform/sigv4.ts';
import { type ChunkedOptions, createChunkedDecoder } from './aws-chunked.ts';
import { createChunkSignatures } from './chunk-signatures.ts';

/** Decodes a body that arrives in these pieces. */
function decode(pieces: readonly Buffer[], options: ChunkedOptions) {
  const decoder = createChunkedDecoder(options);
  const data = pieces.flatMap((piece) => decoder.push(piece)).map((one) => Buffer.from(one));
  decoder.end();
  return { data: Buffer.concat(data).toString('latin1'), trailer: decoder.trailer };
}

const CRC = 'x-amz-checksum-crc32';
const UNSIGNED = { decodedLength: 9, trailers: [CRC] };
const UNSIGNED_BODY = `5\r\nhe\r\no\r\n4\r\n\r\n\0!\r\n0\r\n${CRC}:NSRBwg==\r\n\r\n`;

test('a body cut at any two places decodes to the same bytes', () => {
  const bytes = Buffer.from(UNSIGNED_BODY, 'latin1');
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      const { data, trailer } = decode(pieces, UNSIGNED);
      assert.equal(data, 'he\r\no\r\n\0!');
      assert.equal(trailer(CRC), 'NSRBwg==');
    }
  }
});

test('a body that ends anywhere before its end is incomplete', () => {
  for (let length = 0; length < UNSIGNED_BODY.length; length++) {
    const cut = Buffer.from(UNSIGNED_BODY.slice(0, length), 'latin1');
    assert.throws(() => decode([cut], UNSIGNED), { code: 'IncompleteBody' });
  }
});

const MALFORMED: ReadonlyArray<[why: string, body: string, code: string]> = [
  ['a size that is no number', 'x\r\n', 'InvalidRequest'],
  ['a negative size', '-5\r\nhello\r\n', 'InvalidRequest'],
  ['a size with an extension', '5;a=b\r\nhello\r\n', 'InvalidRequest'],
  ['a size of too many digits', '0000000000005\r\nhello\r\n', 'InvalidRequest'],
  ['a bare line feed', '5\nhello\n', 'InvalidRequest'],
  ['a line without end', 'a'.repeat(2000), 'InvalidRequest'],
  ['a chunk longer than it says', '4\r\nhello\r\n', 'InvalidRequest'],
  ['chunks beyond the announced length', '9\r\n123456789\r\n1\r\nx\r\n', 'IncompleteBody'],
  ['less data than announced', `5\r\nhello\r\n0\r\n${CRC}:NSRBwg==\r\n\r\n`, 'IncompleteBody'],
  ['no trailer', '9\r\n123456789\r\n0\r\n\r\n', 'MalformedTrailerError'],
  ['another trailer', '9\r\n123456789\r\n0\r\nx-amz-checksum-sha1:a\r\n\r\n', 'MalformedTrailerError'],
  ['a trailer too many', `9\r\n123456789\r\n0\r\n${CRC}:a\r\nb:c\r\n\r\n`, 'MalformedTrailerError'],
  ['a trailer twice', `9\r\n123456789\r\n0\r\n${CRC}:a\r\n${CRC}:b\r\n\r\n`, 'MalformedTrailerError'],
  ['a trailer without a name', '9\r\n123456789\r\n0\r\nnothing\r\n\r\n', 'MalformedTrailerError'],
  ['bytes after the end', `9\r\n123456789\r\n0\r\n${CRC}:a\r\n\r\nX`, 'InvalidRequest'],
];

for (const [why, body, code] of MALFORMED) {
  test(`refuses ${why}, whole or byte by byte`, () => {
    const bytes = Buffer.from(body, 'latin1');
    assert.throws(() => decode([bytes], UNSIGNED), { code });
    assert.throws(
      () =>
        decode(
          [...bytes].map((byte) => Buffer.from([byte])),
          UNSIGNED,
        ),
      { code },
    );
  });
}

/** The example of the S3 reference: 65 KiB and 1 KiB of `a` under the key AKIAIOSFODNN7EXAMPLE. */
const SCOPE: SigningScope = { day: '20130524', region: 'us-east-1', service: 's3' };
const SEED = {
  signature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  key: createSecretKey(signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', SCOPE)),
  amzDate: '20130524T000000Z',
  scope: SCOPE,
};
const CHUNK_SIGNATURES = [
  'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
  '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
  'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
] as const;

function signedBody(signatures: readonly string[] = CHUNK_SIGNATURES, letter = 'a'): Buffer {
  const sizes = [65_536, 1024, 0];
  const chunks = sizes.map(
    (size, i) => `${size.toString(16)};chunk-signature=${signatures[i]}\r\n${letter.repeat(size)}\r\n`,
  );
  return Buffer.from(chunks.join(''));
}

const signed = () => ({ decodedLength: 66_560, trailers: [], signatures: createChunkSignatures(SEED) });

test('the signed chunks of the S3 reference are accepted, however they are cut', () => {
  const body = signedBody();
  for (const size of [1000, 4096, 65_537, body.length]) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) pieces.push(body.subarray(at, at + size));
    assert.equal(decode(pieces, signed()).data, 'a'.repeat(66_560));
  }
});

test('a changed byte or signature in any chunk is refused', () => {
  assert.throws(() => decode([signedBody(CHUNK_SIGNATURES, 'b')], signed()), {
    code: 'SignatureDoesNotMatch',
  });
  for (const wrong of CHUNK_SIGNATURES.keys()) {
    const signatures = CHUNK_SIGNATURES.map((one, i) => (i === wrong ? one.replace(/^./, 'f') : one));
    assert.throws(() => decode([signedBody(signatures)], signed()), { code: 'SignatureDoesNotMatch' });
  }
});

test('chunks without signatures are refused where signatures were promised', () => {
  assert.throws(() => decode([Buffer.from('5\r\nhello\r\n0\r\n\r\n')], { ...signed(), decodedLength: 5 }), {
    code: 'InvalidRequest',
  });
});

/** The example of the S3 reference for trailers: the same body with CRC32C. */
const TRAILER_SEED = {
  ...SEED,
  signature: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
};
const TRAILER_SIGNATURES = [
  'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
  '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
  '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
];
const TRAILER_SIGNATURE = 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435';

test('the signed trailer of the S3 reference is accepted, a changed one refused', () => {
  const options = () => ({
    decodedLength: 66_560,
    trailers: ['x-amz-checksum-crc32c'],
    signatures: createChunkSignatures(TRAILER_SEED),
  });
  const body = (checksum: string, signature: string) => {
    const chunks = signedBody(TRAILER_SIGNATURES).subarray(0, -2);
    const tail = `x-amz-checksum-crc32c:${checksum}\r\n${signature && `x-amz-trailer-signature:${signature}\r\n`}\r\n`;
    return Buffer.concat([chunks, Buffer.from(tail)]);
  };
  const { trailer } = decode([body('sOO8/Q==', TRAILER_SIGNATURE)], options());
  assert.equal(trailer('x-amz-checksum-crc32c'), 'sOO8/Q==');
  assert.throws(() => decode([body('sOO8/A==', TRAILER_SIGNATURE)], options()), {
    code: 'SignatureDoesNotMatch',
  });
  assert.throws(() => decode([body('sOO8/Q==', '')], options()), { code: 'MalformedTrailerError' });
});
