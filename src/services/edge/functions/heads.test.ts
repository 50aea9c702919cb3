/** Raw heads to events and back: what stays as it was, and what a function must not be able to send. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventRequest, EventResponse, FunctionEvent, HeaderList } from './event.ts';
import { eventFromHead, type RequestHeadParts, type ResponseHeadParts } from './event-from-head.ts';
import { requestEvent, responseEvent } from './functions.testing.ts';
import { requestFromResult, responseFromResult } from './head-from-result.ts';
import { FUNCTION_LIMITS } from './limits.ts';
import { readResult } from './result.ts';

const CONTEXT = {
  distributionDomainName: 'd',
  distributionId: 'i',
  requestId: 'r',
  viewerIp: '192.0.2.1',
};

function read(event: FunctionEvent, returned: unknown) {
  return readResult(JSON.stringify(returned), event, FUNCTION_LIMITS);
}

/** What becomes of a request when a function did this to it. */
function passed(original: RequestHeadParts, change: (request: EventRequest) => void): RequestHeadParts {
  const event = eventFromHead({ ...CONTEXT, request: original });
  const request = JSON.parse(JSON.stringify(event.request)) as EventRequest;
  change(request);
  const result = read(event, request);
  assert.equal(result.kind, 'request', JSON.stringify(result));
  return requestFromResult(original, event, (result as { request: EventRequest }).request);
}

function passedResponse(original: ResponseHeadParts, change: (response: EventResponse) => void) {
  const request = { method: 'GET', target: '/', headers: [] };
  const event = eventFromHead({ ...CONTEXT, request, response: original });
  const response = JSON.parse(JSON.stringify(event.response)) as EventResponse;
  change(response);
  const result = read(event, response);
  assert.equal(result.kind, 'response', JSON.stringify(result));
  return responseFromResult((result as { response: EventResponse }).response, original);
}

function refused(event: FunctionEvent, returned: unknown, text: RegExp): void {
  const result = read(event, returned);
  assert.ok(result.kind === 'failed' && result.reason === 'invalid', JSON.stringify(result));
  assert.match(result.message, text);
}

const ODD_HEADERS: HeaderList = [
  ['Host', 'example.org'],
  ['Accept', 'a'],
  ['COOKIE', 'a=1;b=2; c'],
  ['Connection', 'keep-alive'],
  ['accept', 'b'],
];

test('a request that a function leaves alone stays byte for byte', () => {
  const original = { method: 'GET', target: '/a%2Fb?x&y=1&x=2&&z==%20+', headers: ODD_HEADERS };
  assert.deepEqual(
    passed(original, () => {}),
    original,
  );
});

test('a changed path keeps the query as it was written', () => {
  const original = { method: 'GET', target: '/a?x&y=1&x=2&&', headers: ODD_HEADERS };
  const after = passed(original, (request) => {
    request.uri = '/b';
  });
  assert.deepEqual(after, { ...original, target: '/b?x&y=1&x=2&&' });
});

test('an absolute target loses its authority, so that no function sees a path that is none', () => {
  const original = { method: 'GET', target: 'http://other.example/a?b=1', headers: [] };
  assert.equal(passed(original, () => {}).target, '/a?b=1');
});

test('a changed header is written, hidden ones go on, cookies are joined', () => {
  const original = { method: 'GET', target: '/', headers: ODD_HEADERS };
  const { headers } = passed(original, (request) => {
    request.headers['x-new'] = { value: 'v' };
    request.cookies.d = { value: '4' };
    delete request.cookies.a;
  });
  assert.deepEqual(headers, [
    ['connection', 'keep-alive'],
    ['host', 'example.org'],
    ['accept', 'a'],
    ['accept', 'b'],
    ['x-new', 'v'],
    ['cookie', 'b=2; d=4'],
  ]);
});

test('a parameter cannot end itself or the request line', () => {
  const original = { method: 'GET', target: '/?a=1', headers: [] };
  const { target } = passed(original, (request) => {
    request.querystring = { 'k=&': { value: 'x&y=1 #ü"%20' }, __proto: { value: '2' } };
  });
  assert.equal(target, '/?k%3D%26=x%26y=1%20%23%C3%BC%22%20&__proto=2');
});

test('read-only headers come back when a function drops them', () => {
  const original = {
    method: 'POST',
    target: '/',
    headers: [
      ['Host', 'h'],
      ['Content-Length', '5'],
    ] as HeaderList,
  };
  const { headers } = passed(original, (request) => {
    request.headers = { accept: { value: 'x' } };
  });
  assert.deepEqual(headers, [
    ['accept', 'x'],
    ['host', 'h'],
    ['content-length', '5'],
  ]);
});

test('a request cannot be split, smuggled or sent elsewhere', () => {
  const event = requestEvent('/a', [['Content-Length', '3']]);
  const good = JSON.parse(JSON.stringify(event.request)) as EventRequest;
  const withHeader = (name: string, value: unknown) => ({
    ...good,
    headers: { ...good.headers, [name]: { value } },
  });
  for (const value of ['a\r\nx: y', 'a\nb', 'a\rb', 'a\0b', 'a\u007fb', 'a\u010ab', 'a\ud800', '\u560a'])
    refused(event, withHeader('x', value), /characters/);
  for (const value of [5, null, ['a'], { a: 1 }, undefined])
    refused(event, withHeader('x', value), /no value/);
  for (const name of ['x y', 'x:y', 'x\r\ny', 'X-Upper', 'ü', 'x\0'])
    refused(event, withHeader(name, 'v'), /is no name/);
  for (const name of [
    'connection',
    'keep-alive',
    'upgrade',
    'trailer',
    'te',
    'expect',
    'x-edge-a',
    'x-amz-cf-b',
    'proxy-connection',
  ])
    refused(event, withHeader(name, 'v'), /may not be set/);
  for (const name of ['host', 'content-length', 'transfer-encoding', 'via', 'cdn-loop'])
    refused(event, withHeader(name, 'chunked'), /only be read/);
  refused(
    event,
    {
      ...good,
      headers: {
        ...good.headers,
        host: { value: 'example.org', multiValue: [{ value: 'example.org' }, { value: 'b' }] },
      },
    },
    /only be read/,
  );
  for (const name of ['cookie', 'set-cookie']) refused(event, withHeader(name, 'a=1'), /through cookies/);
  for (const uri of [
    '',
    'a',
    'http://x/',
    '*',
    '/a b',
    '/a?b',
    '/a#b',
    '/a\r\nb',
    '/a\\b',
    '/ü',
    '/"',
    5,
    null,
    undefined,
  ])
    refused(event, { ...good, uri }, /uri/);
  refused(event, { ...good, uri: `/${'a'.repeat(9000)}` }, /uri and querystring/);
  refused(event, { ...good, querystring: { q: { value: 'ü'.repeat(1500) } } }, /uri and querystring/);
  refused(event, { ...good, method: 'POST' }, /method/);
  refused(event, { ...good, cookies: { a: { value: '1; b=2' } } }, /characters/);
  refused(event, { ...good, cookies: { 'a\n': { value: '1' } } }, /no name/);
  refused(event, { ...good, headers: [] }, /no object/);
  refused(event, { ...good, headers: { x: 'v' } }, /no object/);
  refused(event, { ...good, headers: { x: { value: 'a', multiValue: 'b' } } }, /no array/);
  refused(event, { ...good, querystring: { 'a\r\n': { value: '' } } }, /no name/);
  refused(event, withHeader('x', 'v'.repeat(17000)), /at most/);
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`x${i}`, { value: '' }]));
  refused(event, { ...good, headers: many }, /at most/);
  for (const nothing of [null, 5, 'text', [], true]) refused(event, nothing, /no object/);
});

test('cookie names cannot hold a pair of their own', () => {
  const event = requestEvent('/');
  for (const name of ['a=1; b', 'a;b', ' a', 'a=b'])
    refused(event, { ...event.request, cookies: { [name]: { value: '2' } } }, /is no name/);
});

test('a response that a function leaves alone keeps its headers and its own body', () => {
  const headers: HeaderList = [
    ['Content-Type', 'video/mp4'],
    ['Content-Length', '9'],
    ['Set-Cookie', 'a=1; Path=/'],
    ['Set-Cookie', 'a=2'],
    ['X-Cache', 'Hit'],
  ];
  const { body, ...head } = passedResponse({ status: 206, statusText: 'Partial Content', headers }, () => {});
  assert.equal(body, undefined);
  assert.deepEqual(head, {
    status: 206,
    statusText: 'Partial Content',
    headers: [
      ['x-cache', 'Hit'],
      ['content-type', 'video/mp4'],
      ['content-length', '9'],
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'a=2'],
    ],
  });
});

test('a new body takes the framing of the old one away', () => {
  const headers: HeaderList = [
    ['Content-Type', 'text/html'],
    ['Content-Length', '9'],
    ['Content-Encoding', 'br'],
  ];
  const { body, headers: after } = passedResponse({ status: 200, statusText: 'OK', headers }, (response) => {
    response.body = { encoding: 'base64', data: 'aGk=' };
  });
  assert.equal(String(body), 'hi');
  assert.deepEqual(after, [['content-type', 'text/html']]);
});

test('a response without a body by its status gets none', () => {
  for (const statusCode of [204, 304]) {
    const result = read(requestEvent('/'), { statusCode, body: 'text' });
    assert.equal(result.kind, 'response');
    assert.equal(result.kind === 'response' && responseFromResult(result.response).body?.length, 0);
  }
});

test('a response cannot be split, framed anew or made of nonsense', () => {
  const event = responseEvent([['Content-Length', '9']], 206);
  const good = JSON.parse(JSON.stringify(event.response)) as EventResponse;
  refused(event, event.request, /returns a response/);
  for (const statusCode of [100, 199, 600, 200.5, '200', null, Number.NaN])
    refused(event, { ...good, statusCode }, /statusCode/);
  for (const statusDescription of ['a\r\nb', 'a\0', 5])
    refused(event, { ...good, statusDescription }, /statusDescription/);
  refused(event, { ...good, statusCode: 200 }, /206/);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding', 'via', 'warning'])
    refused(event, { ...good, headers: { [name]: { value: '1' } } }, /only be read/);
  refused(event, { ...good, cookies: { a: { value: '1\r\nx: y' } } }, /characters/);
  refused(event, { ...good, cookies: { a: { value: '1', attributes: 'Path=/\r\nx: y' } } }, /characters/);
  refused(event, { ...good, cookies: { 'a b': { value: '1' } } }, /is no name/);
  refused(event, { ...good, body: { encoding: 'hex', data: '' } }, /encoding/);
  refused(event, { ...good, body: { data: 5 } }, /data/);
  refused(event, { ...good, body: { encoding: 'base64', data: '%%' } }, /base64/);
  refused(event, { ...good, body: 'x'.repeat(41000) }, /at most/);
  for (const name of ['content-length', 'transfer-encoding', 'connection'])
    refused(requestEvent('/'), { statusCode: 200, headers: { [name]: { value: '1' } } }, /header/);
});

test('a response with an encoding of its own may be made, one that is changed may not', () => {
  const made = read(requestEvent('/'), {
    statusCode: 200,
    headers: { 'content-encoding': { value: 'gzip' } },
  });
  assert.equal(made.kind, 'response');
});
