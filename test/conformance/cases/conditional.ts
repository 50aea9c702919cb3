/** Conditional requests of clients, and what a cache answers to them. */
import type { CaseGroup, CaseKind, CaseStep, ConformanceCase, FieldLine, FieldValue } from '../case.ts';
import { inSeconds, LONG_LIVED, NOW, stores, storesAndGrowsStale, storesFresh } from './building.ts';

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
  requires: ['freshness-max-age'],
  steps: [stores([['Cache-Control', LONG_LIVED], ...headers]), notModified([['If-Modified-Since', since]])],
}));

const afterValidation: ConformanceCase = {
  id: 'conditional-lm-stale',
  kind: 'optimal',
  summary: 'If-Modified-Since on a stale response is answered 304 once the origin has confirmed that.',
  requires: ['freshness-max-age-stale'],
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
  cases: [...answered, ...inDetail, ...byDate, afterValidation],
};
