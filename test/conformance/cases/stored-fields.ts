/** Fields that a cache stores and serves again, fields that it must not, and fields that a 304 brings up to date. */
import type { CaseGroup, ConformanceCase, FieldExpectation, FieldLine } from '../case.ts';
import { LONG_LIVED, NOW, PAUSE_MS, stores, storesFresh } from './building.ts';

type Field = {
  name: string;
  /** Value that is stored first, and value that a 304 brings. */
  first: string;
  second: string;
  /** `never`: it is about one hop or one proxy and must not be stored. Absent: stored. */
  stored?: 'never';
  /** Whether a 304 must, must not or may (absent) change it. */
  updated?: 'must' | 'must not';
};

/** A body of as many bytes as the first Content-Length says. */
const TEN_BYTES = '0123456789';

const FIELDS: readonly Field[] = [
  { name: 'Test-Header', first: 'alpha', second: 'beta', updated: 'must' },
  { name: 'X-Test-Header', first: 'alpha', second: 'beta', updated: 'must' },
  { name: 'Content-Foo', first: 'alpha', second: 'beta', updated: 'must' },
  { name: 'X-Content-Foo', first: 'alpha', second: 'beta', updated: 'must' },
  { name: 'Cache-Control', first: 'max-age=1', second: LONG_LIVED, updated: 'must' },
  { name: 'Connection', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Content-Encoding', first: 'x-alpha', second: 'x-beta' },
  { name: 'Content-Length', first: '10', second: '20', updated: 'must not' },
  { name: 'Content-Location', first: '/first', second: '/second' },
  { name: 'Content-MD5', first: 'eB5eJF1ptWaXm4bijSPyxw==', second: 'gdF4ewUHvxUvTQ/HDQMXkA==' },
  { name: 'Content-Range', first: 'alpha', second: 'beta' },
  { name: 'Content-Security-Policy', first: "script-src 'self'", second: "script-src 'none'" },
  { name: 'Content-Type', first: 'text/css', second: 'text/css;charset=utf-8' },
  { name: 'Clear-Site-Data', first: '"cache"', second: '"storage"' },
  { name: 'ETag', first: '"first"', second: '"second"' },
  { name: 'Expires', first: 'Tue, 05 Jan 2038 05:05:05 GMT', second: 'Wed, 06 Jan 2038 06:06:06 GMT' },
  { name: 'Keep-Alive', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Proxy-Authenticate', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Proxy-Authentication-Info', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Proxy-Authorization', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Proxy-Connection', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Public-Key-Pins', first: 'alpha', second: 'beta' },
  { name: 'Set-Cookie', first: 'seat=1', second: 'seat=2' },
  { name: 'Set-Cookie2', first: 'seat=1', second: 'seat=2' },
  { name: 'TE', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'Transfer-Encoding', first: 'chunked', second: 'chunked', stored: 'never' },
  { name: 'Upgrade', first: 'alpha', second: 'beta', stored: 'never' },
  { name: 'X-Frame-Options', first: 'deny', second: 'sameorigin' },
  { name: 'X-XSS-Protection', first: '0', second: '1; mode=block' },
];

function respondsWith(field: Field, value: string, cacheControl: string, tag?: FieldLine): FieldLine[] {
  const lines: FieldLine[] = [
    ['Date', NOW],
    [field.name, value],
  ];
  if (field.name !== 'Cache-Control') lines.push(['Cache-Control', cacheControl]);
  if (tag !== undefined && field.name !== tag[0]) lines.push(tag);
  return lines;
}

const stored = FIELDS.map((field): ConformanceCase => {
  const value = field.name === 'Cache-Control' ? LONG_LIVED : field.first;
  const chunked = field.name === 'Transfer-Encoding';
  return {
    id: `headers-store-${field.name}`,
    kind: 'required',
    summary: `${field.name} is ${field.stored === 'never' ? 'not stored' : 'stored and served again'}.`,
    requires: ['freshness-max-age'],
    steps: [
      stores(respondsWith(field, value, LONG_LIVED), { response: { body: TEN_BYTES } }),
      {
        response: { body: TEN_BYTES },
        expect: 'cached',
        setup: 'source',
        expectHeaders: field.stored === 'never' ? [] : [[field.name, value]],
        // How the cache frames its own reply is its affair; that the body is whole says that it did so once.
        expectAbsentHeaders: field.stored === 'never' && !chunked ? [[field.name, value]] : [],
      },
    ],
  };
});

const listed: ConformanceCase = {
  id: 'headers-omit-headers-listed-in-Connection',
  kind: 'required',
  summary: 'Fields that Connection names are for one hop and are not stored.',
  requires: ['freshness-max-age'],
  steps: [
    storesFresh([
      ['Connection', 'hop-one, hop-two'],
      ['Hop-One', '1'],
      ['Hop-Two', '2'],
      ['End-To-End', '3'],
    ]),
    {
      expect: 'cached',
      setup: 'source',
      expectHeaders: [['End-To-End', '3']],
      expectAbsentHeaders: [['Hop-One'], ['Hop-Two']],
    },
  ],
};

const kept: ConformanceCase = {
  id: '304-lm-use-stored-Test-Header',
  kind: 'required',
  summary: 'A field that a 304 does not mention is served as it was stored.',
  steps: [
    stores(
      [
        ['Cache-Control', 'max-age=1'],
        ['Last-Modified', 'Wed, 01 Jan 2020 00:00:00 GMT'],
        ['Date', NOW],
        ['Test-Header', 'alpha'],
      ],
      { pauseAfterMs: PAUSE_MS },
    ),
    {
      response: {
        headers: [
          ['Last-Modified', 'Wed, 01 Jan 2020 00:00:00 GMT'],
          ['Date', NOW],
        ],
      },
      expect: 'lm_validated',
      setup: 'source',
      expectHeaders: [['Test-Header', 'alpha']],
    },
  ],
};

const updated = FIELDS.filter((field) => field.stored !== 'never').map((field): ConformanceCase => {
  const tag: FieldLine = ['ETag', field.name === 'ETag' ? field.first : '"tag-1"'];
  const value = field.updated === 'must not' ? field.first : field.second;
  const expectHeaders: FieldExpectation[] = [[field.name, value]];
  const how = { must: 'updates', 'must not': 'does not change', may: 'updates' }[field.updated ?? 'may'];
  return {
    id: `304-etag-update-response-${field.name}`,
    kind: field.updated === undefined ? 'check' : 'required',
    summary: `A 304 ${how} ${field.name}, in the reply that waits for it and in the store.`,
    requires: ['304-lm-use-stored-Test-Header'],
    steps: [
      stores(respondsWith(field, field.first, 'max-age=1', tag), {
        response: { body: TEN_BYTES },
        pauseAfterMs: PAUSE_MS,
      }),
      {
        response: { headers: respondsWith(field, field.second, LONG_LIVED, tag), body: TEN_BYTES },
        expect: 'etag_validated',
        setup: 'source',
        expectHeaders,
      },
      { response: { body: TEN_BYTES }, expect: 'cached', setup: 'source', expectHeaders },
    ],
  };
});

const untouched: ConformanceCase = {
  id: 'other-date-update',
  kind: 'required',
  summary: 'Date stays as the origin sent it.',
  requires: ['freshness-max-age'],
  steps: [
    storesFresh([], { pauseAfterMs: 1_100 }),
    { expect: 'cached', expectHeaders: [['Date', { sentInStep: 1 }]] },
  ],
};

export const storedFields: CaseGroup = {
  title: 'Fields in the store',
  source: 'RFC 9111, sections 3.1, 3.2, 4.3.4 and 7.3; RFC 9110, sections 6.6.1 and 7.6.1',
  cases: [...stored, listed, kept, ...updated, untouched],
};
