/** Functions of a site on real requests: they change them, answer them, change replies, and fail alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestSite } from './site.testing.ts';

const functions = [
  {
    name: 'rewrite',
    eventType: 'viewer-request',
    code: `import cf from 'cloudfront';
    async function handler(event) {
      const request = event.request;
      if (request.uri === '/boom') throw new Error('no');
      if (request.uri === '/old') {
        const headers = { location: { value: '/new' } };
        return { statusCode: 301, statusDescription: 'Moved Permanently', headers };
      }
      if (request.uri.endsWith('/')) request.uri += 'index.html';
      request.headers['x-tier'] = { value: await cf.kvs().get('tier') };
      return request;
    }`,
  },
  {
    name: 'harden',
    eventType: 'viewer-response',
    code: `function handler(event) {
      const response = event.response;
      response.headers['strict-transport-security'] = { value: 'max-age=63072000' };
      return response;
    }`,
  },
];

const open = (more: object[] = functions) =>
  openTestSite(
    (request, response) =>
      response
        .writeHead(200, { 'cache-control': 'max-age=60' })
        .end(`${request.url} ${request.headers['x-tier'] ?? '-'}`),
    {
      site: { functions: more, keyValues: { tier: 'gold' } },
      behavior: { viewerRequest: 'rewrite', viewerResponse: 'harden' },
    },
  );

test('a function rewrites, redirects, looks up, and another hardens replies, hits too', async () => {
  await using site = await open();
  for (let i = 0; i < 2; i++) {
    const reply = await site.ask('/films/?a=1');
    assert.equal(await reply.text(), '/films/index.html?a=1 gold');
    assert.equal(reply.headers.get('strict-transport-security'), 'max-age=63072000');
  }
  assert.equal(site.asked.length, 1);
  const moved = await site.ask('/old', { redirect: 'manual' });
  assert.deepEqual([moved.status, moved.headers.get('location')], [301, '/new']);
  const head = await site.ask('/films/?a=1', { method: 'HEAD' });
  assert.equal(head.headers.get('strict-transport-security'), 'max-age=63072000');
});

test('a function that throws is 502 for its request and harms no other', async () => {
  await using site = await open();
  const reply = await site.ask('/boom');
  assert.equal(reply.status, 502);
  assert.equal((await reply.json()).error.code, 'unavailable');
  assert.equal((await site.ask('/fine')).status, 200);
});

test('a candidate serves its share of the viewers, the same ones each time', async () => {
  const staged = functions.map((one) =>
    one.name === 'harden'
      ? { ...one, candidate: { percent: 100, code: one.code.replace('63072000', '1') } }
      : one,
  );
  await using site = await open(staged);
  assert.equal((await site.ask('/a')).headers.get('strict-transport-security'), 'max-age=1');
});
