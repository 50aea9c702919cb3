/**
 * Random results made of nasty pieces: whatever is let through, written out as HTTP/1.1, is read by the edge's own strict
 * parser as exactly one head with exactly the fields that were meant. Seeded; a failure prints what was returned.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpParser } from '../http-parser.ts';
import type { HeaderList } from './event.ts';
import { requestEvent, responseEvent, seededRandom } from './functions.testing.ts';
import { requestFromResult, responseFromResult } from './head-from-result.ts';
import { FUNCTION_LIMITS } from './limits.ts';
import { readResult } from './result.ts';

const ROUNDS = 4000;
const PIECES = [
  ...[
    'a',
    'x-y',
    '/',
    '/a',
    '?',
    '#',
    '&',
    '=',
    ';',
    ',',
    ' ',
    '\t',
    '%0d%0a',
    '"',
    '\\',
    '..',
    '//',
    ':',
    '@',
  ],
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    '\x7f',
    '\x80',
    'ü',
    '\u010a',
    '\u560d',
    '\ud800',
    '\u2028',
    '__proto__',
    'constructor',
  ],
  ...[
    'Host',
    'host',
    'content-length',
    'transfer-encoding',
    'chunked',
    'connection',
    'cookie',
    ' HTTP/1.1\r\n',
  ],
] as const;
const VALUES: readonly unknown[] = [
  null,
  0,
  true,
  [],
  {},
  undefined,
  { value: [] },
  { value: 'a', multiValue: [] },
];

type Dice = { below(count: number): number; pick<T>(from: readonly T[]): T };

function dice(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  return { below, pick: (from) => from[below(from.length)] as never };
}

/** Often something tame, so that some results are let through. */
function text({ below, pick }: Dice): string {
  if (below(3) > 0) return `t${below(100)}`;
  return Array.from({ length: 1 + below(3) }, () => pick(PIECES)).join('');
}

function field(roll: Dice): unknown {
  if (roll.below(20) === 0) return roll.pick(VALUES);
  const attributes = roll.below(3) === 0 ? { attributes: text(roll) } : {};
  const multiValue =
    roll.below(4) === 0 ? { multiValue: [{ value: text(roll) }, { value: text(roll) }] } : {};
  return { value: text(roll), ...attributes, ...multiValue };
}

function fields(roll: Dice): unknown {
  if (roll.below(40) === 0) return roll.pick(VALUES);
  return Object.fromEntries(Array.from({ length: roll.below(3) }, () => [text(roll), field(roll)]));
}

function wire(first: string, headers: HeaderList): string {
  return `${first}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

/** Lines of a head as any reader sees them: ends of lines are what splits it, of whatever kind. */
function lines(head: string): number {
  return head.split(/\r\n|\r|\n/).length;
}

test('no request that is let through is read as anything else', () => {
  const roll = dice(1);
  const parser = new HttpParser();
  let passed = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const original = { method: 'GET', target: '/a?b=1', headers: [['Host', 'example.org']] as HeaderList };
    const event = requestEvent(original.target);
    const returned = JSON.stringify({
      method: 'GET',
      uri: roll.below(2) === 0 ? '/a' : `/${text(roll)}`,
      querystring: fields(roll),
      headers: fields(roll),
      cookies: fields(roll),
    });
    const result = readResult(returned, event, FUNCTION_LIMITS);
    if (result.kind !== 'request') continue;
    passed++;
    const head = requestFromResult(original, event, result.request);
    const sent = wire(`${head.method} ${head.target} HTTP/1.1`, head.headers);
    const bytes = Buffer.from(sent, 'latin1');
    assert.equal(parser.parse(bytes, 0, bytes.length), bytes.length, `${returned}\n${parser.fault.message}`);
    assert.equal(parser.head.target, head.target, returned);
    assert.equal(parser.head.bodyBytes, 0, returned);
    assert.equal(lines(sent), head.headers.length + 3, returned);
    assert.deepEqual(
      head.headers.filter(([name]) => name === 'host' || name === 'Host').map(([, value]) => value),
      ['example.org'],
    );
  }
  assert.ok(passed > ROUNDS / 20 && passed < ROUNDS * 0.95, `${passed} of ${ROUNDS}`);
});

test('no response that is let through is read as anything else', () => {
  const roll = dice(2);
  let passed = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const original = { status: 200, statusText: 'OK', headers: [['content-length', '3']] as HeaderList };
    const changed = roll.below(2) === 0;
    const returned = JSON.stringify({
      statusCode: roll.pick([200, 302, 404, 204, 99, 'x']),
      statusDescription: roll.below(2) === 0 ? 'OK' : text(roll),
      headers: fields(roll),
      cookies: fields(roll),
      body: roll.pick([undefined, 'text', { data: 'a' }, { encoding: 'base64', data: text(roll) }, 5]),
    });
    const event = changed ? responseEvent(original.headers) : requestEvent('/');
    const result = readResult(returned, event, FUNCTION_LIMITS);
    if (result.kind !== 'response') continue;
    passed++;
    const head = responseFromResult(result.response, changed ? original : undefined);
    const sent = wire(`HTTP/1.1 ${head.status} ${head.statusText}`, head.headers);
    assert.equal(lines(sent), head.headers.length + 3, returned);
    assert.ok(!/[^\t\r\n\x20-\x7e\x80-\xff]/.test(sent), returned);
    const framing = head.headers.filter(([name]) =>
      /^(content-length|transfer-encoding|connection)$/.test(name),
    );
    assert.deepEqual(framing, changed && head.body === undefined ? original.headers : [], returned);
  }
  assert.ok(passed > ROUNDS / 20 && passed < ROUNDS * 0.95, `${passed} of ${ROUNDS}`);
});
