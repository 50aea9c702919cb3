/** What the rest of a request means to a cache: credentials, cookies, queries, and other methods. */
import type { CaseGroup, CaseStep, ConformanceCase, FieldLine } from '../case.ts';
import { inSeconds, LONG_LIVED, NOW, stores, storesAndGrowsStale, storesFresh } from './building.ts';

const life = (value: string): FieldLine => ['Cache-Control', value];

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
  source: 'RFC 9111, sections 2, 3.5, 4 and 4.3.5; RFC 9110, sections 9.3.2 and 9.3.3',
  cases: [...authorization, ...keys, ...headFirst, ...head],
};
