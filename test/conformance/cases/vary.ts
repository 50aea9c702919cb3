/** Selection by Vary: which stored response fits which request. */
import type { CaseGroup, ConformanceCase } from '../case.ts';
import { BLUE, FORM, RED, SIZE, selects, storesFor } from './varying.ts';

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

export const vary: CaseGroup = {
  title: 'Selection by Vary',
  source: 'RFC 9111, section 4.1; RFC 9110, section 12.5.5',
  cases: [...matching, ...several],
};
