/** How Vary is read from its lines, and which field values count as the same. */
import type { CaseGroup, ConformanceCase } from '../case.ts';
import { inSeconds, LONG_LIVED, NOW, stores } from './building.ts';
import { BLUE, FORM, RED, selects, storesFor } from './varying.ts';

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

export const varyReading: CaseGroup = {
  title: 'Reading Vary',
  source: 'RFC 9111, section 4.1; RFC 9110, sections 5.3, 5.6.1, 12.5.4 and 12.5.5',
  cases: [...alike, ...stars],
};
