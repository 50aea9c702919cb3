/** Conditional requests: what a cache answers to those of its clients, and which ones it makes itself. */
import type { CaseGroup, CaseKind, CaseStep, ConformanceCase, FieldLine, FieldValue } from '../case.ts';
import {
  inSeconds,
  LONG_LIVED,
  NOW,
  PAUSE_MS,
  stores,
  storesAndGrowsStale,
  storesFresh,
} from './building.ts';

const STRONG = '"v1-abc"';
const WEAK = `W/${STRONG}`;

function notModified(request: readonly FieldLine[], more: Partial<CaseStep> = {}): CaseStep {
  return { request: { headers: request }, expect: 'cached', expectStatus: 304, ...more };
}

const answered = (
  [
    ['conditional-etag-strong-respond', 'optimal', STRONG, STRONG, 'the strong tag of the stored response'],
    ['conditional-etag-weak-respond', 'optimal', WEAK, WEAK, 'the weak tag of the stored response'],
    [
      'conditional-etag-strong-respond-multiple-first',
      'optimal',
      STRONG,
      `${STRONG}, "x", "y"`,
      'its tag first in a list',
    ],
    [
      'conditional-etag-strong-respond-multiple-second',
      'optimal',
      STRONG,
      `"x", ${STRONG}, "y"`,
      'its tag amid a list',
    ],
    [
      'conditional-etag-strong-respond-multiple-last',
      'optimal',
      STRONG,
      `"x", "y", ${STRONG}`,
      'its tag last in a list',
    ],
    ['conditional-etag-quoted-respond-unquoted', 'check', STRONG, 'v1-abc', 'its tag without the quotes'],
    [
      'conditional-etag-unquoted-respond-unquoted',
      'check',
      'v1-abc',
      'v1-abc',
      'its tag, which has no quotes',
    ],
    [
      'conditional-etag-unquoted-respond-quoted',
      'check',
      'v1-abc',
      STRONG,
      'its tag, which has no quotes, in quotes',
    ],
    [
      'conditional-etag-weak-respond-lowercase',
      'check',
      `w/${STRONG}`,
      `w/${STRONG}`,
      'a tag marked weak by a small w',
    ],
    [
      'conditional-etag-weak-respond-backslash',
      'check',
      `W\\${STRONG}`,
      `W\\${STRONG}`,
      'a tag marked weak by a backslash',
    ],
    [
      'conditional-etag-weak-respond-omit-slash',
      'check',
      `W${STRONG}`,
      `W${STRONG}`,
      'a tag marked weak without slash',
    ],
  ] as const
).map(
  ([id, kind, stored, asked, what]): ConformanceCase => ({
    id,
    kind,
    summary: `If-None-Match with ${what} is answered 304 from the store.`,
    requires: [requiredFor(id, kind)],
    steps: [storesFresh([['ETag', stored]]), notModified([['If-None-Match', asked]])],
  }),
);

function requiredFor(id: string, kind: CaseKind): string {
  if (id.includes('-weak-respond-')) return 'conditional-etag-weak-respond';
  if (kind === 'check' || id.includes('-multiple-')) return 'conditional-etag-strong-respond';
  return 'freshness-max-age';
}

const inDetail: ConformanceCase[] = [
  {
    id: 'conditional-etag-strong-respond-obs-text',
    kind: 'check',
    summary: 'If-None-Match with a tag of bytes above ASCII is answered 304 from the store, tag unchanged.',
    requires: ['conditional-etag-strong-respond'],
    steps: [
      storesFresh([['ETag', '"v1-\u00e9"']]),
      notModified([['If-None-Match', '"v1-\u00e9"']], { expectHeaders: [['ETag', '"v1-\u00e9"']] }),
    ],
  },
  {
    id: 'conditional-304-etag',
    kind: 'required',
    summary: 'A 304 from the store carries the entity tag.',
    requires: ['conditional-etag-strong-respond'],
    steps: [
      storesFresh([['ETag', STRONG]]),
      notModified([['If-None-Match', STRONG]], { expectHeaders: [['ETag', STRONG]] }),
    ],
  },
  {
    id: 'conditional-etag-precedence',
    kind: 'required',
    summary: 'If-Modified-Since is not looked at beside an If-None-Match that holds.',
    requires: ['conditional-etag-strong-respond'],
    steps: [
      storesFresh([
        ['Last-Modified', inSeconds(-5000)],
        ['ETag', STRONG],
      ]),
      notModified([
        ['If-None-Match', STRONG],
        ['If-Modified-Since', inSeconds(-9000)],
      ]),
    ],
  },
];

const made: ConformanceCase[] = [
  {
    id: 'conditional-etag-vary-headers',
    kind: 'required',
    summary: 'A validation carries the fields of the request that selected the stored response.',
    steps: [
      stores(
        [
          ['Expires', inSeconds(1)],
          ['ETag', STRONG],
          ['Date', NOW],
          ['Vary', 'Colour'],
        ],
        { request: { headers: [['Colour', 'red']] }, pauseAfterMs: PAUSE_MS },
      ),
      {
        request: { headers: [['Colour', 'red']] },
        expect: 'etag_validated',
        setup: 'source',
        expectForwarded: { headers: [['colour', 'red']] },
      },
    ],
  },
  {
    id: 'conditional-etag-vary-headers-mismatch',
    kind: 'check',
    summary: 'The tag of another variant is offered to the origin when no stored variant fits.',
    requires: ['conditional-etag-vary-headers', 'vary-no-match'],
    steps: [
      stores(
        [
          ['Expires', inSeconds(9000)],
          ['ETag', STRONG],
          ['Date', NOW],
          ['Vary', 'Colour'],
        ],
        { request: { headers: [['Colour', 'red']] } },
      ),
      {
        request: { headers: [['Colour', 'blue']] },
        expectForwarded: { headers: [['if-none-match', STRONG]] },
      },
    ],
  },
  generates('conditional-etag-strong-generate', 'optimal', STRONG, STRONG, 'freshness-max-age-stale'),
  generates('conditional-etag-weak-generate-weak', 'optimal', WEAK, WEAK, 'freshness-max-age-stale'),
  generates(
    'conditional-etag-strong-generate-unquoted',
    'check',
    'v1-abc',
    STRONG,
    'conditional-etag-strong-generate',
  ),
  {
    id: 'conditional-etag-forward',
    kind: 'check',
    summary: 'If-None-Match of a client is passed on when nothing is stored.',
    steps: [
      {
        request: { headers: [['If-None-Match', STRONG]] },
        expectForwarded: { headers: [['if-none-match', STRONG]] },
      },
    ],
  },
  {
    id: 'conditional-etag-forward-unquoted',
    kind: 'check',
    summary: 'An If-None-Match without quotes is passed on with quotes.',
    requires: ['conditional-etag-forward'],
    steps: [
      {
        request: { headers: [['If-None-Match', 'v1-abc']] },
        expectForwarded: { headers: [['if-none-match', STRONG]] },
      },
    ],
  },
];

function generates(id: string, kind: CaseKind, tag: string, asked: string, needs: string): ConformanceCase {
  return {
    id,
    kind,
    summary: `A stale response with the tag ${tag} is validated with If-None-Match: ${asked}.`,
    requires: [needs],
    steps: [
      storesAndGrowsStale([['ETag', tag]]),
      { expect: 'etag_validated', expectForwarded: { headers: [['if-none-match', asked]] } },
    ],
  };
}

const LAST_MODIFIED: FieldValue = { sent: 'Last-Modified', inStep: 1 };
const modified: readonly FieldLine[] = [
  ['Last-Modified', inSeconds(-3000)],
  ['Date', NOW],
];

const byDate: ConformanceCase[] = (
  [
    ['conditional-lm-fresh', modified, LAST_MODIFIED, 'equal to the stored Last-Modified'],
    ['conditional-lm-fresh-earlier', modified, inSeconds(-2000), 'after the stored Last-Modified'],
    [
      'conditional-lm-fresh-no-lm',
      [['Date', NOW]],
      { sent: 'Date', inStep: 1 },
      'equal to the Date of a stored response without Last-Modified',
    ],
    [
      'conditional-lm-fresh-rfc850',
      modified,
      { sent: 'Last-Modified', inStep: 1, as: 'rfc850' },
      'equal to the stored Last-Modified, in the form of RFC 850,',
    ],
  ] as const satisfies ReadonlyArray<readonly [string, readonly FieldLine[], FieldValue, string]>
).map(([id, headers, since, what]) => ({
  id,
  kind: 'optimal',
  summary: `If-Modified-Since ${what} is answered 304 from the store.`,
  steps: [stores([['Cache-Control', LONG_LIVED], ...headers]), notModified([['If-Modified-Since', since]])],
}));

const afterValidation: ConformanceCase = {
  id: 'conditional-lm-stale',
  kind: 'optimal',
  summary: 'If-Modified-Since on a stale response is answered 304 once the origin has confirmed that.',
  steps: [
    storesAndGrowsStale(modified),
    {
      request: { headers: [['If-Modified-Since', LAST_MODIFIED]] },
      expect: 'lm_validated',
      expectStatus: 304,
    },
  ],
};

export const conditional: CaseGroup = {
  title: 'Conditional requests',
  source: 'RFC 9111, section 4.3; RFC 9110, sections 8.8, 13.1 and 13.2.2',
  cases: [...answered, ...inDetail, ...made, ...byDate, afterValidation],
};
