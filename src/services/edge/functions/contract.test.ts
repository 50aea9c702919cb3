/** Functions of the kind that people run at CloudFront, against the contract: what they get, import and return. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { after, test } from 'node:test';
import type { FunctionEvent, FunctionResult } from './event.ts';
import {
  AB_COOKIE,
  COUNTRY_REDIRECT,
  INDEX_REWRITE,
  JWT_CHECK,
  NOW_MS,
  openForTest,
  requestEvent,
  responseEvent,
  SECURITY_HEADERS,
  testClock,
} from './functions.testing.ts';
import { KeyValueStore } from './key-value-store.ts';

const functions = await openForTest({ callMs: 50 });
after(() => functions.close());

/** The request that a function returns for an event. */
async function requestOf(code: string, event: FunctionEvent, kvs?: KeyValueStore) {
  const { result } = await functions.test(code, event, kvs);
  assert.equal(result.kind, 'request', JSON.stringify(result));
  return (result as FunctionResult & { kind: 'request' }).request;
}

async function responseOf(code: string, event: FunctionEvent, kvs?: KeyValueStore) {
  const { result } = await functions.test(code, event, kvs);
  assert.equal(result.kind, 'response', JSON.stringify(result));
  return (result as FunctionResult & { kind: 'response' }).response;
}

/** What an expression is inside the sandbox. */
async function insideValue(expression: string, kvs?: KeyValueStore): Promise<unknown> {
  const code = `import cf from 'cloudfront'; import crypto, { createHash } from 'crypto';
    import querystring from 'querystring'; import { Buffer as B } from 'buffer';
    async function handler() { return { statusCode: 200, body: JSON.stringify(${expression}) ?? 'undefined' }; }`;
  const { body } = await responseOf(code, requestEvent(), kvs);
  return JSON.parse((body as { data: string }).data);
}

test('an event has the shape of CloudFront', async () => {
  const event = requestEvent('/a/b?x=1&x=2&empty&__proto__=3', [
    ['Accept', 'text/html'],
    ['accept', 'text/plain'],
    ['Cookie', 'id=7; theme=dark'],
    ['Connection', 'keep-alive'],
    ['X-Edge-Secret', 'no'],
  ]);
  const { body } = await responseOf(
    'function handler(event) { return { statusCode: 200, body: JSON.stringify(event) }; }',
    event,
  );
  assert.equal(
    (body as { data: string }).data,
    JSON.stringify({
      version: '1.0',
      context: {
        distributionDomainName: 'edge.example.org',
        distributionId: 'EDGE1',
        eventType: 'viewer-request',
        requestId: 'request-1',
      },
      viewer: { ip: '192.0.2.7' },
      request: {
        method: 'GET',
        uri: '/a/b',
        querystring: {
          x: { value: '1', multiValue: [{ value: '1' }, { value: '2' }] },
          empty: { value: '' },
          ['__proto__']: { value: '3' },
        },
        headers: {
          host: { value: 'example.org' },
          accept: { value: 'text/html', multiValue: [{ value: 'text/html' }, { value: 'text/plain' }] },
        },
        cookies: { id: { value: '7' }, theme: { value: 'dark' } },
      },
    }),
  );
});

test('a path without a file name leads to its index page', async () => {
  for (const [uri, rewritten] of [
    ['/', '/index.html'],
    ['/films/', '/films/index.html'],
    ['/films', '/films/index.html'],
    ['/films/a.mp4', '/films/a.mp4'],
  ] as const) {
    assert.equal((await requestOf(INDEX_REWRITE, requestEvent(uri))).uri, rewritten);
  }
});

test('viewers are redirected by their country', async () => {
  const response = await responseOf(
    COUNTRY_REDIRECT,
    requestEvent('/', [['CloudFront-Viewer-Country', 'AT']]),
  );
  assert.equal(response.statusCode, 302);
  assert.equal(response.headers.location?.value, 'https://example.org/de/');
  assert.equal((await requestOf(COUNTRY_REDIRECT, requestEvent('/'))).uri, '/');
});

test('security headers join a response, and what a function deletes is gone', async () => {
  const response = await responseOf(
    SECURITY_HEADERS,
    responseEvent([
      ['Server', 'x'],
      ['Content-Type', 'video/mp4'],
    ]),
  );
  assert.deepEqual(Object.keys(response.headers).sort(), [
    'content-security-policy',
    'content-type',
    'strict-transport-security',
    'x-content-type-options',
  ]);
});

test('a token signed with a secret of the key-value store opens, any other does not', async () => {
  const kvs = new KeyValueStore('secrets', testClock.now);
  kvs.put('jwt-secret', 'correct horse');
  const jwt = (secret: string, payload: object, alg = 'HS256') => {
    const head = [{ alg, typ: 'JWT' }, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
  };
  const later = NOW_MS / 1000 + 60;
  const good = jwt('correct horse', { sub: 'zoë', exp: later });
  const request = await requestOf(JWT_CHECK, requestEvent(`/film?token=${good}&q=1`), kvs);
  assert.deepEqual({ ...request.querystring }, { q: { value: '1' } });
  assert.equal(request.headers['x-user']?.value, 'zoë');
  for (const bad of [
    jwt('wrong', { sub: 'a', exp: later }),
    jwt('correct horse', { sub: 'a', exp: NOW_MS / 1000 }),
    jwt('correct horse', { sub: 'a', exp: later }, 'none'),
    'nonsense',
  ]) {
    assert.equal((await responseOf(JWT_CHECK, requestEvent(`/film?token=${bad}`), kvs)).statusCode, 401);
  }
});

test('a cookie keeps a viewer in a group, and chance differs from call to call', async () => {
  await functions.publish({ name: 'ab', stage: 'live', code: AB_COOKIE, eventType: 'viewer-request' });
  const groups = new Map<string, number>();
  for (let i = 0; i < 200; i++) {
    const result = functions.run('ab', requestEvent('/'), `viewer${i}`);
    assert.equal(result.kind, 'request');
    const group = result.kind === 'request' ? result.request.cookies.group?.value : undefined;
    groups.set(String(group), (groups.get(String(group)) ?? 0) + 1);
  }
  assert.ok(Math.abs((groups.get('a') ?? 0) - 100) < 40 && groups.size === 2, JSON.stringify([...groups]));
  const kept = functions.run('ab', requestEvent('/x', [['cookie', 'group=b']]), 'v');
  assert.equal(kept.kind === 'request' && kept.request.uri, '/b/x');
});

test('a response event may become another response, with cookies and a body', async () => {
  const code = `function handler(event) {
    const { response } = event;
    response.cookies.old.attributes = 'Max-Age=0';
    response.cookies.fresh = { value: '1', attributes: 'Secure; Path=/' };
    response.body = { encoding: 'base64', data: 'aGk=' };
    return response;
  }`;
  const response = await responseOf(code, responseEvent([['Set-Cookie', 'old=5; Path=/']]));
  assert.deepEqual(
    { ...response.cookies },
    { old: { value: '5', attributes: 'Max-Age=0' }, fresh: { value: '1', attributes: 'Secure; Path=/' } },
  );
  assert.deepEqual(response.body, { encoding: 'base64', data: 'aGk=' });
});

test('digests are those of the host in each algorithm and encoding', async () => {
  for (const algorithm of ['md5', 'sha1', 'sha256'])
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const expected = createHash(algorithm)
        .update('grüße')
        .update(Buffer.from([1, 2]))
        .digest(encoding);
      const expression = `crypto.createHash('${algorithm}').update('grüße').update(B.from([1, 2])).digest('${encoding}')`;
      assert.equal(await insideValue(expression), expected);
    }
  const mac = createHmac('sha1', Buffer.from('key')).update('text').digest('hex');
  assert.equal(
    await insideValue(`crypto.createHmac('sha1', B.from('key')).update('text').digest().toString('hex')`),
    mac,
  );
  assert.equal(
    await insideValue(`createHash('md5').update('616263', 'hex').digest('hex')`),
    createHash('md5').update('abc').digest('hex'),
  );
});

test('buffers, text coders and query strings do what their namesakes do', async () => {
  const cases: Array<[string, unknown]> = [
    [`B.from('grüße').toString('base64')`, Buffer.from('grüße').toString('base64')],
    [`B.concat([B.from('a'), B.from([98, 99])]).toString()`, 'abc'],
    [`B.from('616263', 'hex').subarray(1).toString()`, 'bc'],
    [
      `[B.byteLength('ü'), B.alloc(3, 'ab').toString(), B.isBuffer(B.alloc(1)), B.isBuffer(new Uint8Array(1))]`,
      [2, 'aba', true, false],
    ],
    [`B.from('a').equals(new Uint8Array([97]))`, true],
    [`[atob('aGk='), btoa('hi')]`, ['hi', 'aGk=']],
    [`new TextDecoder().decode(new TextEncoder().encode('ünï'))`, 'ünï'],
    [`querystring.parse('a=1&b=x%20y&a=2&c')`, { a: ['1', '2'], b: 'x y', c: '' }],
    [`querystring.stringify({ a: [1, 2], b: 'x y' })`, 'a=1&a=2&b=x%20y'],
    [`require('querystring') === querystring`, true],
    [
      `[Date.now(), new Date().getTime(), new Date(5).getTime(), new Date() instanceof Date]`,
      [NOW_MS, NOW_MS, 5, true],
    ],
  ];
  for (const [expression, expected] of cases)
    assert.deepEqual(await insideValue(expression), expected, expression);
});

test('a key-value store is read in each format and tells of itself', async () => {
  const kvs = new KeyValueStore('store-1', testClock.now);
  kvs.put('json', '{"a":[1]}');
  kvs.put('text', 'grüße');
  assert.deepEqual(
    await insideValue(
      `[await cf.kvs('store-1').get('json', { format: 'json' }), await cf.kvs().get('text'),
        (await cf.kvs().get('text', { format: 'bytes' })).length, await cf.kvs().exists('text'),
        await cf.kvs().exists('none'), await cf.kvs().count(), (await cf.kvs().meta()).keyCount,
        await cf.kvs().get('none').catch((error) => error.message)]`,
      kvs,
    ),
    [{ a: [1] }, 'grüße', 7, true, false, 2, 2, 'KeyNotFound'],
  );
  const { result } = await functions.test(
    `import cf from 'cloudfront'; function handler() { cf.kvs(); }`,
    requestEvent(),
  );
  assert.equal(result.kind === 'failed' && result.reason, 'threw');
});

test('a test tells output, logs and how much of the allowed work it took', async () => {
  const code = `function handler(event) { console.log('uri', event.request.uri, { a: 1 }); return event.request; }`;
  const { result, logs, computeUtilisation } = await functions.test(code, requestEvent('/x'));
  assert.equal(result.kind, 'request');
  assert.deepEqual(logs, ['uri /x {"a":1}']);
  assert.ok(computeUtilisation >= 1 && computeUtilisation < 50);
});
