/** Requests that must leave nothing behind, sent byte by byte over sockets as no client library would. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import test, { after, before } from 'node:test';
import { crc32 } from 'node:zlib';
import {
  EMPTY_PAYLOAD_HASH,
  presignUrl,
  signingKey,
  signRequest,
  signText,
  UNSIGNED_PAYLOAD,
} from '../../platform/sigv4.ts';
import { type Door, openDoor } from './door.testing.ts';

const BUCKET = 'refusals';
const KEY = 'film.mp4';
const BODY = 'the bytes of a film';
const CRC = 'x-amz-checksum-crc32';
const SIGNED_CHUNKS = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

let door: Door;
before(async () => {
  door = await openDoor();
  await door.objects.createBucket(BUCKET);
});
after(() => door[Symbol.asyncDispose]());

type Raw = {
  method?: string;
  target?: string;
  headers: Record<string, string>;
  body?: string;
  keepOpen?: boolean;
};

/** Sends a request as it stands and resolves to all that came back. */
function send({
  method = 'PUT',
  target = `/${BUCKET}/${KEY}`,
  headers,
  body = '',
  keepOpen = true,
}: Raw): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(door.port, '127.0.0.1');
    const head = Object.entries({ connection: 'close', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    let reply = '';
    socket.setEncoding('latin1').on('data', (text) => {
      reply += text;
    });
    socket.once('close', () => resolve(reply)).once('error', reject);
    socket.setTimeout(8000, () => socket.destroy(new Error('the door does not answer')));
    socket.write(Buffer.from(`${method} ${target} HTTP/1.1\r\n${head.join('')}\r\n${body}`, 'latin1'));
    if (!keepOpen) socket.end();
  });
}

function sign(
  headers: Record<string, string>,
  payloadHash: string,
  method = 'PUT',
  target = `/${BUCKET}/${KEY}`,
) {
  const signed = signRequest({
    method,
    url: `${door.url}${target}`,
    headers,
    payloadHash,
    credentials: door.credentials,
    region: 'us-east-1',
    service: 's3',
    date: new Date(),
  });
  return signed;
}

async function assertRefused(raw: Raw, status: number, code: string): Promise<string> {
  const reply = await send(raw);
  assert.match(reply, new RegExp(`HTTP/1\\.1 ${status} `));
  assert.match(reply, new RegExp(`<Code>${code}</Code>`));
  assert.match(reply, /<RequestId>[0-9A-F]{16}<\/RequestId>/);
  assert.match(reply, /x-amz-request-id: [0-9A-F]{16}/i);
  await assertNothingStored();
  return reply;
}

async function assertNothingStored(): Promise<void> {
  assert.deepEqual((await door.objects.list(BUCKET)).entries, []);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const crcOf = (text: string) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
};
const lengthOf = (text: string) => ({ 'content-length': String(Buffer.byteLength(text, 'latin1')) });

test('unsigned', async () => {
  const headers = { host: `127.0.0.1:${door.port}`, ...lengthOf(BODY) };
  await assertRefused({ headers, body: BODY }, 403, 'AccessDenied');
});

test('a signature with one digit changed', async () => {
  const headers = sign(lengthOf(BODY), sha256(BODY));
  const authorization = headers.authorization?.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) ?? '';
  const reply = await assertRefused(
    { headers: { ...headers, authorization }, body: BODY },
    403,
    'SignatureDoesNotMatch',
  );
  assert.doesNotMatch(reply, new RegExp(door.credentials.secretAccessKey));
});

test('an Expect that is refused before the body is asked for', async () => {
  const headers = { host: `127.0.0.1:${door.port}`, expect: '100-continue', 'content-length': '1000000' };
  const reply = await assertRefused({ headers }, 403, 'AccessDenied');
  assert.doesNotMatch(reply, /100 Continue/i);
});

test('a body that differs from its signed hash', async () => {
  const headers = sign(lengthOf(BODY), sha256('something else'));
  await assertRefused({ headers, body: BODY }, 400, 'XAmzContentSHA256Mismatch');
});

test('a wrong Content-MD5, and one that is none', async () => {
  const wrong = createHash('md5').update('else').digest('base64');
  const md5 = (value: string) => sign({ ...lengthOf(BODY), 'content-md5': value }, sha256(BODY));
  await assertRefused({ headers: md5(wrong), body: BODY }, 400, 'BadDigest');
  await assertRefused({ headers: md5('AAAA'), body: BODY }, 400, 'InvalidDigest');
});

test('a wrong checksum in a header, one that is none, and two', async () => {
  const stated = (headers: Record<string, string>) => sign({ ...lengthOf(BODY), ...headers }, sha256(BODY));
  await assertRefused({ headers: stated({ [CRC]: crcOf('else') }), body: BODY }, 400, 'BadDigest');
  await assertRefused({ headers: stated({ [CRC]: 'nonsense' }), body: BODY }, 400, 'InvalidRequest');
  const two = stated({ [CRC]: crcOf(BODY), 'x-amz-checksum-crc32c': crcOf(BODY) });
  await assertRefused({ headers: two, body: BODY }, 400, 'InvalidRequest');
});

test('a body that is shorter than its length, from a client that goes away', async () => {
  const headers = sign({ 'content-length': String(BODY.length + 10) }, UNSIGNED_PAYLOAD);
  await send({ headers, body: BODY, keepOpen: false });
  await assertNothingStored();
});

test('a body without any length', async () => {
  await assertRefused({ headers: sign({}, UNSIGNED_PAYLOAD) }, 411, 'MissingContentLength');
});

test('a payload mode that does not exist, and framing without its mode', async () => {
  await assertRefused(
    { headers: sign(lengthOf(BODY), 'STREAMING-SOMETHING'), body: BODY },
    400,
    'InvalidArgument',
  );
  const framed = sign({ ...lengthOf(BODY), 'content-encoding': 'aws-chunked' }, UNSIGNED_PAYLOAD);
  await assertRefused({ headers: framed, body: BODY }, 400, 'InvalidRequest');
});

function trailerBody(text: string, checksum: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n${CRC}:${checksum}\r\n\r\n`;
}

function trailerHeaders(body: string, decodedLength = BODY.length): Record<string, string> {
  const own = { 'x-amz-decoded-content-length': String(decodedLength), 'x-amz-trailer': CRC };
  return sign({ ...lengthOf(body), 'content-encoding': 'aws-chunked', ...own }, UNSIGNED_CHUNKS);
}

test('a wrong trailer', async () => {
  const body = trailerBody(BODY, crcOf('else'));
  await assertRefused({ headers: trailerHeaders(body), body }, 400, 'BadDigest');
});

test('a trailer that is promised and does not come', async () => {
  const body = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  await assertRefused({ headers: trailerHeaders(body), body }, 400, 'MalformedTrailerError');
});

test('a decoded length that is too small, too great, or absent', async () => {
  const body = trailerBody(BODY, crcOf(BODY));
  await assertRefused({ headers: trailerHeaders(body, BODY.length - 1), body }, 400, 'IncompleteBody');
  await assertRefused({ headers: trailerHeaders(body, BODY.length + 1), body }, 400, 'IncompleteBody');
  const headers = sign({ ...lengthOf(body), 'x-amz-trailer': CRC }, UNSIGNED_CHUNKS);
  await assertRefused({ headers, body }, 411, 'MissingContentLength');
});

/** Chunks signed as a client would, with one of them tampered with when asked. */
function signedChunks(headers: Record<string, string>, tamper?: 'data' | 'signature' | 'cut'): string {
  const day = (headers['x-amz-date'] ?? '').slice(0, 8);
  const key = signingKey(door.credentials.secretAccessKey, { day, region: 'us-east-1', service: 's3' });
  const scope = `${day}/us-east-1/s3/aws4_request`;
  let previous = headers.authorization?.split('Signature=')[1] ?? '';
  const chunk = (text: string) => {
    const lines = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      headers['x-amz-date'],
      scope,
      previous,
      EMPTY_PAYLOAD_HASH,
      sha256(text),
    ];
    previous = signText(lines.join('\n'), key);
    return `${text.length.toString(16)};chunk-signature=${previous}\r\n${text}\r\n`;
  };
  const [one, two, end] = [chunk(BODY.slice(0, 9)), chunk(BODY.slice(9)), chunk('')] as [
    string,
    string,
    string,
  ];
  if (tamper === 'data') return one + two.replace('film', 'filn') + end;
  if (tamper === 'signature')
    return one + two.replace(/=(.)/, (_, digit) => `=${digit === '0' ? '1' : '0'}`) + end;
  return tamper === 'cut' ? one + end : one + two + end;
}

function signedChunkHeaders(): Record<string, string> {
  const own = { 'content-encoding': 'aws-chunked,gzip', 'x-amz-decoded-content-length': String(BODY.length) };
  return sign(own, SIGNED_CHUNKS);
}

for (const tamper of ['data', 'signature', 'cut'] as const) {
  test(`signed chunks with ${tamper} tampered with`, async () => {
    const headers = signedChunkHeaders();
    const body = signedChunks(headers, tamper);
    headers['content-length'] = String(body.length);
    await assertRefused({ headers, body }, 403, 'SignatureDoesNotMatch');
  });
}

test('bucket, key and query that are not what they seem', async () => {
  const get = (target: string) => ({
    method: 'GET',
    target,
    headers: sign({}, EMPTY_PAYLOAD_HASH, 'GET', target),
  });
  await assertRefused(get(`/${BUCKET}/%ff`), 400, 'InvalidURI');
  await assertRefused(get(`/${BUCKET}/a%00b`), 400, 'InvalidURI');
  await assertRefused(get(`/${BUCKET}/${'k'.repeat(1025)}`), 400, 'KeyTooLongError');
  await assertRefused(get('/../../etc/passwd'), 404, 'NoSuchBucket');
  await assertRefused(get(`/${BUCKET}?torrent`), 501, 'NotImplemented');
  await assertRefused(get(`/${BUCKET}/${KEY}?versionId=abc`), 404, 'NoSuchVersion');
  const headers = sign(lengthOf(''), EMPTY_PAYLOAD_HASH, 'PUT', `/new-bucket?anything`);
  await assertRefused({ target: '/new-bucket?anything', headers }, 501, 'NotImplemented');
  assert.equal(await door.objects.headBucket('new-bucket'), undefined);
  const patch = {
    method: 'PATCH',
    target: `/${BUCKET}`,
    headers: sign(lengthOf(''), EMPTY_PAYLOAD_HASH, 'PATCH', `/${BUCKET}`),
  };
  await assertRefused(patch, 405, 'MethodNotAllowed');
});

test('a head that makes no URL', async () => {
  const host = `127.0.0.1:${door.port}`;
  assert.match(await send({ method: 'GET', target: '/a\\b', headers: { host } }), /HTTP\/1\.1 400 /);
  assert.match(await send({ method: 'OPTIONS', target: '*', headers: { host } }), /HTTP\/1\.1 400 /);
  assert.match(await send({ method: 'GET', headers: { host: 'a b' } }), /HTTP\/1\.1 400 /);
});

test('metadata over 2 KiB, and headers whose promise would not be kept', async () => {
  const put = (headers: Record<string, string>) => ({
    headers: sign({ ...lengthOf(BODY), ...headers }, sha256(BODY)),
    body: BODY,
  });
  await assertRefused(put({ 'x-amz-meta-a': 'x'.repeat(2048) }), 400, 'MetadataTooLarge');
  await assertRefused(put({ 'x-amz-server-side-encryption': 'aws:kms' }), 501, 'NotImplemented');
  await assertRefused(put({ 'x-amz-acl': 'public-read' }), 400, 'AccessControlListNotSupported');
  await assertRefused(put({ 'x-amz-storage-class': 'GLACIER' }), 400, 'InvalidStorageClass');
});

test('XML that is too long, broken, or wants to expand', async () => {
  const target = `/${BUCKET}?delete`;
  const post = (body: string) => ({
    method: 'POST',
    target,
    body,
    headers: sign(lengthOf(body), sha256(body), 'POST', target),
  });
  const bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">]><Delete><Object><Key>&b;</Key></Object></Delete>';
  await assertRefused(post(bomb), 400, 'MalformedXML');
  await assertRefused(post('<Delete><Object>'), 400, 'MalformedXML');
  await assertRefused(post('<Delete/>'), 400, 'MalformedXML');
  const tooMany = `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1001)}</Delete>`;
  await assertRefused(post(tooMany), 400, 'MalformedXML');
  await assertRefused(post(`<Delete>${' '.repeat(1024 * 1024)}</Delete>`), 400, 'MaxMessageLengthExceeded');
});

test('what a key may not do', async () => {
  door.admit('MTNEREADONLYREADONLY', 'reader', [{ actions: ['read'], bucket: BUCKET, prefix: 'open/' }]);
  const credentials = { accessKeyId: 'MTNEREADONLYREADONLY', secretAccessKey: 'reader' };
  const as = (method: string, target: string, headers: Record<string, string> = {}) => ({
    method,
    target,
    headers: signRequest({
      method,
      url: `${door.url}${target}`,
      headers,
      payloadHash: UNSIGNED_PAYLOAD,
      credentials,
      region: 'us-east-1',
      service: 's3',
      date: new Date(),
    }),
  });
  await assertRefused(as('GET', `/${BUCKET}/open/missing`), 404, 'NoSuchKey');
  await assertRefused(as('GET', `/${BUCKET}/closed`), 403, 'AccessDenied');
  await assertRefused(as('GET', `/${BUCKET}?prefix=open/`), 403, 'AccessDenied');
  await assertRefused(as('GET', '/'), 403, 'AccessDenied');
  await assertRefused(as('PUT', `/${BUCKET}/open/x`, lengthOf('')), 403, 'AccessDenied');
  await assertRefused(as('DELETE', `/${BUCKET}/open/x`), 403, 'AccessDenied');
  const copy = { ...lengthOf(''), 'x-amz-copy-source': `/${BUCKET}/closed` };
  await assertRefused(as('PUT', `/${BUCKET}/open/x`, copy), 403, 'AccessDenied');
  await assertRefused(as('PUT', '/another-bucket', lengthOf('')), 403, 'AccessDenied');
});

test('the same bodies untampered are stored', async () => {
  const stored = async (raw: Raw) => {
    assert.match(await send(raw), /HTTP\/1\.1 200 /);
    const info = await door.objects.head(BUCKET, KEY);
    await door.objects.delete(BUCKET, KEY);
    return info;
  };
  const chunked = signedChunkHeaders();
  const body = signedChunks(chunked);
  chunked['content-length'] = String(body.length);
  const info = await stored({ headers: chunked, body });
  assert.deepEqual([info.size, info.contentEncoding], [BODY.length, 'gzip']);
  const trailer = trailerBody(BODY, crcOf(BODY));
  assert.equal((await stored({ headers: trailerHeaders(trailer), body: trailer })).size, BODY.length);
  const expecting = { ...sign(lengthOf(BODY), sha256(BODY)), expect: '100-continue' };
  assert.equal((await stored({ headers: expecting, body: BODY })).size, BODY.length);
  const te = sign({ 'transfer-encoding': 'chunked' }, UNSIGNED_PAYLOAD);
  assert.equal((await stored({ headers: te, body: '3\r\nabc\r\n0\r\n\r\n' })).size, 3);
});

test('HEAD is refused without a body', async () => {
  const reply = await send({ method: 'HEAD', headers: { host: `127.0.0.1:${door.port}` } });
  assert.match(reply, /HTTP\/1\.1 403 /);
  assert.equal(reply.split('\r\n\r\n')[1], '');
});

test('browsers of any origin may ask before they send, and may read the ETag', async () => {
  const headers = {
    host: `127.0.0.1:${door.port}`,
    origin: 'http://library.example',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'content-type',
  };
  const preflight = await send({ method: 'OPTIONS', headers });
  assert.match(preflight, /HTTP\/1\.1 200 /);
  assert.match(preflight, /access-control-allow-origin: \*/i);
  assert.match(preflight, /access-control-allow-methods: [^\r]*PUT/i);
  assert.match(preflight, /access-control-allow-headers: content-type/i);
  const url = presignUrl({
    ...{ method: 'PUT', baseUrl: door.url, bucket: BUCKET, key: KEY, expiresS: 60 },
    ...{ credentials: door.credentials, region: 'us-east-1', date: new Date() },
  });
  const reply = await fetch(url, {
    method: 'PUT',
    body: BODY,
    headers: { origin: 'http://library.example' },
  });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('access-control-allow-origin'), '*');
  assert.match(reply.headers.get('access-control-expose-headers') ?? '', /ETag/);
  await door.objects.delete(BUCKET, KEY);
});
