/** Freshness by Cache-Control: how long a shared cache may answer from its store without asking. */
import type { CaseGroup, ConformanceCase } from '../case.ts';
import { askTwice, inSeconds, LONG_LIVED, NOW, PAUSE_MS, SHORT_LIVED } from './building.ts';

const basis: ConformanceCase[] = [
  askTwice({
    id: 'freshness-none',
    kind: 'check',
    summary: 'A response without lifetime and validator is asked for again. Many other cases rest on that.',
    headers: [],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age',
    kind: 'optimal',
    summary: 'A response is reused within its max-age.',
    requires: ['freshness-none'],
    headers: [['Cache-Control', LONG_LIVED]],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-max-age-stale',
    kind: 'required',
    summary: 'A response is not reused once its max-age has passed.',
    requires: ['freshness-max-age'],
    headers: [['Cache-Control', SHORT_LIVED]],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age-0',
    kind: 'required',
    summary: 'A response with max-age=0 is stale at once.',
    requires: ['freshness-none'],
    headers: [['Cache-Control', 'max-age=0']],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-max-age-negative',
    kind: 'required',
    summary: 'A negative max-age gives no lifetime.',
    requires: ['freshness-none'],
    headers: [['Cache-Control', 'max-age=-3600']],
    expect: 'not_cached',
  }),
];

/** Large numbers around the limits of 31 and 32 bits, which delta-seconds may exceed (RFC 9111, section 1.2.2). */
const large = (
  [
    ['freshness-max-age-max-minus-1', '2147483647'],
    ['freshness-max-age-max', '2147483648'],
    ['freshness-max-age-max-plus-1', '2147483649'],
    ['freshness-max-age-max-plus', '99999999999'],
  ] as const
).map(([id, seconds]) =>
  askTwice({
    id,
    kind: 'optimal',
    summary: `A max-age of ${seconds} seconds is a long lifetime, not an overflow.`,
    requires: ['freshness-none'],
    headers: [['Cache-Control', `max-age=${seconds}`]],
    expect: 'cached',
  }),
);

const besideOtherFields: ConformanceCase[] = [
  askTwice({
    id: 'freshness-max-age-age',
    kind: 'required',
    summary: 'A response that was older than its max-age when it arrived is not reused.',
    requires: ['freshness-max-age'],
    headers: [
      ['Date', NOW],
      ['Cache-Control', LONG_LIVED],
      ['Age', '7200'],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-max-age-date',
    kind: 'check',
    summary: 'A Date far in the past counts as age.',
    requires: ['freshness-max-age'],
    headers: [
      ['Date', inSeconds(-7200)],
      ['Cache-Control', LONG_LIVED],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-max-age-expires',
    kind: 'optimal',
    summary: 'max-age wins over an Expires in the past.',
    requires: ['freshness-max-age'],
    headers: [
      ['Cache-Control', LONG_LIVED],
      ['Expires', inSeconds(-7200)],
      ['Date', NOW],
    ],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-max-age-expires-invalid',
    kind: 'optimal',
    summary: 'max-age wins over an Expires that is no date.',
    requires: ['freshness-max-age'],
    headers: [
      ['Cache-Control', LONG_LIVED],
      ['Expires', '0'],
      ['Date', NOW],
    ],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-max-age-0-expires',
    kind: 'required',
    summary: 'max-age=0 wins over an Expires in the future.',
    requires: ['freshness-none'],
    headers: [
      ['Expires', inSeconds(3600)],
      ['Cache-Control', 'max-age=0'],
      ['Date', NOW],
    ],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-max-age-extension',
    kind: 'optimal',
    summary: 'An unknown directive before max-age is passed over.',
    requires: ['freshness-max-age'],
    headers: [['Cache-Control', `quietly, ${LONG_LIVED}`]],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-max-age-case-insenstive',
    kind: 'optimal',
    summary: 'The names of directives are the same in any case of letters.',
    requires: ['freshness-max-age'],
    headers: [['Cache-Control', 'mAX-AgE=3600']],
    expect: 'cached',
  }),
];

const shared: ConformanceCase[] = [
  askTwice({
    id: 'freshness-s-maxage-shared',
    kind: 'required',
    summary: 'A shared cache takes its lifetime from s-maxage.',
    requires: ['freshness-none'],
    headers: [['Cache-Control', 's-maxage=3600']],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-max-age-s-maxage-shared-longer',
    kind: 'required',
    summary: 'A short s-maxage wins over a long max-age.',
    requires: ['freshness-s-maxage-shared'],
    headers: [['Cache-Control', 'max-age=3600, s-maxage=1']],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age-s-maxage-shared-longer-reversed',
    kind: 'required',
    summary: 'A short s-maxage wins over a long max-age that follows it.',
    requires: ['freshness-s-maxage-shared'],
    headers: [['Cache-Control', 's-maxage=1, max-age=3600']],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age-s-maxage-shared-longer-multiple',
    kind: 'required',
    summary: 'A short s-maxage on a line of its own wins over a long max-age on another.',
    requires: ['freshness-s-maxage-shared'],
    headers: [
      ['Cache-Control', 'max-age=3600'],
      ['Cache-Control', 's-maxage=1'],
    ],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age-s-maxage-shared-shorter',
    kind: 'optimal',
    summary: 'A long s-maxage wins over a short max-age.',
    requires: ['freshness-s-maxage-shared'],
    headers: [['Cache-Control', 'max-age=1, s-maxage=3600']],
    expect: 'cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age-s-maxage-shared-shorter-expires',
    kind: 'optimal',
    summary: 'A long s-maxage wins over max-age=0 and an Expires in the past.',
    requires: ['freshness-s-maxage-shared'],
    headers: [
      ['Expires', inSeconds(-10)],
      ['Cache-Control', 'max-age=0, s-maxage=3600'],
    ],
    expect: 'cached',
  }),
];

export const freshness: CaseGroup = {
  title: 'Freshness by Cache-Control',
  source: 'RFC 9111, sections 1.2.2, 4.2, 5.2.2.1 and 5.2.2.10',
  cases: [...basis, ...large, ...besideOtherFields, ...shared],
};
