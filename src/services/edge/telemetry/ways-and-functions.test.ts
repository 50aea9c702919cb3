/** What the metrics tell of ways to origins and of what edge functions cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestSite } from '../site/site.testing.ts';

const CODE = `function handler(event) {
  if (event.request.uri === '/boom') throw new Error('no');
  return event.request;
}`;

test('metrics tell what each way carried, which is away, and what calls of functions cost', async () => {
  await using site = await openTestSite(
    (_request, response) => response.writeHead(200, { 'cache-control': 'no-store' }).end('x'.repeat(5000)),
    {
      telemetry: { metricsPort: 0 },
      site: { functions: [{ name: 'same', eventType: 'viewer-request', code: CODE }] },
      behavior: { viewerRequest: 'same' },
      // Nobody listens there, so that it fails and the way behind it carries all.
      extraLinks: ['http://127.0.0.1:9'],
    },
  );
  for (let n = 0; n < 3; n++) await (await site.ask('/a')).text();
  assert.equal((await site.ask('/boom')).status, 502);
  const text = await (await fetch(site.edge.edge.metricsUrl as string)).text();
  const value = (line: string) =>
    Number(
      text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.split(' ')
        .at(-1),
    );
  const host = new URL(site.originUrl).host;
  assert.equal(value(`matinee_edge_way_requests_total{way="test ${host}"}`), 3);
  assert.equal(value(`matinee_edge_way_failures_total{way="test ${host}"}`), 0);
  assert.ok(value(`matinee_edge_way_bytes_total{way="test ${host}"}`) > 15_000);
  assert.equal(value(`matinee_edge_way_up{way="test ${host}"}`), 1);
  assert.equal(value('matinee_edge_way_failures_total{way="test 127.0.0.1:9"}'), 1);
  assert.equal(value('matinee_edge_way_up{way="test 127.0.0.1:9"}'), 0);
  const labels = 'function="test_same",version="1",stage="live"';
  assert.equal(value(`matinee_edge_function_calls_total{${labels}}`), 4);
  assert.equal(value(`matinee_edge_function_errors_total{${labels}}`), 1);
  assert.ok(value(`matinee_edge_function_mean_seconds{${labels}}`) > 0);
  // The way to the bucket, which nobody asked for yet.
  assert.match(text, /matinee_edge_way_requests_total\{way="127\.0\.0\.1:\d+"\} 0\n/);
});
