import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseH2load } from './h2load.ts';
import { objectName, readObjectName } from './object-names.ts';
import { parseStat } from './process-cost.ts';
import { soakUrls } from './soak.ts';
import { parseWrk, wrkScript } from './wrk.ts';

const WRK = `Running 2s test @ http://127.0.0.1:1/
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   300.00us    1.00ms  20.00ms   97.00%
  Latency Distribution
     50%  170.00us
     75%  200.00us
     90%  300.00us
     99%    3.10ms
  125000 requests in 2.00s, 1.50GB read
`;

test('what wrk says is read with its units', () => {
  const seen = parseWrk(WRK);
  assert.equal(seen.requests, 125_000);
  assert.equal(seen.seconds, 2);
  assert.equal(seen.bytes, 1.5 * 1024 ** 3);
  assert.equal(seen.p50Ms?.toFixed(3), '0.170');
  assert.equal(seen.p99Ms, 3.1);
  assert.equal(seen.errors, 0);
});

test('refused replies and broken connections of wrk count as errors', () => {
  const errors = '  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 10\n';
  assert.equal(parseWrk(WRK + errors).errors, 20);
  assert.throws(() => parseWrk('unable to connect'), /nothing that can be read/);
});

test('the script for wrk holds paths only', () => {
  assert.match(wrkScript(['http://127.0.0.1:1/a/b']), /^ {2}"\/a\/b",$/m);
});

test('what h2load says is read, failed replies apart', () => {
  const out = `requests: 120 total, 130 started, 120 done, 100 succeeded, 20 failed, 3 errored, 2 timeout
status codes: 100 2xx, 0 3xx, 20 4xx, 0 5xx
traffic: 1.00MB (1048576) total, 7.50KB (7680) headers (space savings 0.00%), 1.00MB (1000000) data
`;
  assert.deepEqual(parseH2load(out, 2), { requests: 100, bytes: 1_048_576, seconds: 2, errors: 22 });
  assert.throws(() => parseH2load('usage', 2), /nothing that can be read/);
});

test('the name of a process does not shift its counters', () => {
  const fields = '0 0 0 0 0 0 0 0 0 150 50 300 100 20 0';
  assert.deepEqual(parseStat(`7 (a ) b) S 3 ${fields}`), {
    parent: 3,
    cpuSeconds: 2,
    endedChildrenCpuSeconds: 4,
  });
});

test('an object tells all of itself by its name, and no other path is an object', () => {
  const name = objectName(1_048_576, 17, 'trickle');
  assert.deepEqual(readObjectName(`/media/titles/bench/1/${name}`), {
    kind: 'trickle',
    size: 1_048_576,
    index: 17,
  });
  for (const path of ['/media/x', '/media/constructor-1-1.m4s', `/media/${name}?x`, `/media/x${name}`]) {
    assert.equal(readObjectName(path), undefined, path);
  }
});

test('a soak asks for every small object once and for a segment beside every ten', () => {
  const urls = soakUrls((object) => object);
  const segments = urls.filter((url) => url.includes('-1048576-'));
  assert.equal(segments.length, 200);
  assert.equal(new Set(urls).size, urls.length);
});
