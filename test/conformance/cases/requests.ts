/** What requests ask of a cache: Cache-Control and Pragma, credentials, cookies, queries, and other methods. */
import type { CaseGroup, CaseStep, ConformanceCase, FieldLine, Source } from '../case.ts';
import {
  inSeconds,
  LONG_LIVED,
  NOW,
  PAUSE_MS,
  stores,
  storesAndGrowsStale,
  storesFresh,
} from './building.ts';

type Row = readonly [
  id: string,
  stored: readonly FieldLine[],
  asked: string,
  expect: Source,
  summary: string,
  pauseAfterMs?: number,
];

const life = (value: string): FieldLine => ['Cache-Control', value];

const directives: ConformanceCase[] = (
  [
    [
      'ccreq-ma0',
      [life(LONG_LIVED)],
      'max-age=0',
      'not_cached',
      'max-age=0 asks for a new response.',
      PAUSE_MS,
    ],
    ['ccreq-ma1', [life(LONG_LIVED)], 'max-age=1', 'not_cached', 'max-age=1 refuses an older one.', PAUSE_MS],
    [
      'ccreq-magreaterage',
      [life(LONG_LIVED), ['Age', '1800']],
      'max-age=600',
      'not_cached',
      'max-age refuses one whose Age is above it.',
    ],
    [
      'ccreq-max-stale',
      [life('max-age=1')],
      'max-stale=1000',
      'cached',
      'max-stale takes a stale one.',
      PAUSE_MS,
    ],
    [
      'ccreq-max-stale-age',
      [life('max-age=1500'), ['Age', '2000']],
      'max-stale=1000',
      'cached',
      'max-stale takes one that was stale by its Age.',
    ],
    [
      'ccreq-min-fresh',
      [life('max-age=1500')],
      'min-fresh=2000',
      'not_cached',
      'min-fresh refuses a short rest.',
    ],
    [
      'ccreq-min-fresh-age',
      [life('max-age=1500'), ['Age', '1000']],
      'min-fresh=1000',
      'not_cached',
      'min-fresh refuses a rest that Age has shortened.',
    ],
    ['ccreq-no-cache', [life(LONG_LIVED)], 'no-cache', 'not_cached', 'no-cache asks the origin.'],
    [
      'ccreq-no-cache-lm',
      [life(LONG_LIVED), ['Last-Modified', inSeconds(-9000)], ['Date', NOW]],
      'no-cache',
      'lm_validated',
      'no-cache validates by date.',
    ],
    [
      'ccreq-no-cache-etag',
      [life(LONG_LIVED), ['ETag', '"q1"']],
      'no-cache',
      'etag_validated',
      'no-cache validates by entity tag.',
    ],
    ['ccreq-no-store', [life(LONG_LIVED)], 'no-store', 'not_cached', 'no-store asks the origin.'],
  ] as const satisfies readonly Row[]
).map(([id, headers, asked, expect, summary, pauseAfterMs]: Row) => ({
  id,
  kind: 'check',
  summary: `In a request, ${summary}`,
  steps: [stores(headers, { pauseAfterMs }), { request: { headers: [life(asked)] }, expect }],
}));

const onlyIfCached: ConformanceCase = {
  id: 'ccreq-oic',
  kind: 'check',
  summary: 'In a request, only-if-cached is answered 504 when nothing is stored.',
  steps: [{ request: { headers: [life('only-if-cached')] }, expectStatus: 504, expectBody: 'any' }],
};

const pragma: ConformanceCase[] = [
  ...(
    [
      ['pragma-request-no-cache', 'no-cache', 'Pragma: no-cache in a request does not hinder reuse.'],
      ['pragma-request-extension', 'quietly', 'An unknown Pragma in a request does not hinder reuse.'],
    ] as const
  ).map(
    ([id, value, summary]): ConformanceCase => ({
      id,
      kind: 'check',
      summary,
      steps: [stores([life(LONG_LIVED)]), { request: { headers: [['Pragma', value]] }, expect: 'cached' }],
    }),
  ),
  ...(
    [
      ['pragma-response-no-cache', [life(LONG_LIVED), ['Pragma', 'no-cache']], 'no-cache', 'with a lifetime'],
      [
        'pragma-response-no-cache-heuristic',
        [
          ['Date', NOW],
          ['Last-Modified', inSeconds(-10_000)],
          ['Pragma', 'no-cache'],
        ],
        'no-cache',
        'with a guessed lifetime',
      ],
      ['pragma-response-extension', [life(LONG_LIVED), ['Pragma', 'quietly']], 'quietly', 'with a lifetime'],
    ] as const satisfies ReadonlyArray<readonly [string, readonly FieldLine[], string, string]>
  ).map(
    ([id, headers, value, how]): ConformanceCase => ({
      id,
      kind: 'check',
      summary: `Pragma: ${value} in a response ${how} does not hinder reuse.`,
      requires: id.endsWith('heuristic') ? ['heuristic-200-cached'] : [],
      steps: [stores(headers), { expect: 'cached' }],
    }),
  ),
];

const CREDENTIALS: FieldLine = ['Authorization', 'Basic c2VhdDoxMg=='];

function authorized(headers: readonly FieldLine[]): CaseStep {
  return stores(headers, {
    request: { headers: [CREDENTIALS] },
    expectForwarded: { headers: [['authorization', CREDENTIALS[1] as string]] },
  });
}

const authorization: ConformanceCase[] = [
  {
    id: 'other-authorization',
    kind: 'required',
    summary: 'A response to a request with Authorization is not reused for others.',
    requires: ['freshness-max-age'],
    steps: [authorized([life(LONG_LIVED), ['Date', NOW]]), { expect: 'not_cached' }],
  },
  ...(
    [
      ['public', 'max-age=3600, public'],
      ['must-revalidate', 'max-age=3600, must-revalidate'],
      ['smaxage', 's-maxage=3600'],
    ] as const
  ).map(
    ([name, value]): ConformanceCase => ({
      id: `other-authorization-${name}`,
      kind: 'optimal',
      summary: `A response to a request with Authorization is reused for others with ${value}.`,
      requires: ['other-authorization'],
      steps: [authorized([life(value), ['Date', NOW]]), { expect: 'cached' }],
    }),
  ),
];

const keys: ConformanceCase[] = [
  {
    id: 'query-args-different',
    kind: 'required',
    summary: 'Another query is another resource.',
    requires: ['freshness-max-age'],
    steps: [
      storesFresh([], { request: { suffix: '?part=1' } }),
      { request: { suffix: '?part=2' }, expect: 'not_cached' },
    ],
  },
  {
    id: 'query-args-same',
    kind: 'optimal',
    summary: 'A query does not hinder reuse.',
    requires: ['freshness-max-age'],
    steps: [
      storesFresh([], { request: { suffix: '?part=1' } }),
      { request: { suffix: '?part=1' }, expect: 'cached' },
    ],
  },
  {
    id: 'other-set-cookie',
    kind: 'optimal',
    summary: 'Set-Cookie does not hinder reuse of what has a lifetime.',
    requires: ['freshness-max-age'],
    steps: [storesFresh([['Set-Cookie', 'seat=12']]), { expect: 'cached' }],
  },
  {
    id: 'other-cookie',
    kind: 'optimal',
    summary: 'A cookie in the request does not hinder reuse of what has a lifetime.',
    requires: ['freshness-max-age'],
    steps: [storesFresh(), { request: { headers: [['Cookie', 'seat=12']] }, expect: 'cached' }],
  },
  {
    id: 'other-heuristic-content-disposition-attachment',
    kind: 'check',
    summary: 'A download without lifetime is reused on a guess.',
    requires: ['heuristic-200-cached'],
    steps: [
      stores([
        ['Last-Modified', inSeconds(-100_000)],
        ['Date', NOW],
        ['Content-Disposition', 'attachment; filename=film.txt'],
      ]),
      { expect: 'cached' },
    ],
  },
  {
    id: 'other-fresh-content-disposition-attachment',
    kind: 'check',
    summary: 'A download with a lifetime is reused.',
    requires: ['freshness-max-age'],
    steps: [storesFresh([['Content-Disposition', 'attachment; filename=film.txt']]), { expect: 'cached' }],
  },
  {
    id: 'method-POST',
    kind: 'optimal',
    summary:
      'The response to a POST that says to be the resource itself, with a lifetime, answers a later GET.',
    steps: [
      stores(
        [
          ['Expires', inSeconds(86_400)],
          ['Content-Location', { path: '' }],
          ['Date', NOW],
        ],
        { request: { method: 'POST', body: '12345', headers: [['Content-Type', 'text/plain']] } },
      ),
      { expect: 'cached' },
    ],
  },
];

const head = (
  [
    ['head-200-retain', [], 200, '1', 'keeps the stored fields that a 200 to HEAD leaves out'],
    ['head-200-update', [['Kept', '2']], 200, '2', 'updates the stored fields from a 200 to HEAD'],
    ['head-410-update', [['Kept', '2']], 410, '2', 'updates the stored fields from a 410 to HEAD'],
  ] as const satisfies ReadonlyArray<readonly [string, readonly FieldLine[], number, string, string]>
).map(([id, fields, status, kept, what]): ConformanceCase => {
  const renewed: readonly FieldLine[] = fields.length > 0 ? [life('max-age=1000'), ...fields] : [];
  return {
    id,
    kind: 'check',
    summary: `A cache ${what}.`,
    requires: fields.length > 0 ? ['head-200-freshness-update'] : ['head-writethrough'],
    steps: [
      storesAndGrowsStale([['Kept', '1']]),
      {
        request: { method: 'HEAD' },
        response: { status, headers: renewed },
        expectForwarded: { method: 'HEAD' },
        expectHeaders: fields.length > 0 ? [] : [['Kept', kept]],
      },
      ...(fields.length > 0
        ? [{ expect: 'cached', setup: 'source', expectHeaders: [['Kept', kept]] } as const]
        : []),
    ],
  };
});

const headFirst: ConformanceCase[] = [
  {
    id: 'head-writethrough',
    kind: 'check',
    summary: 'HEAD is passed on as HEAD when the stored response is stale.',
    requires: ['freshness-max-age-stale'],
    steps: [storesAndGrowsStale(), { request: { method: 'HEAD' }, expectForwarded: { method: 'HEAD' } }],
  },
  {
    id: 'head-200-freshness-update',
    kind: 'check',
    summary: 'A 200 to HEAD renews the lifetime of the stored response.',
    requires: ['head-writethrough'],
    steps: [
      storesAndGrowsStale(),
      {
        request: { method: 'HEAD' },
        response: { headers: [life('max-age=1000')] },
        expectForwarded: { method: 'HEAD' },
      },
      { expect: 'cached' },
    ],
  },
];

export const requests: CaseGroup = {
  title: 'Requests',
  source: 'RFC 9111, sections 2, 3.5, 4, 4.3.5, 5.2.1 and 5.4; RFC 9110, sections 9.3.2 and 9.3.3',
  cases: [...directives, onlyIfCached, ...pragma, ...authorization, ...keys, ...headFirst, ...head],
};
