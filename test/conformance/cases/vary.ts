/** Selection by Vary: which stored response fits which request, and how Vary is read from its lines. */
import type { CaseGroup, CaseStep, ConformanceCase, FieldLine } from '../case.ts';
import { inSeconds, LONG_LIVED, NOW, stores } from './building.ts';

const RED: FieldLine = ['Colour', 'red'];
const BLUE: FieldLine = ['Colour', 'blue'];
const SIZE: FieldLine = ['Size', '12'];
const FORM: FieldLine = ['Form', 'round'];

function storesFor(
  request: readonly FieldLine[],
  vary: readonly string[],
  more: Partial<CaseStep> = {},
): CaseStep {
  const lines = vary.map((line): FieldLine => ['Vary', line]);
  const base: FieldLine[] = [
    ['Cache-Control', LONG_LIVED],
    ['Last-Modified', inSeconds(-3000)],
    ['Date', NOW],
  ];
  return stores([...base, ...lines], { request: { headers: request }, ...more });
}

function selects(
  about: Omit<ConformanceCase, 'steps'>,
  stored: readonly FieldLine[],
  vary: string,
  asked: readonly FieldLine[],
  expect: 'cached' | 'not_cached',
): ConformanceCase {
  return { ...about, steps: [storesFor(stored, [vary]), { request: { headers: asked }, expect }] };
}

const TWO = 'Colour, Size';
const THREE = 'Colour, Size, Form';

const matching: ConformanceCase[] = [
  selects(
    {
      id: 'vary-match',
      kind: 'optimal',
      summary: 'The same value selects the stored response.',
      requires: ['freshness-max-age'],
    },
    [RED],
    'Colour',
    [RED],
    'cached',
  ),
  selects(
    { id: 'vary-no-match', kind: 'required', summary: 'Another value does not.', requires: ['vary-match'] },
    [RED],
    'Colour',
    [BLUE],
    'not_cached',
  ),
  selects(
    {
      id: 'vary-omit-stored',
      kind: 'required',
      summary: 'A request with the field does not select what was stored for one without.',
      requires: ['vary-match'],
    },
    [],
    'Colour',
    [RED],
    'not_cached',
  ),
  selects(
    {
      id: 'vary-omit',
      kind: 'required',
      summary: 'A request without the field does not select what was stored for one with it.',
      requires: ['vary-match'],
    },
    [RED],
    'Colour',
    [],
    'not_cached',
  ),
  {
    id: 'vary-invalidate',
    kind: 'optimal',
    summary: 'Two variants are kept side by side.',
    requires: ['vary-match'],
    steps: [
      storesFor([RED], ['Colour'], { response: { body: 'a red one' } }),
      {
        ...storesFor([BLUE], ['Colour'], { response: { body: 'a blue one' } }),
        expect: 'not_cached',
      },
      { request: { headers: [RED] }, response: { body: 'a red one' }, expect: 'cached' },
    ],
  },
  selects(
    {
      id: 'vary-cache-key',
      kind: 'optimal',
      summary: 'Fields that Vary does not name play no part.',
      requires: ['vary-match'],
    },
    [RED, ['Mood', 'calm']],
    'Colour',
    [RED, ['Mood', 'wild']],
    'cached',
  ),
];

const several: ConformanceCase[] = [
  selects(
    { id: 'vary-2-match', kind: 'optimal', summary: 'Two fields, both the same.', requires: ['vary-match'] },
    [RED, SIZE],
    TWO,
    [RED, SIZE],
    'cached',
  ),
  selects(
    {
      id: 'vary-2-no-match',
      kind: 'required',
      summary: 'Two fields, one differs.',
      requires: ['vary-2-match'],
    },
    [RED, SIZE],
    TWO,
    [BLUE, SIZE],
    'not_cached',
  ),
  selects(
    {
      id: 'vary-2-match-omit',
      kind: 'required',
      summary: 'Two fields, both missing.',
      requires: ['vary-2-match'],
    },
    [RED, SIZE],
    TWO,
    [],
    'not_cached',
  ),
  selects(
    {
      id: 'vary-3-match',
      kind: 'optimal',
      summary: 'Three fields, all the same.',
      requires: ['vary-2-match'],
    },
    [RED, SIZE, FORM],
    THREE,
    [RED, SIZE, FORM],
    'cached',
  ),
  selects(
    {
      id: 'vary-3-no-match',
      kind: 'required',
      summary: 'Three fields, one differs.',
      requires: ['vary-3-match'],
    },
    [RED, SIZE, FORM],
    THREE,
    [BLUE, SIZE, FORM],
    'not_cached',
  ),
  selects(
    {
      id: 'vary-3-order',
      kind: 'required',
      summary: 'Three fields in another order, one of which differs only at its end.',
      requires: ['vary-3-match'],
    },
    [RED, SIZE, FORM],
    THREE,
    [RED, FORM, ['Size', '123']],
    'not_cached',
  ),
  selects(
    {
      id: 'vary-3-omit',
      kind: 'optimal',
      summary: 'Three fields, one of which both requests lack.',
      requires: ['vary-3-match'],
    },
    [RED, FORM],
    THREE,
    [RED, FORM],
    'cached',
  ),
];

const alike: ConformanceCase[] = [
  selects(
    {
      id: 'vary-normalise-combine',
      kind: 'optimal',
      summary: 'Two lines are the same as one line with a comma.',
      requires: ['vary-match'],
    },
    [['Colour', 'red, blue']],
    'Colour',
    [RED, BLUE],
    'cached',
  ),
  selects(
    {
      id: 'vary-normalise-space',
      kind: 'optimal',
      summary: 'Spaces around the members of a list do not matter.',
      requires: ['vary-match'],
    },
    [['Colour', 'red,blue']],
    'Colour',
    [['Colour', ' red, blue ']],
    'cached',
  ),
  ...(
    [
      ['order', 'de, en', 'in another order'],
      ['case', 'EN, dE', 'in other letters'],
      ['space', ' en ,   de', 'with other spaces'],
    ] as const
  ).map(([what, languages, how]) =>
    selects(
      {
        id: `vary-normalise-lang-${what}`,
        kind: 'optimal',
        summary: `The same languages ${how} select the stored response.`,
        requires: ['vary-match'],
      },
      [['Accept-Language', 'en, de']],
      'Accept-Language',
      [['Accept-Language', languages]],
      'cached',
    ),
  ),
  {
    id: 'vary-normalise-lang-select',
    kind: 'optimal',
    summary:
      'A stored response in the language that a request likes best is selected, whatever else it lists.',
    requires: ['vary-match'],
    steps: [
      stores(
        [
          ['Cache-Control', LONG_LIVED],
          ['Last-Modified', inSeconds(-3000)],
          ['Date', NOW],
          ['Vary', 'Accept-Language'],
          ['Content-Language', 'de'],
        ],
        { request: { headers: [['Accept-Language', 'en, de']] } },
      ),
      { request: { headers: [['Accept-Language', 'fr;q=0.5, de;q=1.0']] }, expect: 'cached' },
    ],
  },
];

const stars = (
  [
    ['vary-star', ['*'], 'A star'],
    ['vary-syntax-star', ['*'], 'A star beside other fields of the request'],
    ['vary-syntax-star-star', ['*, *'], 'Two stars'],
    ['vary-syntax-star-star-lines', ['*', '*'], 'Two stars on two lines'],
    ['vary-syntax-empty-star', [', *'], 'A star after an empty member'],
    ['vary-syntax-empty-star-lines', ['', '*'], 'A star after an empty line'],
    ['vary-syntax-star-foo', ['*, Colour'], 'A star before a name'],
    ['vary-syntax-foo-star', ['Colour, *'], 'A star after a name'],
  ] as const
).map(
  ([id, lines, what]): ConformanceCase => ({
    id,
    kind: 'required',
    summary: `${what} in Vary fits no later request.`,
    requires: id === 'vary-star' ? [] : ['vary-match'],
    steps: [storesFor([RED, FORM], lines), { request: { headers: [RED, FORM] }, expect: 'not_cached' }],
  }),
);

export const vary: CaseGroup = {
  title: 'Selection by Vary',
  source: 'RFC 9111, section 4.1; RFC 9110, sections 5.3, 5.6.1, 12.5.4 and 12.5.5',
  cases: [...matching, ...several, ...alike, ...stars],
};
