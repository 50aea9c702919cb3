/** Which status codes are reused with a lifetime, and which without one by a guess from Last-Modified. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, inSeconds, NOW, PAUSE_MS, stores, storesFresh } from './building.ts';

const CODES = [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599];

const explicit = CODES.flatMap((status): ConformanceCase[] => {
  const where: FieldLine[] = status >= 300 && status < 400 ? [['Location', '/elsewhere']] : [];
  const response = { status };
  return [
    {
      id: `status-${status}-fresh`,
      kind: 'optimal',
      summary: `A ${status} is reused within its lifetime.`,
      requires: ['freshness-max-age'],
      steps: [storesFresh(where, { response }), { response, expect: 'cached' }],
    },
    {
      id: `status-${status}-stale`,
      kind: 'required',
      summary: `A ${status} is not reused after its lifetime.`,
      requires: [`status-${status}-fresh`],
      steps: [
        stores(
          [['Expires', inSeconds(-5000)], ['Last-Modified', inSeconds(-100_000)], ['Date', NOW], ...where],
          { response },
        ),
        { response, expect: 'not_cached' },
      ],
    },
  ];
});

const MUST_UNDERSTAND: FieldLine = ['Cache-Control', 'max-age=3600, no-store, must-understand'];

const understood: ConformanceCase[] = [
  {
    id: 'status-599-must-understand',
    kind: 'required',
    summary: 'no-store holds for a status that nobody knows, must-understand or not.',
    requires: ['status-599-fresh'],
    steps: [
      stores([MUST_UNDERSTAND], { response: { status: 599 } }),
      { response: { status: 599 }, expect: 'not_cached' },
    ],
  },
  {
    id: 'status-200-must-understand',
    kind: 'optimal',
    summary: 'must-understand lifts no-store for a status that the cache knows.',
    requires: ['status-200-fresh', 'cc-resp-no-store-fresh'],
    steps: [stores([MUST_UNDERSTAND]), { expect: 'cached' }],
  },
];

const guessed = (
  [
    [200, 'cached'],
    [201, 'not_cached'],
    [202, 'not_cached'],
    [203, 'cached'],
    [204, 'cached'],
    [403, 'not_cached'],
    [404, 'cached'],
    [405, 'cached'],
    [410, 'cached'],
    [414, 'cached'],
    [501, 'cached'],
    [502, 'not_cached'],
    [503, 'not_cached'],
    [504, 'not_cached'],
    [599, 'not_cached'],
  ] as const
).map(([status, expect]) => guess(status, expect, []));

function guess(status: number, expect: 'cached' | 'not_cached', more: readonly FieldLine[]): ConformanceCase {
  const allowed = more.length > 0 ? ' that is marked public' : '';
  return {
    id: `heuristic-${status}-${expect}`,
    kind: expect === 'cached' ? 'optimal' : 'required',
    summary:
      expect === 'cached'
        ? `A ${status}${allowed} without lifetime, changed last a day ago, is reused for a while.`
        : `A ${status} without lifetime is not reused on a guess.`,
    steps: [
      stores([['Last-Modified', inSeconds(-86_400)], ['Date', NOW], ...more], { response: { status } }),
      { response: { status }, expect },
    ],
  };
}

const ages = [5, 10, 30, 60, 300, 600, 1200, 1800, 3600, 43_200, 86_400].map((seconds) =>
  askTwice({
    id: `heuristic-delta-${seconds}`,
    kind: 'check',
    summary: `A response changed last ${seconds} seconds ago is still taken for fresh after two more.`,
    headers: [
      ['Last-Modified', inSeconds(-seconds)],
      ['Date', NOW],
    ],
    expect: 'cached',
    pauseAfterMs: PAUSE_MS,
  }),
);

export const status: CaseGroup = {
  title: 'Status codes and guessed lifetimes',
  source: 'RFC 9111, sections 3, 4.2.2, 5.2.2.3 and 5.2.2.9; RFC 9110, section 15.1',
  cases: [
    ...explicit,
    ...understood,
    ...guessed,
    guess(599, 'cached', [['Cache-Control', 'public']]),
    ...ages,
  ],
};
