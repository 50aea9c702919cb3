/** The pure rules of a request: targets, ranges, conditions and freshness. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnchanged } from './conditions.ts';
import { judge, readFreshness } from './freshness.ts';
import { HttpParser, type RequestHead } from './http-parser.ts';
import { firstByteHint, ifRangeHolds, RANGES_MAX, readRanges } from './ranges.ts';
import { readTarget, targetPath } from './target.ts';

test('a target is a token and a key, decoded once', () => {
  assert.deepEqual(readTarget('/t.s/titles/a/b%20c.mpd'), { token: 't.s', key: 'titles/a/b c.mpd' });
  assert.deepEqual(readTarget('/t.s/titles/%2525'), { token: 't.s', key: 'titles/%25' });
  assert.deepEqual(readTarget('/t.s'), { token: 't.s', key: '' });
});

test('targets that climb, hide a slash or could be read in two ways are malformed', () => {
  const bad = [
    ...['titles/../secret', 'titles/./a', 'titles//a', '/titles/a', 'titles/a/', 'titles/..'],
    ...['titles/%2e%2e/secret', 'titles/.%2E/a', 'titles/a%2fb', 'titles/a%2Fb', 'titles/a%5cb', 'titles\\a'],
    ...['titles/a%00', 'titles/a%0d%0ab', 'titles/%7f', 'titles/%', 'titles/%2', 'titles/%zz', 'titles/%ff'],
    ...['titles/%c0%af', `titles/${'a'.repeat(1025)}`],
  ];
  for (const key of bad) assert.equal(readTarget(`/t.s/${key}`), undefined, key);
});

test('a query is no part of the path, and absolute targets are accepted', () => {
  assert.equal(targetPath('/t/titles/a?CMCD=br%3D3200'), '/t/titles/a');
  assert.equal(targetPath('http://edge:8101/t/titles/a?x=/../'), '/t/titles/a');
  assert.equal(targetPath('https://edge'), '/');
  assert.equal(targetPath('http://edge?x'), '/');
  for (const target of ['*', 'edge:443', 'ftp://edge/a', 'titles/a'])
    assert.equal(targetPath(target), undefined);
});

test('ranges of a body of ten bytes', () => {
  const cases: Array<[string, ReturnType<typeof readRanges>]> = [
    ['bytes=0-3', [{ start: 0, end: 3 }]],
    ['Bytes=4-', [{ start: 4, end: 9 }]],
    ['bytes=-3', [{ start: 7, end: 9 }]],
    ['bytes=-99', [{ start: 0, end: 9 }]],
    ['bytes=8-99', [{ start: 8, end: 9 }]],
    ['bytes=10-', 'none'],
    ['bytes=-0', 'none'],
    [
      'bytes=0-1, 3-4',
      [
        { start: 0, end: 1 },
        { start: 3, end: 4 },
      ],
    ],
    ['bytes=20-30,3-4', [{ start: 3, end: 4 }]],
    ['bytes=0-,0-,0-', 'whole'],
    ['bytes=3-1', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=1', 'whole'],
    ['items=0-1', 'whole'],
    [`bytes=${'9'.repeat(30)}-`, 'whole'],
    [`bytes=${Array.from({ length: RANGES_MAX + 1 }, () => '0-0').join()}`, 'whole'],
  ];
  for (const [text, expected] of cases) assert.deepEqual(readRanges(text, 10), expected, text);
  assert.equal(readRanges('bytes=0-', 0), 'none');
  assert.equal(firstByteHint('bytes=500-'), 500);
  assert.equal(firstByteHint('bytes=-500'), 0);
});

test('If-Range holds for the strong tag or the exact date only', () => {
  const date = 'Wed, 25 Nov 2026 10:00:00 GMT';
  assert.equal(ifRangeHolds('', '"a"', date), true);
  assert.equal(ifRangeHolds('"a"', '"a"', date), true);
  assert.equal(ifRangeHolds('"b"', '"a"', date), false);
  assert.equal(ifRangeHolds('W/"a"', 'W/"a"', date), false);
  assert.equal(ifRangeHolds(date, '"a"', date), true);
  assert.equal(ifRangeHolds(date, '"a"', ''), false);
});

test('a copy is unchanged by its tag, else by its date', () => {
  const head = (fields: Partial<RequestHead>) => ({ ...new HttpParser().head, ...fields });
  const date = 'Wed, 25 Nov 2026 10:00:00 GMT';
  const later = 'Wed, 25 Nov 2026 10:00:01 GMT';
  assert.equal(isUnchanged(head({}), '"a"', date), false);
  assert.equal(isUnchanged(head({ ifNoneMatch: '"b", W/"a"' }), '"a"', date), true);
  assert.equal(isUnchanged(head({ ifNoneMatch: '"ab"' }), '"a"', date), false);
  assert.equal(isUnchanged(head({ ifNoneMatch: '*' }), '', ''), true);
  assert.equal(isUnchanged(head({ ifNoneMatch: '"x"', ifModifiedSince: later }), '"a"', date), false);
  assert.equal(isUnchanged(head({ ifModifiedSince: date }), '"a"', date), true);
  assert.equal(isUnchanged(head({ ifModifiedSince: date }), '"a"', later), false);
  assert.equal(isUnchanged(head({ ifModifiedSince: 'yesterday' }), '"a"', date), false);
});

test('the origin says how long a copy is good, stale and refreshed', () => {
  const at = (control: string | undefined, seconds: number, more = {}) =>
    judge(
      readFreshness(control === undefined ? more : { 'cache-control': control, ...more }, 0),
      seconds * 1000,
    );
  assert.equal(at('max-age=10', 9), 'fresh');
  assert.equal(at('max-age=10', 10), 'stale');
  assert.equal(at('max-age=10, stale-while-revalidate=5', 12), 'refresh');
  assert.equal(at('max-age=10, stale-while-revalidate=5', 16), 'stale');
  assert.equal(at('max-age=10', 10 + 86_400), 'expired');
  assert.equal(at('max-age=10, must-revalidate', 10), 'expired');
  assert.equal(at('max-age=10, s-maxage=20', 19), 'fresh');
  assert.equal(at('no-cache', 0), 'expired');
  assert.equal(at('public, immutable', 86_400), 'fresh');
  assert.equal(at('max-age=10', 5, { age: '6' }), 'stale');
  assert.equal(at('max-age=x', 0), 'stale');
  assert.equal(at(undefined, 3599), 'fresh', 'names of a publication never change');
  assert.equal(at(undefined, 3600), 'stale');
  assert.equal(
    at(undefined, 5, { expires: 'Thu, 01 Jan 1970 00:00:09 GMT', date: 'Thu, 01 Jan 1970 00:00:00 GMT' }),
    'fresh',
  );
  assert.equal(at(undefined, 0, { expires: '0' }), 'stale');
  assert.equal(readFreshness({ 'cache-control': 'no-store' }, 0).storable, false);
  assert.equal(readFreshness({ 'cache-control': 'private, max-age=5' }, 0).storable, false);
});
