/** CDN-Cache-Control: a field for caches in front of an origin that stands in for Cache-Control and Expires. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, inSeconds, LONG_LIVED, NOW, PAUSE_MS, SHORT_LIVED, stores } from './building.ts';

const CDN = 'CDN-Cache-Control';

type Row = readonly [
  id: string,
  kind: 'required' | 'optimal' | 'check',
  expect: 'cached' | 'not_cached',
  headers: readonly FieldLine[],
  summary: string,
];

const target = (value: string): FieldLine => [CDN, value];
const ordinary = (value: string): FieldLine => ['Cache-Control', value];
const FAR: FieldLine = ['Expires', inSeconds(9000)];
const PAST: FieldLine = ['Expires', inSeconds(-9000)];
const DATE: FieldLine = ['Date', NOW];

const alone: readonly Row[] = [
  ['cdn-max-age', 'optimal', 'cached', [target(LONG_LIVED)], 'max-age gives a lifetime.'],
  ['cdn-max-age-max', 'optimal', 'cached', [target('max-age=2147483648')], 'A max-age of 2^31 is long.'],
  ['cdn-max-age-max-plus', 'optimal', 'cached', [target('max-age=99999999999')], 'A larger max-age is long.'],
  [
    'cdn-max-age-age',
    'required',
    'not_cached',
    [DATE, target(LONG_LIVED), ['Age', '7200']],
    'A response older than its max-age is not reused.',
  ],
  ['cdn-max-age-0', 'required', 'not_cached', [target('max-age=0')], 'max-age=0 is stale at once.'],
  [
    'cdn-max-age-0-expires',
    'required',
    'not_cached',
    [target('max-age=0'), FAR, DATE],
    'max-age=0 wins over an Expires in the future.',
  ],
  [
    'cdn-max-age-extension',
    'optimal',
    'cached',
    [target(`quietly, ${LONG_LIVED}`)],
    'Unknown keys are passed over.',
  ],
  [
    'cdn-max-age-case-insensitive',
    'check',
    'cached',
    [target('mAX-AgE=3600')],
    'Keys in capitals are understood.',
  ],
  [
    'cdn-max-age-expires',
    'optimal',
    'cached',
    [target(LONG_LIVED), PAST, DATE],
    'max-age wins over a past Expires.',
  ],
  [
    'cdn-max-age-cc-max-age-invalid-expires',
    'optimal',
    'cached',
    [target(LONG_LIVED), ['Expires', '0'], DATE],
    'max-age wins over an Expires that is no date.',
  ],
];

const besideCacheControl: readonly Row[] = [
  [
    'cdn-max-age-short-cc-max-age',
    'optimal',
    'cached',
    [ordinary(SHORT_LIVED), target(LONG_LIVED)],
    'A long lifetime wins over a short one of Cache-Control.',
  ],
  [
    'cdn-max-age-long-cc-max-age',
    'required',
    'not_cached',
    [ordinary(LONG_LIVED), target(SHORT_LIVED)],
    'A short lifetime wins over a long one of Cache-Control.',
  ],
  [
    'cdn-private',
    'required',
    'not_cached',
    [target('private'), ordinary(LONG_LIVED), FAR, DATE],
    'private wins over the lifetime of Cache-Control.',
  ],
  [
    'cdn-no-cache',
    'required',
    'not_cached',
    [target('no-cache'), ordinary(LONG_LIVED), FAR, DATE],
    'no-cache wins over the lifetime of Cache-Control.',
  ],
  [
    'cdn-no-store-cc-fresh',
    'required',
    'not_cached',
    [ordinary(LONG_LIVED), target('no-store'), FAR, DATE],
    'no-store wins over the lifetime of Cache-Control.',
  ],
  [
    'cdn-fresh-cc-nostore',
    'required',
    'cached',
    [ordinary('no-store'), target('max-age=9000')],
    'A lifetime wins over the no-store of Cache-Control.',
  ],
];

const syntax: readonly Row[] = [
  [
    'cdn-cc-invalid-sh-type-unknown',
    'required',
    'not_cached',
    [target('max-age=9000, &&&&&'), ordinary('no-store')],
    'A field that is no dictionary is passed over as a whole.',
  ],
  [
    'cdn-cc-invalid-sh-type-wrong',
    'required',
    'not_cached',
    [target('max-age="9000"'), ordinary('no-store')],
    'A lifetime that is a string and no integer is not used.',
  ],
  [
    'cdn-max-age-space-before-equals',
    'check',
    'not_cached',
    [ordinary(SHORT_LIVED), target('max-age =100')],
    'A space before = makes it no dictionary.',
  ],
  [
    'cdn-max-age-space-after-equals',
    'check',
    'not_cached',
    [ordinary(SHORT_LIVED), target('max-age= 100')],
    'A space after = makes it no dictionary.',
  ],
];

/** What needs no `cdn-max-age`: these prove by themselves that the field is looked at. */
const BY_ITSELF: ReadonlySet<string> = new Set(['cdn-private', 'cdn-no-cache']);
const ON_LIFETIMES: ReadonlySet<string> = new Set([
  'cdn-max-age',
  'cdn-max-age-max',
  'cdn-max-age-max-plus',
  'cdn-no-store-cc-fresh',
  'cdn-fresh-cc-nostore',
]);

function needs(id: string): string[] {
  if (BY_ITSELF.has(id)) return [];
  return ON_LIFETIMES.has(id) ? ['freshness-none'] : ['cdn-max-age'];
}

const reuse = [...alone, ...besideCacheControl, ...syntax].map(([id, kind, expect, headers, summary]) => {
  const waits = headers.some(([, value]) => value === SHORT_LIVED);
  return askTwice({
    id,
    kind,
    summary,
    requires: needs(id),
    headers,
    expect,
    pauseAfterMs: waits ? PAUSE_MS : undefined,
  });
});

const passedOn: ConformanceCase = {
  id: 'cdn-remove-header',
  kind: 'check',
  summary: 'The field is passed on to the client.',
  steps: [
    {
      response: { headers: [ordinary(LONG_LIVED), target('quietly'), FAR, DATE] },
      expectHeaders: [[CDN, 'quietly']],
    },
  ],
};

/** What a client sees of a response that lives longer at the edge than Cache-Control allows the client. */
const outlived = (
  [
    ['cdn-remove-age-exceed', ['Age'], 'has an Age'],
    ['cdn-date-update-exceed', ['Date', { sentInStep: 1 }], 'has the Date of the origin'],
    ['cdn-expires-update-exceed', ['Expires', { sentInStep: 1 }], 'has the Expires of the origin'],
  ] as const
).map(
  ([id, field, what]): ConformanceCase => ({
    id,
    kind: 'check',
    summary: `A reply that outlived the lifetime of Cache-Control ${what}.`,
    requires: ['cdn-max-age'],
    steps: [
      stores([ordinary(SHORT_LIVED), ['Expires', inSeconds(1)], target('max-age=9000'), DATE], {
        pauseAfterMs: PAUSE_MS,
      }),
      { expectHeaders: [field] },
    ],
  }),
);

export const targeted: CaseGroup = {
  title: 'CDN-Cache-Control',
  source: 'RFC 9213, sections 2 and 3; RFC 9651, section 3.2',
  cases: [...reuse, passedOn, ...outlived],
};
