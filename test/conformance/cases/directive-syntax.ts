/** How the directives of Cache-Control are read from their lines: quotes, spaces, repeats and odd numbers. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, PAUSE_MS } from './building.ts';

const LONG_FIRST = ['max-age=1800', 'max-age=1'] as const;
const SHORT_FIRST = ['max-age=1', 'max-age=1800'] as const;

const repeated = (
  [
    ['freshness-max-age-two-fresh-stale-sameline', [LONG_FIRST.join(', ')], 'a long one before a short one'],
    ['freshness-max-age-two-fresh-stale-sepline', LONG_FIRST, 'a long one on the line before a short one'],
    ['freshness-max-age-two-stale-fresh-sameline', [SHORT_FIRST.join(', ')], 'a short one before a long one'],
    ['freshness-max-age-two-stale-fresh-sepline', SHORT_FIRST, 'a short one on the line before a long one'],
  ] as const
).map(([id, lines, order]) =>
  askTwice({
    id,
    kind: 'check',
    summary: `Two max-age directives, ${order}, count as the long one.`,
    requires: ['freshness-none'],
    headers: lines.map((line): FieldLine => ['Cache-Control', line]),
    expect: 'cached',
    pauseAfterMs: PAUSE_MS,
  }),
);

const quoted: ConformanceCase[] = [
  askTwice({
    id: 'freshness-max-age-quoted',
    kind: 'check',
    summary: 'A number in double quotes is read as a number.',
    requires: ['freshness-max-age'],
    headers: [['Cache-Control', 'max-age="3600"']],
    expect: 'cached',
  }),
  askTwice({
    id: 'freshness-max-age-single-quoted',
    kind: 'required',
    summary: 'Single quotes do not quote: the number within them is no lifetime.',
    requires: ['freshness-none'],
    headers: [['Cache-Control', "max-age='3600'"]],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'freshness-max-age-ignore-quoted',
    kind: 'required',
    summary: 'A max-age inside the quoted value of a directive before it is only text.',
    requires: ['freshness-max-age'],
    headers: [['Cache-Control', 'note="max-age=3600", max-age=1']],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  askTwice({
    id: 'freshness-max-age-ignore-quoted-rev',
    kind: 'required',
    summary: 'A max-age inside the quoted value of a directive after it is only text.',
    requires: ['freshness-max-age'],
    headers: [['Cache-Control', 'max-age=1, note="max-age=3600"']],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
];

const numbers = (
  [
    [
      'freshness-max-age-leading-zero',
      'required',
      'max-age=003600',
      'cached',
      'Leading zeros change nothing.',
    ],
    [
      'freshness-max-age-space-before-equals',
      'check',
      'max-age =3600',
      'not_cached',
      'A space before = spoils it.',
    ],
    [
      'freshness-max-age-space-after-equals',
      'check',
      'max-age= 3600',
      'not_cached',
      'A space after = spoils it.',
    ],
    [
      'freshness-max-age-decimal-zero',
      'check',
      'max-age=3600.0',
      'cached',
      'A fraction of zero is passed over.',
    ],
    ['freshness-max-age-decimal-five', 'check', 'max-age=3600.5', 'cached', 'A fraction is passed over.'],
    [
      'freshness-max-age-a100',
      'check',
      'max-age=a3600',
      'cached',
      'A letter before a number is passed over.',
    ],
    ['freshness-max-age-100a', 'check', 'max-age=3600a', 'cached', 'A letter after a number is passed over.'],
  ] as const
).map(([id, kind, directive, expect, summary]) =>
  askTwice({
    id,
    kind,
    summary,
    requires: ['freshness-none'],
    headers: [['Cache-Control', directive]],
    expect,
  }),
);

export const directiveSyntax: CaseGroup = {
  title: 'Reading Cache-Control',
  source: 'RFC 9111, sections 1.2.2, 4.2.1 and 5.2; RFC 9110, sections 5.6.1 and 5.6.4',
  cases: [...repeated, ...quoted, ...numbers],
};
