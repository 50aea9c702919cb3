/** The suite itself: its list is sound, and it tells a cache that keeps everything from one that keeps nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { allCases } from './all-cases.ts';
import type { ConformanceCase } from './case.ts';
import { openOrigin } from './origin.ts';
import { type Outcomes, runCases } from './run-cases.ts';
import { countVerdicts, judgeRun, withRequired } from './verdicts.ts';

/** Cases that need no waiting, one or two of each way to expect something. */
const QUICK = [
  'freshness-max-age',
  'freshness-max-age-0',
  'freshness-max-age-age',
  'cc-resp-no-store',
  'cc-resp-no-store-fresh',
  'cc-resp-no-cache-revalidate',
  'vary-no-match',
  'conditional-304-etag',
  'headers-store-Test-Header',
  'headers-store-Proxy-Connection',
  'invalidate-POST',
  'query-args-different',
  'conditional-etag-forward',
  'further-part-for-whole',
  'further-304-for-whole',
  'further-unsafe-written-through',
];

test('ids are unique, and what a case requires exists and does not require it', () => {
  const ids = allCases.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { id } of allCases) {
    const chain = withRequired(allCases, [id]);
    assert.ok(
      chain.every(({ requires = [] }) => !requires.includes(id)),
      `${id} requires itself`,
    );
  }
});

test('every behaviour of the public list has its case', () => {
  const counts = countVerdicts(judgeRun(allCases, new Map()));
  assert.equal(counts.required.pass, 160);
  assert.equal(counts.optimal.pass, 105);
  assert.equal(counts.check.pass, 100);
});

test('without a cache nothing is reused, and what rests on reuse is not counted', async () => {
  const { cases, outcomes } = await runQuickly((originPort) => originPort);
  const results = judgeRun(cases, outcomes).filter(({ about }) => QUICK.includes(about.id));
  const verdicts = results.map(({ about, verdict }) => [about.id, verdict]);
  assert.deepEqual(Object.fromEntries(verdicts), {
    'freshness-max-age': 'fail',
    'freshness-max-age-0': 'pass',
    'freshness-max-age-age': 'dependency',
    'cc-resp-no-store': 'pass',
    'cc-resp-no-store-fresh': 'pass',
    'cc-resp-no-cache-revalidate': 'fail',
    'vary-no-match': 'dependency',
    'conditional-304-etag': 'dependency',
    'headers-store-Test-Header': 'dependency',
    'headers-store-Proxy-Connection': 'dependency',
    'invalidate-POST': 'dependency',
    'query-args-different': 'dependency',
    'conditional-etag-forward': 'pass',
    'further-part-for-whole': 'dependency',
    'further-304-for-whole': 'pass',
    'further-unsafe-written-through': 'dependency',
  });
});

test('a cache that keeps and serves everything is found out', async () => {
  await using hoarder = await openHoarder();
  const { outcomes } = await runQuickly((originPort) => hoarder.before(originPort));
  assert.deepEqual(
    QUICK.filter((id) => outcomes.get(id) !== undefined),
    [
      'freshness-max-age-0',
      'freshness-max-age-age',
      'cc-resp-no-store',
      'cc-resp-no-store-fresh',
      'cc-resp-no-cache-revalidate',
      'vary-no-match',
      'conditional-304-etag',
      'headers-store-Proxy-Connection',
      'invalidate-POST',
      'further-part-for-whole',
      'further-304-for-whole',
      'further-unsafe-written-through',
    ],
  );
});

test('a fault says what was expected and what was seen', async () => {
  await using origin = await openOrigin();
  const cases = allCases.filter(({ id }) => id === 'freshness-max-age');
  const cacheUrl = `http://127.0.0.1:${origin.port}`;
  const outcomes = await runCases({ cases, cacheUrl, origin, runName: 'fault', settleMs: 1 });
  assert.deepEqual(outcomes.get('freshness-max-age'), {
    step: 2,
    setup: false,
    expected: 'a reply from the store',
    seen: '200 made in step 2, origin asked 1 times',
  });
});

async function runQuickly(
  addressOf: (originPort: number) => number,
): Promise<{ cases: readonly ConformanceCase[]; outcomes: Outcomes }> {
  await using origin = await openOrigin();
  // Neither of the two needs time to forget: the one keeps nothing, the other everything.
  const cases = withRequired(allCases, QUICK).map((about) => ({
    ...about,
    steps: about.steps.map((step) => ({ ...step, pauseAfterMs: 1 })),
  }));
  const cacheUrl = `http://127.0.0.1:${addressOf(origin.port)}`;
  return { cases, outcomes: await runCases({ cases, cacheUrl, origin, runName: 'quick' }) };
}

/** The worst cache there is: the first reply of a URL for everybody, for ever. */
async function openHoarder() {
  const kept = new Map<string, { status: number; headers: string[]; body: Buffer }>();
  let originPort = 0;
  const server = createServer((incoming, outgoing) => {
    const url = incoming.url ?? '/';
    const found = kept.get(url);
    if (found !== undefined) {
      outgoing.writeHead(found.status, found.headers).end(found.body);
      return;
    }
    const forward = request(
      { port: originPort, path: url, method: incoming.method, headers: incoming.headers },
      async (reply) => {
        const body = Buffer.concat(await reply.toArray());
        const entry = { status: reply.statusCode ?? 502, headers: reply.rawHeaders, body };
        kept.set(url, entry);
        outgoing.writeHead(entry.status, entry.headers).end(body);
      },
    );
    incoming.pipe(forward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    before(port: number): number {
      originPort = port;
      return (server.address() as AddressInfo).port;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
