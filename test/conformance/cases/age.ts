/** How Age is read from a response, and how a cache tells the age of what it serves. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, inSeconds, LONG_LIVED, NOW, PAUSE_MS, stores, storesFresh } from './building.ts';

const OLD = '7200';

const reading = (
  [
    ['age-parse-nonnumeric', 'required', ['soon'], 'cached', 'An Age that is no number is passed over.'],
    ['age-parse-negative', 'required', ['-7200'], 'cached', 'A negative Age is passed over.'],
    ['age-parse-float', 'required', ['7200.0'], 'cached', 'An Age with a fraction is passed over.'],
    ['age-parse-large-minus-one', 'required', ['2147483647'], 'not_cached', 'An Age of 2^31 - 1 is old.'],
    ['age-parse-large', 'required', ['2147483648'], 'not_cached', 'An Age of 2^31 is old.'],
    ['age-parse-larger', 'required', ['2147483649'], 'not_cached', 'An Age above 2^31 is old.'],
    ['age-parse-suffix', 'required', [`${OLD}, 0`], 'not_cached', 'Of a list the first member counts: old.'],
    ['age-parse-prefix', 'required', [`0, ${OLD}`], 'cached', 'Of a list the first member counts: new.'],
    ['age-parse-suffix-twoline', 'required', [OLD, '0'], 'not_cached', 'Of two lines the first counts: old.'],
    ['age-parse-prefix-twoline', 'required', ['0', OLD], 'cached', 'Of two lines the first counts: new.'],
    ['age-parse-dup-0', 'required', ['0, 0'], 'cached', 'Zero twice in a list is zero.'],
    ['age-parse-dup-0-twoline', 'required', ['0', '0'], 'cached', 'Zero on two lines is zero.'],
    [
      'age-parse-dup-old',
      'required',
      ['1200', '1200'],
      'cached',
      'The same Age on two lines is not added up.',
    ],
    [
      'age-parse-parameter',
      'check',
      [`${OLD};by=x`],
      'not_cached',
      'A parameter with letters is passed over.',
    ],
    [
      'age-parse-numeric-parameter',
      'check',
      [`${OLD};n=9`],
      'not_cached',
      'A numeric parameter is passed over.',
    ],
  ] as const
).map(([id, kind, lines, expect, summary]) =>
  askTwice({
    id,
    kind,
    summary,
    requires: ['freshness-max-age-age'],
    headers: [['Date', NOW], ['Cache-Control', LONG_LIVED], ...lines.map((line): FieldLine => ['Age', line])],
    expect,
  }),
);

const telling: ConformanceCase[] = [
  {
    id: 'other-age-gen',
    kind: 'required',
    summary: 'A reply from the store has an Age that counts the time spent there.',
    requires: ['freshness-max-age'],
    steps: [
      storesFresh([], { pauseAfterMs: PAUSE_MS }),
      { expect: 'cached', expectHeaders: [['Age', { atLeast: 2 }]] },
    ],
  },
  {
    id: 'other-age-delay',
    kind: 'check',
    summary: 'A response that the origin took seconds to send has an Age above zero.',
    steps: [
      {
        response: {
          headers: [
            ['Cache-Control', LONG_LIVED],
            ['Date', NOW],
          ],
          delayMs: 2_500,
        },
        expectHeaders: [['Age', { atLeast: 1 }]],
      },
    ],
  },
  {
    id: 'other-age-update-expires',
    kind: 'required',
    summary: 'The time in the store is added to the Age that came, with a lifetime by Expires.',
    requires: ['freshness-expires-future'],
    steps: [
      stores(
        [
          ['Expires', inSeconds(86_400)],
          ['Date', NOW],
          ['Age', '30'],
        ],
        { pauseAfterMs: PAUSE_MS },
      ),
      { expect: 'cached', expectHeaders: [['Age', { atLeast: 32 }]] },
    ],
  },
  {
    id: 'other-age-update-max-age',
    kind: 'required',
    summary: 'The time in the store is added to the Age that came, with a lifetime by max-age.',
    requires: ['freshness-max-age'],
    steps: [
      storesFresh([['Age', '30']], { pauseAfterMs: PAUSE_MS }),
      { expect: 'cached', expectHeaders: [['Age', { atLeast: 32 }]] },
    ],
  },
];

export const age: CaseGroup = {
  title: 'Age',
  source: 'RFC 9111, sections 1.2.2, 4.2.3 and 5.1',
  cases: [...reading, ...telling],
};
