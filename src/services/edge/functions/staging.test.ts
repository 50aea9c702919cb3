/** Versions of a function: which viewer gets which, how trials end, what is kept and what it cost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMatineeError } from '../../../platform/errors.ts';
import type { EdgeFunctions } from './edge-functions.ts';
import { openForTest, requestEvent, responseEvent, testClock } from './functions.testing.ts';
import { KEY_VALUE_LIMITS, KeyValueStore } from './key-value-store.ts';
import { inShare } from './viewer-share.ts';

function codeOf(mark: string): string {
  return `function handler(event) { event.request.uri = '/${mark}'; return event.request; }`;
}

async function publish(functions: EdgeFunctions, mark: string, stage: 'development' | 'live' = 'live') {
  return functions.publish({ name: 'f', stage, code: codeOf(mark), eventType: 'viewer-request' });
}

function markFor(functions: EdgeFunctions, viewer: string): string {
  const result = functions.run('f', requestEvent('/'), viewer);
  return result.kind === 'request' ? result.request.uri.slice(1) : result.kind;
}

test('a share of the viewers is within tolerance, and grows without moving anybody back', () => {
  const viewers = Array.from({ length: 20000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  let before = new Set<string>();
  for (const percent of [0, 1, 10, 50, 90, 100]) {
    const inside = new Set(viewers.filter((viewer) => inShare(viewer, 'f/2', percent)));
    assert.ok(Math.abs(inside.size / 200 - percent) <= 1, `${percent} %: ${inside.size / 200} %`);
    assert.ok([...before].every((viewer) => inside.has(viewer)));
    before = inside;
  }
  const other = viewers.filter((viewer) => inShare(viewer, 'f/3', 50));
  const both = other.filter((viewer) => inShare(viewer, 'f/2', 50)).length;
  assert.ok(Math.abs(both / other.length - 0.5) < 0.03, 'another trial has other viewers');
});

test('a version in trial serves its share, each viewer always the same, until it is promoted', async () => {
  const functions = await openForTest();
  await publish(functions, 'old');
  const { version } = await publish(functions, 'new', 'development');
  assert.equal(markFor(functions, 'anybody'), 'old');
  functions.stagePercent('f', 20, version);
  const viewers = Array.from({ length: 500 }, (_, i) => `viewer-${i}`);
  const first = viewers.map((viewer) => markFor(functions, viewer));
  const share = first.filter((mark) => mark === 'new').length / viewers.length;
  assert.ok(share > 0.14 && share < 0.26, String(share));
  assert.deepEqual(
    viewers.map((viewer) => markFor(functions, viewer)),
    first,
  );
  functions.promote('f');
  assert.deepEqual(new Set(viewers.map((viewer) => markFor(functions, viewer))), new Set(['new']));
  functions.close();
});

test('a trial that is discarded leaves the live version to all', async () => {
  const functions = await openForTest();
  await publish(functions, 'old');
  const { version } = await publish(functions, 'new', 'development');
  functions.stagePercent('f', 100, version);
  assert.equal(markFor(functions, 'v'), 'new');
  functions.discard('f');
  assert.equal(markFor(functions, 'v'), 'old');
  assert.throws(
    () => functions.promote('f'),
    (error) => isMatineeError(error, 'conflict'),
  );
  functions.close();
});

test('a function that is not live, not there or for the other event is absent', async () => {
  const functions = await openForTest();
  const reason = (name: string, event = requestEvent('/')) => {
    const result = functions.run(name, event, 'v');
    return result.kind === 'failed' ? result.reason : result.kind;
  };
  assert.equal(reason('f'), 'absent');
  await publish(functions, 'a', 'development');
  assert.equal(reason('f'), 'absent');
  await publish(functions, 'b');
  assert.equal(reason('f'), 'request');
  assert.equal(reason('f', responseEvent()), 'absent');
  functions.close();
  assert.equal(reason('f'), 'absent');
  await assert.rejects(publish(functions, 'c'), (error) => isMatineeError(error, 'unavailable'));
});

test('old versions are forgotten, those that serve are not', async () => {
  const functions = await openForTest({ versionsMax: 3 });
  await publish(functions, '1');
  for (const mark of ['2', '3', '4', '5']) await publish(functions, mark, 'development');
  assert.deepEqual(
    functions.versions('f').map(({ version }) => version),
    [1, 4, 5],
  );
  assert.equal(markFor(functions, 'v'), '1');
  assert.throws(
    () => functions.stagePercent('f', 5, 2),
    (error) => isMatineeError(error, 'not_found'),
  );
  for (const percent of [-1, 101, Number.NaN])
    assert.throws(
      () => functions.stagePercent('f', percent, 4),
      (error) => isMatineeError(error, 'invalid_request'),
    );
  functions.close();
});

test('names, numbers of functions and loads at once are bounded', async () => {
  const functions = await openForTest({ functionsMax: 1, opensMax: 1 });
  const named = (name: string) =>
    functions.publish({ name, stage: 'live', code: codeOf('a'), eventType: 'viewer-request' });
  await assert.rejects(named('a/b'), (error) => isMatineeError(error, 'invalid_request'));
  await named('one');
  await assert.rejects(named('two'), (error) => isMatineeError(error, 'conflict'));
  const [first, second] = await Promise.allSettled([named('one'), named('one')]);
  assert.equal(first.status, 'fulfilled');
  assert.ok(second.status === 'rejected' && isMatineeError(second.reason, 'unavailable'));
  functions.close();
});

test('costs count calls, errors and overruns of each version', async () => {
  const functions = await openForTest({ overrunsMax: 100 });
  const code = `function handler(event) {
    if (event.request.uri === '/throw') throw new Error('no');
    if (event.request.uri === '/loop') for (;;);
    return event.request; }`;
  await functions.publish({ name: 'f', stage: 'live', code, eventType: 'viewer-request' });
  for (const uri of ['/', '/', '/throw', '/loop']) functions.run('f', requestEvent(uri), 'v');
  const [cost] = functions.costs();
  assert.ok(cost);
  const { meanUs, p99Us, ...counts } = cost;
  assert.deepEqual(counts, { name: 'f', version: 1, stage: 'live', calls: 4, errors: 1, throttled: 1 });
  assert.ok(meanUs > 1 && p99Us >= 4000 && p99Us < 1e6, JSON.stringify(cost));
  functions.close();
});

test('a key-value store holds what CloudFront allows and no more', () => {
  const store = new KeyValueStore('s', testClock.now, { ...KEY_VALUE_LIMITS, storeBytesMax: 2000 });
  const refuses = (key: string, value: string) =>
    assert.throws(
      () => store.put(key, value),
      (error) => isMatineeError(error, key === '' ? 'invalid_request' : 'too_large'),
    );
  refuses('', 'v');
  refuses('k'.repeat(513), 'v');
  refuses('k', 'v'.repeat(1025));
  refuses('k', 'ü'.repeat(513));
  store.put('a', 'v'.repeat(1000));
  refuses('b', 'v'.repeat(1000));
  store.put('a', 'v'.repeat(500));
  store.put('b', 'v'.repeat(1000));
  assert.equal(store.bytes, 1502);
  assert.ok(store.delete('b') && !store.delete('b'));
  assert.equal(store.bytes, 501);
});
