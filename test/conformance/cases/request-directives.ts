/** What Cache-Control and Pragma in a request ask of a cache. None of it binds a cache that many clients share. */
import type { CaseGroup, ConformanceCase, FieldLine, Source } from '../case.ts';
import { inSeconds, LONG_LIVED, NOW, PAUSE_MS, stores } from './building.ts';

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

export const requestDirectives: CaseGroup = {
  title: 'Request directives',
  source: 'RFC 9111, sections 5.2.1 and 5.4',
  cases: [...directives, onlyIfCached, ...pragma],
};
