/** Interim responses: passed on when they come, never stored. */
import type { CaseGroup, CaseStep, ConformanceCase, InterimReply } from '../case.ts';
import { LONG_LIVED, NOW } from './building.ts';

const HINTS: InterimReply = {
  status: 103,
  headers: [
    ['Link', '</player.css>; rel=preload; as=style'],
    ['Hint-Only', 'yes'],
  ],
};
const PROCESSING: InterimReply = { status: 102, headers: [] };

function after(interim: InterimReply, more: Partial<CaseStep> = {}): CaseStep {
  const headers = [['Cache-Control', LONG_LIVED] as const, ['Date', NOW] as const];
  return { response: { interim: [interim], headers }, ...more };
}

const passedOn = ([PROCESSING, HINTS] as const).map(
  (interim): ConformanceCase => ({
    id: `interim-${interim.status}`,
    kind: 'optimal',
    summary: `A ${interim.status} is passed on, and the final response after it is stored.`,
    steps: [after(interim, { expectInterim: [interim] }), { expect: 'cached' }],
  }),
);

const notStored: ConformanceCase[] = [
  {
    id: 'interim-not-cached',
    kind: 'required',
    summary: 'The final response is stored and reused, not the interim one before it.',
    steps: [after(HINTS), { expect: 'cached', expectInterim: [] }],
  },
  {
    id: 'interim-no-header-reuse',
    kind: 'optimal',
    summary: 'The fields of an interim response are not those of the final one.',
    steps: [
      after(HINTS, { expectInterim: [HINTS], expectAbsentHeaders: [['Hint-Only']] }),
      { expect: 'cached', expectAbsentHeaders: [['Hint-Only']] },
    ],
  },
];

export const interim: CaseGroup = {
  title: 'Interim responses',
  source: 'RFC 9110, section 15.2; RFC 9111, section 3; RFC 8297, section 2',
  cases: [...passedOn, ...notStored],
};
