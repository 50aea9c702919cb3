import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEdgePool } from './edge-pool.ts';
import { createEdgeRequests, type MediaRequest } from './edge-requests.ts';
import { createMediaAddress } from './media-address.ts';
import { createRequestPatience } from './request-patience.ts';
import { fakeTimers } from './timers.testing.ts';

const EDGES = ['a', 'b'].map((name) => ({ name, url: `http://${name}.example:8101` }));

function open(renew: () => Promise<void> = async () => {}) {
  const timers = fakeTimers();
  const pool = createEdgePool(timers);
  const address = createMediaAddress();
  pool.rank(EDGES);
  address.adopt('http://a.example:8101/token1/titles/x/p1/manifest.mpd');
  let renewals = 0;
  const requests = createEdgeRequests({
    pool,
    address,
    patience: createRequestPatience(),
    bandwidth: () => 0,
    renew: async () => {
      renewals += 1;
      await renew();
    },
  });
  return { timers, pool, address, requests, renewals: () => renewals };
}

function segment(name = '1.m4s', token = 'token1', edge = 'a'): MediaRequest {
  return {
    uris: [`http://${edge}.example:8101/${token}/titles/x/720p/${name}`],
    attempt: 0,
    retryParameters: { connectionTimeout: 0, stallTimeout: 0 },
  };
}

/** One try of a request, as Shaka makes it; returns where it went. */
async function go(requests: ReturnType<typeof open>['requests'], request: MediaRequest): Promise<string> {
  await requests.prepare(request);
  return request.uris[0] as string;
}

test('a request goes to the best edge, whatever edge its manifest came from', async () => {
  const { requests } = open();
  assert.equal(
    await go(requests, segment('1.m4s', 'token1', 'b')),
    'http://a.example:8101/token1/titles/x/720p/1.m4s',
  );
});

test('a try that failed is made again at the next edge, and later requests start there', async () => {
  const { requests } = open();
  const request = segment();
  requests.failed(await go(requests, request), 0);
  request.attempt = 1;
  assert.match(await go(requests, request), /^http:\/\/b\.example/);
  assert.match(await go(requests, segment('2.m4s')), /^http:\/\/b\.example/);
});

test('a 5xx leaves the edge; a 404 only sends this request elsewhere', async () => {
  const { requests, pool } = open();
  const request = segment();
  requests.failed(await go(requests, request), 404);
  assert.deepEqual(pool.resting(), []);
  assert.match(await go(requests, request), /^http:\/\/b\.example/);
  requests.failed('http://a.example:8101/token1/titles/x/1', 503);
  assert.deepEqual(pool.resting(), ['a']);
});

test('when every edge has failed the ranking is renewed before the next try', async () => {
  const { requests, pool, renewals } = open(async () => {
    pool.rank([...EDGES, { name: 'c', url: 'http://c.example:8101' }]);
  });
  const request = segment();
  requests.failed(await go(requests, request), 0);
  requests.failed(await go(requests, request), 0);
  assert.equal(renewals(), 0);
  assert.match(await go(requests, request), /^http:\/\/c\.example/);
  assert.equal(renewals(), 1);
});

test('a refused token is renewed once and the request goes on with the new one', async () => {
  const { requests, address, renewals, pool } = open(async () => {
    address.adopt('http://a.example:8101/token2/titles/x/p1/manifest.mpd');
  });
  const request = segment();
  requests.failed(await go(requests, request), 403);
  const other = segment('2.m4s');
  assert.match(await go(requests, other), /\/token2\//);
  assert.match(await go(requests, request), /\/token2\/titles\/x\/720p\/1\.m4s$/);
  assert.equal(renewals(), 1);
  assert.deepEqual(pool.resting(), []);
});

test('a fresh token that is refused too is a fault of the edge', async () => {
  const { requests, pool } = open();
  requests.failed('http://a.example:8101/token1/x', 403);
  requests.failed('http://a.example:8101/token1/x', 403);
  assert.deepEqual(pool.resting(), ['a']);
});

test('requests to other places are left alone', async () => {
  const { requests } = open();
  const request = { ...segment(), uris: ['https://licences.example/x'] };
  assert.equal(requests.prepare(request), undefined);
  assert.deepEqual(request.uris, ['https://licences.example/x']);
});

test('with nothing left to try, a request visits the edges again instead of none', async () => {
  const { requests } = open();
  const request = segment();
  const visited: string[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    request.attempt = attempt;
    const url = await go(requests, request);
    visited.push(new URL(url).hostname[0] as string);
    requests.failed(url, 500);
  }
  assert.equal(visited.join(''), 'abab');
});
