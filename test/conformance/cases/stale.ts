/** When a stale response may be served: while it is validated, when the origin fails, and when never. */
import type { CaseGroup, CaseResponse, ConformanceCase, FieldLine } from '../case.ts';
import { inSeconds, NOW, PAUSE_MS, stores, storesAndGrowsStale } from './building.ts';

const HANGS_UP: CaseResponse = { disconnect: true };
const UNAVAILABLE: CaseResponse = { status: 503 };

function fails(
  id: string,
  how: CaseResponse,
  cacheControl: string | undefined,
  summary: string,
): ConformanceCase {
  return {
    id,
    kind: 'check',
    summary,
    requires: ['freshness-max-age-stale'],
    steps: [
      cacheControl === undefined
        ? storesAndGrowsStale()
        : stores([['Cache-Control', cacheControl]], { pauseAfterMs: PAUSE_MS }),
      { response: how, expect: 'cached', expectStatus: 200 },
    ],
  };
}

const onError: ConformanceCase[] = [
  fails('stale-close', HANGS_UP, undefined, 'A stale response is served when the origin hangs up.'),
  fails('stale-503', UNAVAILABLE, undefined, 'A stale response is served when the origin answers 503.'),
  fails(
    'stale-sie-close',
    HANGS_UP,
    'max-age=1, stale-if-error=60',
    'stale-if-error is heeded when the origin hangs up.',
  ),
  fails(
    'stale-sie-503',
    UNAVAILABLE,
    'max-age=1, stale-if-error=60',
    'stale-if-error is heeded when the origin answers 503.',
  ),
];

const forbidden = (['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=1'] as const).map(
  (directive): ConformanceCase => ({
    // The public id of the last one names a lifetime of two seconds.
    id: `stale-close-${directive === 's-maxage=1' ? 's-maxage=2' : directive}`,
    kind: 'required',
    summary: `${directive} forbids to serve a stale response when the origin hangs up.`,
    requires: ['stale-close'],
    steps: [
      stores([['Cache-Control', `max-age=1, ${directive}`]], { pauseAfterMs: PAUSE_MS }),
      { response: HANGS_UP, expect: 'not_reused', expectStatus: 'any', expectBody: 'any' },
    ],
  }),
);

const TAG: FieldLine = ['ETag', '"s1"'];

const meanwhile: ConformanceCase[] = [
  {
    id: 'stale-while-revalidate',
    kind: 'optimal',
    summary: 'Within stale-while-revalidate a stale response is served at once.',
    requires: ['freshness-max-age-stale'],
    steps: [
      stores([['Cache-Control', 'max-age=1, stale-while-revalidate=3600'], TAG], { pauseAfterMs: PAUSE_MS }),
      { expect: 'cached' },
    ],
  },
  {
    id: 'stale-while-revalidate-window',
    kind: 'required',
    summary: 'After stale-while-revalidate has passed the stale response is not served any more.',
    requires: ['stale-while-revalidate'],
    steps: [
      stores([['Cache-Control', 'max-age=1, stale-while-revalidate=2'], TAG], { pauseAfterMs: PAUSE_MS }),
      {
        // What comes of the validation meanwhile must be asked for again too, so that the last step tells both.
        response: {
          headers: [
            ['Cache-Control', 'no-cache'],
            ['ETag', '"s2"'],
          ],
        },
        expect: 'cached',
        setup: 'step',
        pauseAfterMs: PAUSE_MS,
      },
      { expect: 'not_cached' },
    ],
  },
];

const warned: ConformanceCase[] = [
  {
    id: 'stale-warning-stored',
    kind: 'check',
    summary: 'A response that was stale when it was stored is served with Warning when the origin hangs up.',
    requires: ['stale-close'],
    steps: [
      stores([
        ['Expires', inSeconds(-5000)],
        ['Last-Modified', inSeconds(-100_000)],
        ['Date', NOW],
      ]),
      {
        response: HANGS_UP,
        expect: 'cached',
        expectStatus: 200,
        setup: 'source',
        expectHeaders: [['Warning']],
      },
    ],
  },
  {
    id: 'stale-warning-become',
    kind: 'check',
    summary: 'A response that went stale in the store is served with Warning when the origin hangs up.',
    requires: ['stale-close'],
    steps: [
      storesAndGrowsStale(),
      {
        response: HANGS_UP,
        expect: 'cached',
        expectStatus: 200,
        setup: 'source',
        expectHeaders: [['Warning']],
      },
    ],
  },
];

export const stale: CaseGroup = {
  title: 'Serving stale responses',
  source: 'RFC 9111, sections 4.2.4 and 5.2.2; RFC 5861, sections 3 and 4',
  cases: [...onError, ...forbidden, ...meanwhile, ...warned],
};
