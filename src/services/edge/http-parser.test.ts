/** The parser: what it accepts, what it refuses, and that no cut of the bytes changes either. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD_BYTES_MAX, HEADERS_MAX, HttpParser } from './http-parser.ts';

const HOST = 'Host: edge\r\n';
const get = (fields = '', line = 'GET /a HTTP/1.1') => `${line}\r\n${HOST}${fields}\r\n`;

type Outcome = { used: number; head: unknown } | { refused: number } | 'incomplete';

function parseWhole(text: string, parser = new HttpParser()): Outcome {
  const bytes = Buffer.from(text, 'latin1');
  return outcome(parser, parser.parse(bytes, 0, bytes.length));
}

function outcome(parser: HttpParser, used: number): Outcome {
  if (used === 0) return 'incomplete';
  return used < 0 ? { refused: parser.fault.status } : { used, head: { ...parser.head } };
}

/** As the bytes come in: first `cut` of them, then one more at a time until there is an answer. */
function parseGrowing(text: string, cut: number): Outcome {
  const bytes = Buffer.from(text, 'latin1');
  const parser = new HttpParser();
  for (let end = cut; end <= bytes.length; end++) {
    const used = parser.parse(bytes, 0, end);
    if (used !== 0) return outcome(parser, used);
  }
  return 'incomplete';
}

test('a plain request, and every field that an edge reads', () => {
  const text = get(
    'Range: bytes=0-1\r\nIF-RANGE: "a"\r\nif-none-match: "b"\r\nIf-None-Match:  W/"c" \t\r\n' +
      'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 7\r\nX-Other: \xff\r\n',
  );
  assert.deepEqual(parseWhole(text), {
    used: text.length,
    head: {
      method: 'GET',
      target: '/a',
      minor: 1,
      keepAlive: true,
      bodyBytes: 7,
      expectsContinue: false,
      range: 'bytes=0-1',
      ifRange: '"a"',
      ifNoneMatch: '"b", W/"c"',
      ifModifiedSince: 'Thu, 01 Jan 1970 00:00:00 GMT',
      conditional: true,
    },
  });
});

test('nothing of one request is left in the next', () => {
  const parser = new HttpParser();
  parseWhole(
    get('Range: bytes=0-1\r\nContent-Length: 7\r\nConnection: close\r\nExpect: 100-continue\r\n'),
    parser,
  );
  const second = parseWhole(get(), parser);
  assert.deepEqual(second, parseWhole(get()));
});

test('connections stay or end as their version and field say', () => {
  const keepAlive = (text: string) => (parseWhole(text) as { head: { keepAlive: boolean } }).head.keepAlive;
  assert.equal(keepAlive(get()), true);
  assert.equal(keepAlive(get('Connection: Close\r\n')), false);
  assert.equal(keepAlive(get('Connection: x\r\nConnection: y, close\r\n')), false);
  assert.equal(keepAlive(get('', 'GET /a HTTP/1.0')), false);
  assert.equal(keepAlive(get('Connection: keep-alive\r\n', 'GET /a HTTP/1.0')), true);
  assert.equal(keepAlive('GET /a HTTP/1.0\r\n\r\n'), false, 'HTTP/1.0 needs no Host');
});

const REFUSED: Array<[string, number, string]> = [
  ['two lengths', 400, get('Content-Length: 1\r\nContent-Length: 2\r\n')],
  ['two equal lengths', 400, get('Content-Length: 1\r\nContent-Length: 1\r\n')],
  ['a list of lengths', 400, get('Content-Length: 1, 1\r\n')],
  ['a signed length', 400, get('Content-Length: +1\r\n')],
  ['a hexadecimal length', 400, get('Content-Length: 0x1\r\n')],
  ['an empty length', 400, get('Content-Length:\r\n')],
  ['an endless length', 400, get(`Content-Length: ${'9'.repeat(30)}\r\n`)],
  ['a length and an encoding', 400, get('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n')],
  ['an encoding and a length', 400, get('Transfer-Encoding: chunked\r\nContent-Length: 1\r\n')],
  ['a chunked body', 411, get('Transfer-Encoding: chunked\r\n')],
  ['another encoding', 501, get('Transfer-Encoding: gzip, chunked\r\n')],
  ['an encoding that hides', 501, get('Transfer-Encoding: \x0bchunked\r\n'.replace('\x0b', 'x'))],
  ['an empty encoding', 501, get('Transfer-Encoding:\r\n')],
  ['an encoding in HTTP/1.0', 400, get('Transfer-Encoding: chunked\r\n', 'GET / HTTP/1.0')],
  ['a control byte in a value', 400, get('Transfer-Encoding: \x0bchunked\r\n')],
  ['a bare line feed after the request line', 400, `GET /a HTTP/1.1\n${HOST}\r\n`],
  ['a bare line feed after a field', 400, 'GET /a HTTP/1.1\r\nHost: edge\nX: y\r\n\r\n'],
  ['a bare line feed at the end', 400, `GET /a HTTP/1.1\r\n${HOST}\n`],
  ['a bare carriage return in a value', 400, get('X: a\rb\r\n')],
  ['a bare carriage return at the start', 400, `\rGET /a HTTP/1.1\r\n${HOST}\r\n`],
  ['a line feed at the start', 400, `\n${get()}`],
  ['a folded field', 400, get('X: a\r\n b\r\n')],
  ['a folded first field', 400, `GET /a HTTP/1.1\r\n X: a\r\n${HOST}\r\n`],
  ['a space before the colon', 400, get('Content-Length : 1\r\n')],
  ['a name with a control byte', 400, get('Content-Length\x00: 1\r\n')],
  ['a name above ASCII', 400, get('Cont\xe9nt: 1\r\n')],
  ['a field without a colon', 400, get('nonsense\r\n')],
  ['a field without a name', 400, get(': x\r\n')],
  ['a NUL in a value', 400, get('X: a\x00b\r\n')],
  ['no Host', 400, 'GET /a HTTP/1.1\r\n\r\n'],
  ['two Hosts', 400, get('Host: other\r\n')],
  ['an empty Host', 400, 'GET /a HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a Host with a path', 400, 'GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with a space', 400, 'GET /a HTTP/1.1\r\nHost: a b\r\n\r\n'],
  ['no target', 400, `GET HTTP/1.1\r\n${HOST}\r\n`],
  ['two spaces', 400, `GET  /a HTTP/1.1\r\n${HOST}\r\n`],
  ['a space in the target', 400, `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
  ['a tab for a space', 400, `GET\t/a HTTP/1.1\r\n${HOST}\r\n`],
  ['a NUL in the target', 400, `GET /a\x00b HTTP/1.1\r\n${HOST}\r\n`],
  ['bytes above ASCII in the target', 400, `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`],
  ['a backslash in the target', 400, `GET /a\\..\\b HTTP/1.1\r\n${HOST}\r\n`],
  ['a fragment in the target', 400, `GET /a#b HTTP/1.1\r\n${HOST}\r\n`],
  ['no version', 400, `GET /a\r\n${HOST}\r\n`],
  ['a version in small letters', 400, get('', 'GET /a http/1.1')],
  ['a version with more digits', 400, get('', 'GET /a HTTP/1.10')],
  ['a space after the version', 400, get('', 'GET /a HTTP/1.1 ')],
  ['HTTP/2.0', 505, get('', 'GET /a HTTP/2.0')],
  ['HTTP/1.2', 505, get('', 'GET /a HTTP/1.2')],
  ['the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['bytes of TLS', 400, '\x16\x03\x01\x02\x00\x01\x00'],
  ['an endless method', 501, 'A'.repeat(60)],
  ['an endless target', 414, `GET /${'a'.repeat(9000)}`],
  ['too many fields', 431, get('A: b\r\n'.repeat(HEADERS_MAX))],
  ['an endless field', 431, get(`A: ${'b'.repeat(HEAD_BYTES_MAX)}\r\n`)],
  ['an endless name', 431, get(`${'a'.repeat(HEAD_BYTES_MAX)}: b\r\n`)],
  ['an unknown expectation', 417, get('Expect: miracles\r\n')],
];

test('whatever could be read in two ways is refused', () => {
  for (const [name, status, text] of REFUSED) assert.deepEqual(parseWhole(text), { refused: status }, name);
});

test('no cut of the bytes changes what is understood', () => {
  const accepted = [get(), `\r\n${get('Range: bytes=1-2\r\nExpect: 100-continue\r\n')}`, `${get()}GET /next`];
  for (const text of [
    ...accepted,
    ...REFUSED.map(([, , refused]) => refused).filter(({ length }) => length < 500),
  ]) {
    const whole = parseWhole(text);
    for (let cut = 1; cut <= text.length; cut++)
      assert.deepEqual(parseGrowing(text, cut), whole, `${cut} of ${text}`);
  }
});

test('the same holds for damaged requests, and none makes the parser throw or read too far', () => {
  const random = seeded(20_261_125);
  const pieces = [
    '\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    '\x00',
    '\t',
    'Content-Length: 1\r\n',
    'Host: a\r\n',
    '\xff',
    'HTTP/1.1',
    'Transfer-Encoding: chunked\r\n',
  ];
  const outcomes = { accepted: 0, refused: 0, incomplete: 0 };
  for (let round = 0; round < 3000; round++) {
    let text = get('Range: bytes=0-5\r\nIf-None-Match: "a"\r\nAccept: */*\r\n');
    for (let change = random(3); change >= 0; change--) {
      const at = random(text.length);
      const piece = pieces[random(pieces.length)] as string;
      text = text.slice(0, at) + piece + text.slice(at + random(3));
    }
    if (random(5) === 0) text = text.slice(0, random(text.length));
    const whole = parseWhole(text);
    if (whole === 'incomplete') outcomes.incomplete++;
    else if ('refused' in whole) outcomes.refused++;
    else outcomes.accepted++;
    if (whole !== 'incomplete' && 'used' in whole) {
      const { used } = whole;
      assert.ok(used <= text.length);
      assert.ok(text.slice(0, used).endsWith('\r\n\r\n'), 'a head ends with an empty line');
      const others = text.slice(0, used).match(/\n/g)?.length;
      assert.equal(text.slice(0, used).match(/\r\n/g)?.length, others, 'no bare line feed was let through');
    }
    assert.deepEqual(parseGrowing(text, 1 + random(text.length)), whole, JSON.stringify(text));
  }
  for (const [name, count] of Object.entries(outcomes)) assert.ok(count > 10, `${name}: ${count}`);
});

/** Whole numbers below a bound, the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
