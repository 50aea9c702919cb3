/** What opens something is taken out, the rest stays as it came. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactAddress, redactPath, redactQuery, redactReferer } from './redaction.ts';

const TOKEN = `${'p'.repeat(90)}.${'S'.repeat(86)}`;

test('a token goes wherever it stands in a path', () => {
  for (const [path, clean] of [
    ['/healthz', '/healthz'],
    ['/', '/'],
    ['', ''],
    [`/${TOKEN}`, '/-'],
    [`/${TOKEN}/titles/t1/1/a.m4s`, '/-/titles/t1/1/a.m4s'],
    [`/${TOKEN}x/titles/`, '/-/titles/'],
    [`//${TOKEN}/a`, '//-/a'],
    [`http://h/${TOKEN}/a/`, 'http://h/-/a/'],
    [`/a/${TOKEN}/${TOKEN}`, '/a/-/-'],
    [`/${TOKEN}/${'x'.repeat(70)}/${TOKEN}/${'y'.repeat(79)}`, `/-/${'x'.repeat(70)}/-/${'y'.repeat(79)}`],
    [`/${TOKEN.replace('.', '%2e')}/a`, '/-/a'],
  ] as const) {
    assert.equal(redactPath(path), clean);
  }
});

test('parameters go by their names, however these are written, and by their form', () => {
  assert.equal(redactQuery(''), '');
  assert.equal(redactQuery('a=1&b&c='), 'a=1&b&c=');
  for (const name of [
    ...[
      'Signature',
      'signature',
      'Policy',
      'Key-Pair-Id',
      'X-Amz-Signature',
      'X-Amz-Security-Token',
      'access_token',
    ],
    ...['Sig%6eature', 'password', 'api_key', 'hdnts', 'client_secret', 'session'],
  ]) {
    assert.equal(redactQuery(`x=1&${name}=abc&y=2`), `x=1&${name}=-&y=2`);
  }
  assert.equal(redactQuery(`next=/${TOKEN}/a`), 'next=/-/a');
  assert.equal(redactQuery(TOKEN), '-');
  assert.equal(redactQuery('%ff=1'), '%ff=1');
});

test('a referer keeps its place and nothing else', () => {
  assert.equal(redactReferer(`https://u:p@h.example/${TOKEN}/w?t=1#x`), 'https://h.example/-/w');
  assert.equal(redactReferer('https://h.example'), 'https://h.example');
  assert.equal(redactReferer('about:blank'), 'about:blank');
});

test('an address that a player names loses what opens it', () => {
  assert.equal(redactAddress(`/${TOKEN}/a?Signature=x&n=1`), '/-/a?Signature=-&n=1');
});
