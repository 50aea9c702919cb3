import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, medianRatio, meets, missingRow, peerText, percentile, printRows, row } from './rows.ts';

test('a goal compares the value as its sign says, at the limit too', () => {
  assert.equal(meets(1.5, '>= 1.5 x nginx'), true);
  assert.equal(meets(1.499, '>= 1.5 x nginx'), false);
  assert.equal(meets(1.1, '<= 1.1 x nginx'), true);
  assert.equal(meets(5, '< 5 ms'), false);
  assert.equal(meets(4.9, '< 5 ms'), true);
  assert.equal(meets(5, '> 5'), false);
  assert.equal(meets(1, '= 1'), true);
  assert.equal(meets(2, '= 1'), false);
});

test('nothing is judged without a figure or without a goal that can be read', () => {
  assert.equal(meets(null, '>= 1'), null);
  assert.equal(meets(Number.NaN, '>= 1'), null);
  assert.equal(meets(3, 'report'), null);
  assert.equal(meets(3, '>= fast'), null);
});

test('an answer that never came meets no limit', () => {
  const late = row('stale copy', '< 5 ms', { ours: 'status 504', peer: 1, value: Number.POSITIVE_INFINITY });
  assert.equal(late.met, false);
  assert.equal(late.value, null);
});

test('a goal is judged by the value as measured, not as printed', () => {
  const measured = row('304', '>= 1.05 x nginx', { ours: 104_999, peer: 100_000, value: 1.049_96 });
  assert.equal(measured.value, 1.05);
  assert.equal(measured.met, false);
});

test('the median of an even count lies between the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test('ratios are taken inside rounds, so that a slow round counts for both sides', () => {
  assert.equal(medianRatio([200, 20, 200], [100, 10, 100]), 2);
  assert.equal(medianRatio([30, 10, 20], [10, 10, 10]), 2);
  assert.equal(medianRatio([10, 10], [0, 5]), 2);
});

test('a percentile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile([7], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test('a row that could not be measured says why and is not judged', () => {
  const absent = missingRow('10 KB', '>= 1.5 x nginx', 'peer', 'nginx is not installed');
  assert.deepEqual(
    [absent.peer, absent.ours, absent.value, absent.met],
    ['nginx is not installed', null, null, null],
  );
  assert.equal(peerText('varnish', { missing: 'away' }), 'varnish: away');
  assert.equal(peerText('varnish', 12.345_67), 'varnish 12.35');
});

test('the table shows every figure and a missed goal in capitals', () => {
  const text = printRows([row('10 KB', '>= 1.5 x', { ours: 70_000, peer: 'away', value: 1.2 })], ['a note']);
  assert.match(text, /10 KB\s+70,000\s+away\s+1\.2\s+>= 1\.5 x\s+NO/);
  assert.ok(text.endsWith('\n\na note\n'));
});
