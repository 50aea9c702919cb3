import assert from 'node:assert/strict';
import test from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import { createHealthPoll } from './health-poll.ts';
import { readConditions, readRange } from './request-headers.ts';
import { findOperation } from './router.ts';
import { isBucketName, readS3Request } from './s3-request.ts';

function operation(method: string, target: string, headers: Record<string, string> = {}): string {
  const request = new Request('http://door/', { method, headers });
  return findOperation(
    readS3Request(request, { rawTarget: target, remoteAddress: 'in-process', trusted: false }),
  ).name;
}

const ROUTES = [
  ['GET', '/', 'ListBuckets'],
  ['GET', '/?x-id=ListBuckets', 'ListBuckets'],
  ['PUT', '/b', 'CreateBucket'],
  ['PUT', '/b/', 'CreateBucket'],
  ['GET', '/b?list-type=2&prefix=&delimiter=%2F&encoding-type=url', 'ListObjectsV2'],
  ['GET', '/b/?delimiter=/&prefix=', 'ListObjects'],
  ['GET', '/b?location', 'GetBucketLocation'],
  ['GET', '/b?location=', 'GetBucketLocation'],
  ['GET', '/b?object-lock', 'GetBucket:object-lock'],
  ['POST', '/b?delete=', 'DeleteObjects'],
  ['PUT', '/b/k?x-id=PutObject', 'PutObject'],
  ['PUT', '/b//', 'PutObject'],
  ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
  ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
  ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
  ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
  ['GET', '/b/k?versionId=null&response-content-type=a', 'GetObject'],
  ['GET', '/b/k?X-Amz-Algorithm=a&X-Amz-Signature=b', 'GetObject'],
  ['GET', '/b/k?ignored=value', 'GetObject'],
] as const;

test('method, path and query choose the operation', () => {
  for (const [method, target, name] of ROUTES)
    assert.equal(operation(method, target), name, `${method} ${target}`);
  const copy = { 'x-amz-copy-source': '/a/b' };
  assert.equal(operation('PUT', '/b/k', copy), 'CopyObject');
  assert.equal(operation('PUT', '/b/k?partNumber=1&uploadId=u', copy), 'UploadPartCopy');
});

test('a sub-resource that is not known never becomes something else', () => {
  const unknown = [
    ...[
      ['PUT', '/b?versioning'],
      ['PUT', '/b?policy='],
      ['DELETE', '/b?lifecycle'],
      ['DELETE', '/b?anything'],
    ],
    ...[
      ['PUT', '/b/k?acl'],
      ['PUT', '/b/k?uploadId=u'],
      ['PUT', '/b/k?partNumber=1'],
      ['DELETE', '/b/k?tagging'],
    ],
    ...[
      ['GET', '/b?versions'],
      ['GET', '/b/k?torrent'],
      ['POST', '/b/k?select&select-type=2'],
    ],
    ...[
      ['GET', '/b/k?partNumber=1'],
      ['GET', '/b?analytics&id=1'],
      ['GET', '/b?acl&policy'],
    ],
  ] as Array<[string, string]>;
  for (const [method, target] of unknown) {
    assert.throws(() => operation(method, target), { code: 'NotImplemented' }, `${method} ${target}`);
  }
  for (const [method, target] of [
    ['POST', '/b'],
    ['PUT', '/'],
    ['PATCH', '/b/k'],
    ['POST', '/b/k'],
  ] as const) {
    assert.throws(() => operation(method, target), { code: 'MethodNotAllowed' });
  }
});

test('bucket names follow the rules', () => {
  for (const name of ['abc', 'a-b.c', '123', 'a'.repeat(63)]) assert.ok(isBucketName(name), name);
  const bad = [
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    '-ab',
    'ab-',
    '.ab',
    'a..b',
    '1.2.3.4',
    'xn--ab',
    'ab-s3alias',
    '',
  ];
  for (const name of bad) assert.ok(!isBucketName(name), name);
});

test('ranges and conditions that cannot be read are none', () => {
  assert.deepEqual(readRange('bytes=0-0'), { start: 0, end: 0 });
  assert.deepEqual(readRange('bytes=5-'), { start: 5 });
  assert.deepEqual(readRange('bytes=-5'), { suffix: 5 });
  for (const text of [null, '', 'bytes=-', 'bytes=5-4', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b']) {
    assert.equal(readRange(text), undefined);
  }
  const headers = new Headers({ 'if-match': 'abc', 'if-none-match': 'W/"x"', 'if-modified-since': 'soon' });
  const { ifMatch, ifNoneMatch, ifModifiedSince } = readConditions(headers);
  assert.deepEqual([ifMatch, ifNoneMatch, ifModifiedSince], ['"abc"', '"x"', undefined]);
});

test('only the configured origins may read', () => {
  const origins = ['https://library.example'];
  const from = (origin: string) => new Headers({ origin, 'access-control-request-method': 'PUT' });
  const allowed = answerPreflight(from('https://library.example'), origins);
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://library.example');
  assert.throws(() => answerPreflight(from('https://other.example'), origins), { code: 'AccessForbidden' });
  assert.throws(() => answerPreflight(new Headers(), 'any'), { code: 'AccessForbidden' });
  const reply = new Headers();
  allowOrigin(reply, from('https://other.example'), origins);
  assert.deepEqual([reply.get('access-control-allow-origin'), reply.get('vary')], [null, 'Origin']);
});

test('health is the last answer of the store, asked for at most every two seconds', async () => {
  let nowMs = 0;
  let asked = 0;
  let ready = true;
  const health = async () => {
    asked++;
    return ready ? ({ ready } as const) : ({ ready: false, reason: 'the disk is full' } as const);
  };
  const poll = createHealthPoll({ health }, { ...systemClock, monotonic: () => nowMs });
  const settled = async () => {
    poll();
    await new Promise(setImmediate);
    return poll();
  };
  assert.equal(poll().ready, false);
  assert.deepEqual(await settled(), { ready: true });
  ready = false;
  assert.deepEqual(await settled(), { ready: true });
  assert.equal(asked, 1);
  nowMs = 2001;
  assert.deepEqual(await settled(), { ready: false, reasons: ['the disk is full'] });
});
