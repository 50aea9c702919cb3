/** Ranges: served from stored whole and partial responses. The origin tells the truth about what it was asked. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { LONG_LIVED, stores } from './building.ts';

const WHOLE = '0123456789A';
const ASKED_LAST_FIVE: FieldLine = ['Range', 'bytes=-5'];
const LIFE: readonly FieldLine[] = [
  ['Cache-Control', LONG_LIVED],
  ['ETag', '"whole-1"'],
];

const fromWhole = (
  [
    ['', 'bytes=0-1', '01', 'with both ends'],
    ['-no-last', 'bytes=1-', '123456789A', 'without last position'],
    ['-suffix', 'bytes=-1', 'A', 'that counts from the end'],
  ] as const
).map(
  ([id, range, part, what]): ConformanceCase => ({
    id: `partial-store-complete-reuse-partial${id}`,
    kind: 'optimal',
    summary: `A range ${what} is cut from a stored whole response.`,
    requires: ['freshness-max-age'],
    steps: [
      stores(LIFE, { response: { body: WHOLE } }),
      { request: { headers: [['Range', range]] }, expect: 'cached', expectStatus: 206, expectBody: part },
    ],
  }),
);

const fromPart = (
  [
    ['', 'bytes=-5', '6789A', 'The same range'],
    ['-byterange', 'bytes=7-9', '789', 'A range inside it'],
    ['-absent', 'bytes=7-', '789A', 'A range inside it without last position'],
    ['-suffix', 'bytes=-1', 'A', 'A range inside it that counts from the end'],
  ] as const
).map(
  ([id, range, part, what]): ConformanceCase => ({
    id: `partial-store-partial-reuse-partial${id}`,
    kind: 'optimal',
    summary: `${what} is served after a partial response without asking again.`,
    requires: ['freshness-max-age'],
    steps: [
      stores(LIFE, {
        request: { headers: [ASKED_LAST_FIVE] },
        response: { body: WHOLE, ranges: true },
        expectStatus: 206,
        expectBody: '6789A',
      }),
      { request: { headers: [['Range', range]] }, expect: 'cached', expectStatus: 206, expectBody: part },
    ],
  }),
);

const completed: ConformanceCase = {
  id: 'partial-store-partial-complete',
  kind: 'optimal',
  summary: 'A whole response after a partial one costs the origin no more than what is missing.',
  requires: ['freshness-max-age'],
  steps: [
    stores(LIFE, {
      request: { headers: [['Range', 'bytes=0-4']] },
      response: { body: WHOLE, ranges: true },
      expectStatus: 206,
      expectBody: '01234',
    }),
    {
      response: { headers: LIFE, body: WHOLE, ranges: true },
      expectStatus: 200,
      expectRangeForwarded: ['bytes=5-', 'bytes=5-10'],
    },
  ],
};

const fields: ConformanceCase[] = [
  {
    id: 'partial-use-headers',
    kind: 'required',
    summary: 'A range cut from a stored response says which bytes it holds.',
    requires: ['partial-store-complete-reuse-partial'],
    steps: [
      stores(LIFE, { response: { body: WHOLE } }),
      {
        request: { headers: [['Range', 'bytes=0-1']] },
        expect: 'cached',
        setup: 'source',
        expectStatus: 206,
        expectBody: '01',
        expectHeaders: [['Content-Range', 'bytes 0-1/11']],
      },
    ],
  },
  {
    id: 'partial-use-stored-headers',
    kind: 'required',
    summary: 'A range cut from a stored response has the stored fields.',
    requires: ['partial-store-complete-reuse-partial'],
    steps: [
      stores([...LIFE, ['Edition', '1']], { response: { body: WHOLE } }),
      {
        request: { headers: [['Range', 'bytes=0-1']] },
        expect: 'cached',
        setup: 'source',
        expectStatus: 206,
        expectBody: '01',
        expectHeaders: [['Edition', '1']],
      },
    ],
  },
];

export const partial: CaseGroup = {
  title: 'Ranges',
  source: 'RFC 9111, sections 3.3 and 3.4; RFC 9110, sections 14.2 and 15.3.7',
  cases: [...fromWhole, ...fromPart, completed, ...fields],
};
