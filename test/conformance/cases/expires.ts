/** Freshness by Expires, and which texts are dates. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, inSeconds, NOW, stores } from './building.ts';

const MONTH = 30 * 86_400;

const lifetime: ConformanceCase[] = [
  askTwice({
    id: 'freshness-expires-future',
    kind: 'optimal',
    summary: 'A response is reused before its Expires.',
    requires: ['freshness-none'],
    headers: [
      ['Expires', inSeconds(MONTH)],
      ['Date', NOW],
    ],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-expires-past',
    kind: 'required',
    summary: 'A response whose Expires has passed is not reused.',
    requires: ['freshness-expires-future'],
    headers: [
      ['Expires', inSeconds(-MONTH)],
      ['Date', NOW],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-expires-present',
    kind: 'required',
    summary: 'An Expires equal to Date is a lifetime of zero.',
    requires: ['freshness-none'],
    headers: [
      ['Expires', NOW],
      ['Date', NOW],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-expires-old-date',
    kind: 'required',
    summary: 'An Expires before Date is past by the clock of the origin, even if ours is behind both.',
    requires: ['freshness-expires-future'],
    headers: [
      ['Expires', inSeconds(300)],
      ['Date', inSeconds(400)],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-expires-invalid',
    kind: 'required',
    summary: 'An Expires of 0 is in the past.',
    requires: ['freshness-expires-future'],
    headers: [
      ['Expires', '0'],
      ['Date', NOW],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-expires-invalid-date',
    kind: 'optimal',
    summary: 'With a Date that is none, Expires is held against the time of receipt.',
    requires: ['freshness-expires-future'],
    headers: [
      ['Date', 'today'],
      ['Expires', inSeconds(10)],
    ],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-expires-age-slow-date',
    kind: 'required',
    summary: 'An Age above Expires minus Date is stale, with a clock at the origin that is behind.',
    requires: ['freshness-expires-future'],
    headers: [
      ['Date', inSeconds(-10)],
      ['Expires', inSeconds(10)],
      ['Age', '25'],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-expires-age-fast-date',
    kind: 'required',
    summary: 'An Age above Expires minus Date is stale, with a clock at the origin that is ahead.',
    requires: ['freshness-expires-future'],
    headers: [
      ['Date', inSeconds(10)],
      ['Expires', inSeconds(20)],
      ['Age', '15'],
    ],
    expect: 'not_cached',
  }),
];

const dates = (
  [
    ['freshness-expires-32bit', 'Tue, 19 Jan 2038 14:14:08 GMT', 'beyond 31 bits of seconds'],
    ['freshness-expires-far-future', 'Sun, 21 Nov 2286 04:46:39 GMT', 'centuries away'],
    ['freshness-expires-rfc850', 'Wednesday, 02-Mar-50 11:22:33 GMT', 'in the form of RFC 850'],
    ['freshness-expires-ansi-c', 'Wed Mar  2 11:22:33 2050', 'in the form of asctime'],
    ['freshness-expires-wrong-case-weekday', 'WED, 02 Mar 2050 11:22:33 GMT', 'with a shouted weekday'],
    ['freshness-expires-wrong-case-month', 'Wed, 02 MAR 2050 11:22:33 GMT', 'with a shouted month'],
    ['freshness-expires-wrong-case-tz', 'Wed, 02 Mar 2050 11:22:33 gMT', 'with a zone of mixed letters'],
  ] as const
).map(([id, date, how]) => expiresAs(id, 'optimal', [date], `An Expires ${how} is a date.`));

const noDates = (
  [
    ['utc', 'Wed, 02 Mar 2050 11:22:33 UTC', 'in a zone called UTC'],
    ['aest', 'Wed, 02 Mar 2050 11:22:33 AEST', 'in another zone than GMT'],
    ['2-digit-year', 'Wed, 02 Mar 50 11:22:33 GMT', 'with two digits of a year'],
    ['no-comma', 'Wed 02 Mar 2050 11:22:33 GMT', 'without comma'],
    ['multiple-spaces', 'Wed, 02  Mar  2050 11:22:33 GMT', 'with two spaces'],
    ['date-dashes', 'Wed, 02-Mar-2050 11:22:33 GMT', 'with dashes between day, month and full year'],
    ['time-periods', 'Wed, 02 Mar 2050 11.22.33 GMT', 'with full stops in its time'],
    ['1-digit-hour', 'Wed, 02 Mar 2050 3:22:33 GMT', 'with one digit of an hour'],
  ] as const
).map(([id, date, how]) =>
  expiresAs(
    `freshness-expires-invalid-${id}`,
    'required',
    [date],
    `An Expires ${how} is no date, thus in the past.`,
  ),
);

const severalLines = expiresAs(
  'freshness-expires-invalid-multiple-lines',
  'required',
  ['Wed, 02 Mar 2050 3:22:33 GMT', 'Wed, 02 Mar 2050 3:22:34 GMT'],
  'Two different lines of Expires, neither of them a date, give no lifetime.',
);

function expiresAs(
  id: string,
  kind: 'required' | 'optimal',
  lines: readonly string[],
  summary: string,
): ConformanceCase {
  return askTwice({
    id,
    kind,
    summary,
    requires: ['freshness-expires-future'],
    headers: [...lines.map((line): FieldLine => ['Expires', line]), ['Date', NOW]],
    expect: kind === 'optimal' ? 'cached' : 'not_cached',
  });
}

const untouched: ConformanceCase[] = [
  {
    id: 'other-date-update-expires',
    kind: 'required',
    summary: 'Date stays as the origin sent it when the lifetime comes from Expires.',
    requires: ['freshness-expires-future'],
    steps: [
      stores(
        [
          ['Expires', inSeconds(MONTH)],
          ['Date', NOW],
        ],
        { pauseAfterMs: 1_100 },
      ),
      { expect: 'cached', expectHeaders: [['Date', { sentInStep: 1 }]] },
    ],
  },
  {
    id: 'other-date-update-expires-update',
    kind: 'check',
    summary: 'Expires stays as the origin sent it.',
    requires: ['freshness-expires-future'],
    steps: [
      stores(
        [
          ['Expires', inSeconds(MONTH)],
          ['Date', NOW],
        ],
        { pauseAfterMs: 1_100 },
      ),
      { expect: 'cached', expectHeaders: [['Expires', { sentInStep: 1 }]] },
    ],
  },
];

export const expires: CaseGroup = {
  title: 'Freshness by Expires',
  source: 'RFC 9111, sections 4.2.1, 4.2.3 and 5.3; RFC 9110, sections 5.6.7 and 6.6.1',
  cases: [...lifetime, ...dates, ...noDates, severalLines, ...untouched],
};
