/** What is written for one reply, letter by letter, and that nothing a viewer sends breaks out of its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudFrontFormat, jsonFormat } from './access-formats.ts';
import { accessRecord, NO_NAMES } from './access-record.ts';
import { NO_FACTS, ReplyReader } from './reply-facts.ts';
import { type Asked, ReplyTrace } from './trace.ts';

const TIME_MS = Date.UTC(2026, 10, 26, 2, 36, 10) + 7;
const HEAD = (status: number, cache: string, fields = '') =>
  `HTTP/1.1 ${status} X\r\ndate: then\r\n${fields}content-type: video/mp4\r\ncontent-length: 900\r\n${cache}\r\n`;

type Sent = { reply: string; asked?: Partial<Asked>; picked?: Partial<Asked['picked']>; isBroken?: boolean };

function recordOf({ reply, asked, picked, isBroken = false }: Sent, names = NO_NAMES) {
  const times = [1000, 1000.25, 1003.5];
  const reader = new ReplyReader('edge-1');
  let ended: ReplyTrace | undefined;
  const trace = new ReplyTrace(
    {
      ...{
        method: 'GET',
        target: '/healthz',
        protocol: 'HTTP/1.1',
        isSecure: false,
        address: '192.0.2.7',
        bytes: 300,
      },
      ...asked,
      picked: { host: 'e.example', userAgent: '', referer: '', range: '', cmcd: '', ...picked },
    },
    {
      monotonic: () => times.shift() ?? 0,
      read: (head) => reader.read(head, false),
      take: (done) => {
        ended = done;
      },
    },
  );
  if (reply !== '') {
    trace.replied(Buffer.from(reply, 'latin1'));
    trace.sent(1234);
  }
  trace.end(isBroken);
  assert.equal(ended, trace);
  return accessRecord(trace, names, TIME_MS);
}

const TOKEN = `${'p'.repeat(90)}.${'s'.repeat(86)}`;
const FULL: Sent = {
  reply: HEAD(
    206,
    'cache-status: edge-1; hit; ttl=9; detail=disk\r\n',
    'content-range: bytes 5-904/2000\r\n',
  ),
  asked: {
    target: `/${TOKEN}/titles/t1/1/v/a%20b.m4s?x=1&CMCD=${encodeURIComponent('bl=2100,ot=v,su,sid="a b"')}`,
    isSecure: true,
    protocol: 'HTTP/2.0',
  },
  picked: {
    userAgent: 'Agent/1.0 (X; "Y")',
    referer: `https://p.example/${TOKEN}/w?t=1`,
    range: 'bytes=5-904',
  },
};

test('a reply as a JSON object', () => {
  const names = { session: '0123456789abcdef', title: 't1' };
  assert.equal(
    jsonFormat('edge-1').line(recordOf(FULL, names)),
    '{"time":"2026-11-26T02:36:10.007Z","client":"192.0.2.7","method":"GET",' +
      '"target":"/-/titles/t1/1/v/a%20b.m4s?x=1","status":206,"bytes":1234,"hit":"disk","firstByteMs":0.250,' +
      '"totalMs":3.500,"protocol":"HTTP/2.0","secure":true,"host":"e.example","range":"bytes=5-904",' +
      '"agent":"Agent/1.0 (X; \\"Y\\")","referer":"https://p.example/-/w","session":"0123456789abcdef",' +
      '"title":"t1","cmcd":{"bl":2100,"ot":"v","su":true,"sid":"a b"},"edge":"edge-1"}\n',
  );
});

test('a reply as a line of the standard log of CloudFront', () => {
  const format = cloudFrontFormat('edge-1', 'run');
  assert.equal(
    format.line(recordOf(FULL)),
    '2026-11-26\t02:36:10\tedge-1\t1234\t192.0.2.7\tGET\te.example\t/-/titles/t1/1/v/a%2520b.m4s\t206\t' +
      'https://p.example/-/w\tAgent/1.0%20(X;%20%22Y%22)\t' +
      'x=1&CMCD=bl%253D2100%252Cot%253Dv%252Csu%252Csid%253D%2522a%2520b%2522\t-\tHit\trun-1\te.example\thttps\t300\t' +
      '0.004\t-\t-\t-\tHit\tHTTP/2.0\t-\t-\t-\t0.000\tHit\tvideo/mp4\t900\t5\t904\n',
  );
  const [version, fields] = format.head.split('\n');
  assert.equal(version, '#Version: 1.0');
  assert.equal(fields?.slice('#Fields: '.length).split(' ').length, 33);
  assert.equal(format.line(recordOf(FULL)).split('\t').length, 33);
});

test('how a reply was come by, in the words of CloudFront', () => {
  const rows: Array<[reply: string, result: string, response: string, detail: string]> = [
    [HEAD(200, 'cache-status: edge-1; hit; ttl=9; detail=memory\r\n'), 'Hit', 'Hit', 'Hit'],
    [HEAD(200, 'cache-status: edge-1; hit; ttl=-9; detail=stale\r\n'), 'Hit', 'Hit', 'Hit'],
    [HEAD(200, 'cache-status: edge-1; fwd=uri-miss; collapsed\r\n'), 'Hit', 'Hit', 'Hit'],
    [
      HEAD(200, 'cache-status: edge-1; fwd=stale; fwd-status=304; ttl=9\r\n'),
      'RefreshHit',
      'RefreshHit',
      'RefreshHit',
    ],
    [HEAD(200, 'cache-status: edge-1; fwd=uri-miss; stored\r\n'), 'Miss', 'Miss', 'Miss'],
    [HEAD(200, 'cache-status: edge-1; fwd=bypass\r\n'), 'Miss', 'Miss', 'Miss'],
    [
      HEAD(200, 'cache-status: o; hit\r\ncache-status: edge-1; fwd=uri-miss; stored\r\n'),
      'Miss',
      'Miss',
      'Miss',
    ],
    [HEAD(504, 'cache-status: edge-1; fwd=uri-miss; detail=late\r\n'), 'Error', 'Error', 'OriginCommError'],
    [HEAD(403, ''), 'Error', 'Error', 'Error'],
    [HEAD(301, ''), 'Redirect', 'Redirect', 'Redirect'],
  ];
  for (const [reply, ...expected] of rows) {
    const line = cloudFrontFormat('edge-1', 'r').line(recordOf({ reply })).split('\t');
    assert.deepEqual([line[13], line[22], line[28]], expected, reply);
  }
});

test('a viewer who left is told from one who was refused', () => {
  const reply = HEAD(200, 'cache-status: edge-1; hit; ttl=9; detail=memory\r\n');
  const broken = cloudFrontFormat('e', 'r')
    .line(recordOf({ reply, isBroken: true }))
    .split('\t');
  assert.deepEqual([broken[13], broken[22], broken[28]], ['Error', 'Hit', 'ClientCommError']);
  const silent = recordOf({ reply: '', isBroken: true });
  const line = cloudFrontFormat('e', 'r').line(silent).split('\t');
  assert.deepEqual([line[3], line[8], line[27]], ['0', '000', '-']);
  assert.equal(JSON.parse(jsonFormat('e').line(silent)).firstByteMs, null);
  assert.equal(silent.hit, NO_FACTS.hit);
});

test('nothing that a viewer sends ends a line or a field', () => {
  const nasty = 'a\t"b\\\u00ff%0a\u0001';
  const sent = {
    reply: HEAD(200, ''),
    asked: { method: 'G"\\ET', target: `/x"\\?q=${'y'.repeat(5000)}` },
    picked: { host: nasty, userAgent: nasty, referer: nasty, range: nasty },
  };
  const line = cloudFrontFormat('e', 'r').line(recordOf(sent));
  assert.equal(line.split('\t').length, 33);
  assert.match(line, /^[!-~\t]+\n$/);
  assert.ok(line.includes('\ta%09%22b%5C%FF%250a%01\t'));
  const json = jsonFormat('e').line(recordOf(sent));
  assert.equal(json.indexOf('\n'), json.length - 1);
  const document = JSON.parse(json);
  assert.deepEqual(
    [document.method, document.host, document.agent, document.range],
    ['G"\\ET', nasty, nasty, nasty],
  );
  assert.equal(document.target.length, 2048);
});
