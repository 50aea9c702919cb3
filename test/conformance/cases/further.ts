/** What the standards require beyond the public list: mostly how a cache can serve less, or other, than it was sent. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, inSeconds, LONG_LIVED, NOW, PAUSE_MS, stores, storesFresh } from './building.ts';

const WHOLE = '0123456789A';
const TAG: FieldLine = ['ETag', '"f1"'];
const LIFE: FieldLine = ['Cache-Control', LONG_LIVED];

const incomplete: ConformanceCase[] = [
  {
    id: 'further-truncated',
    kind: 'further',
    summary: 'A body that broke off is not served as a whole one (RFC 9111, section 3.3).',
    requires: ['freshness-max-age'],
    steps: [
      {
        response: {
          headers: [LIFE, ['Content-Length', String(WHOLE.length)]],
          body: WHOLE,
          truncateAfterBytes: 4,
        },
        expect: 'not_reused',
        expectStatus: 'any',
        expectBody: 'any',
      },
      { response: { headers: [LIFE], body: WHOLE }, expect: 'not_cached' },
    ],
  },
  {
    id: 'further-part-for-whole',
    kind: 'further',
    summary: 'A stored part is not served to who asks for the whole (RFC 9111, section 3.3).',
    requires: ['freshness-max-age'],
    steps: [
      stores([LIFE, TAG], {
        request: { headers: [['Range', 'bytes=0-4']] },
        response: { body: WHOLE, ranges: true },
        expectStatus: 206,
        expectBody: '01234',
      }),
      { response: { headers: [LIFE, TAG], body: WHOLE, ranges: true }, expectStatus: 200 },
    ],
  },
  {
    id: 'further-304-for-whole',
    kind: 'further',
    summary: 'A 304 for one client is not served to another that has nothing (RFC 9111, section 4.3.3).',
    steps: [
      {
        request: { headers: [['If-None-Match', TAG[1]]] },
        response: { headers: [LIFE, TAG], notModifiedFor: TAG[1] as string },
        expectStatus: 304,
        setup: 'step',
      },
      { response: { headers: [LIFE, TAG] }, expectStatus: 200 },
    ],
  },
];

const conditions: ConformanceCase[] = [
  {
    id: 'further-if-none-match-fails',
    kind: 'further',
    summary: 'If-Modified-Since does not help an If-None-Match that fails (RFC 9110, section 13.1.3).',
    requires: ['conditional-etag-strong-respond'],
    steps: [
      storesFresh([['Last-Modified', inSeconds(-5000)], TAG]),
      {
        request: {
          headers: [
            ['If-None-Match', '"other"'],
            ['If-Modified-Since', { sent: 'Last-Modified', inStep: 1 }],
          ],
        },
        expectStatus: 200,
      },
    ],
  },
  {
    id: 'further-if-range-fails',
    kind: 'further',
    summary: 'A range of another edition is answered with the whole (RFC 9110, section 13.1.5).',
    requires: ['partial-store-complete-reuse-partial'],
    steps: [
      stores([LIFE, TAG], { response: { body: WHOLE } }),
      {
        request: {
          headers: [
            ['Range', 'bytes=0-1'],
            ['If-Range', '"other"'],
          ],
        },
        response: { headers: [LIFE, TAG], body: WHOLE },
        expectStatus: 200,
      },
    ],
  },
];

const others: ConformanceCase[] = [
  askTwice({
    id: 'further-immutable-stale',
    kind: 'further',
    summary: 'immutable ends with the lifetime (RFC 8246, section 2).',
    requires: ['freshness-max-age-stale'],
    headers: [['Cache-Control', 'max-age=1, immutable']],
    expect: 'not_cached',
    pauseAfterMs: PAUSE_MS,
  }),
  {
    id: 'further-unsafe-written-through',
    kind: 'further',
    summary: 'A POST is not answered from the store (RFC 9111, section 4).',
    requires: ['freshness-max-age'],
    steps: [
      storesFresh(),
      {
        request: { method: 'POST', body: 'abc' },
        expect: 'not_cached',
        expectForwarded: { method: 'POST' },
      },
    ],
  },
  {
    id: 'further-date-added',
    kind: 'further',
    summary: 'What came without Date is served with one (RFC 9110, section 6.6.1).',
    requires: ['freshness-max-age'],
    steps: [
      stores([LIFE], { response: { withoutDate: true } }),
      { expect: 'cached', setup: 'source', expectHeaders: [['Date']] },
    ],
  },
  {
    id: 'further-cache-status-hit',
    kind: 'further',
    summary:
      'A Cache-Status on a reply from the store says hit and not fwd (RFC 9211, sections 2.1 and 2.2).',
    requires: ['freshness-max-age'],
    steps: [
      storesFresh(),
      {
        expect: 'cached',
        setup: 'source',
        expectHeaders: [['Cache-Status', { ifThereMatches: /^(?!.*;\s*fwd=).*;\s*hit\b(?!=\?0)/ }]],
      },
    ],
  },
  {
    id: 'further-cache-status-forward',
    kind: 'further',
    summary: 'A Cache-Status on a reply from the origin says why it was asked (RFC 9211, section 2.2).',
    steps: [
      {
        response: { headers: [LIFE, ['Date', NOW]] },
        expectHeaders: [['Cache-Status', { ifThereMatches: /^(?!.*;\s*hit\b(?!=\?0)).*;\s*fwd=[a-z-]+/ }]],
      },
    ],
  },
];

export const further: CaseGroup = {
  title: 'Beyond the public list',
  source: 'RFC 9110, 9111, 8246 and 9211, as each case says',
  cases: [...incomplete, ...conditions, ...others],
};
