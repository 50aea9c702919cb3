/** Conditional requests that a cache makes itself, or passes on. */
import type { CaseGroup, CaseKind, ConformanceCase } from '../case.ts';
import { inSeconds, NOW, PAUSE_MS, stores, storesAndGrowsStale } from './building.ts';

const STRONG = '"v1-abc"';
const WEAK = `W/${STRONG}`;

const made: ConformanceCase[] = [
  {
    id: 'conditional-etag-vary-headers',
    kind: 'required',
    summary: 'A validation carries the fields of the request that selected the stored response.',
    steps: [
      stores(
        [
          ['Expires', inSeconds(1)],
          ['ETag', STRONG],
          ['Date', NOW],
          ['Vary', 'Colour'],
        ],
        { request: { headers: [['Colour', 'red']] }, pauseAfterMs: PAUSE_MS },
      ),
      {
        request: { headers: [['Colour', 'red']] },
        expect: 'etag_validated',
        setup: 'source',
        expectForwarded: { headers: [['colour', 'red']] },
      },
    ],
  },
  {
    id: 'conditional-etag-vary-headers-mismatch',
    kind: 'check',
    summary: 'The tag of another variant is offered to the origin when no stored variant fits.',
    requires: ['conditional-etag-vary-headers', 'vary-no-match'],
    steps: [
      stores(
        [
          ['Expires', inSeconds(9000)],
          ['ETag', STRONG],
          ['Date', NOW],
          ['Vary', 'Colour'],
        ],
        { request: { headers: [['Colour', 'red']] } },
      ),
      {
        request: { headers: [['Colour', 'blue']] },
        expectForwarded: { headers: [['if-none-match', STRONG]] },
      },
    ],
  },
  generates('conditional-etag-strong-generate', 'optimal', STRONG, STRONG, 'freshness-max-age-stale'),
  generates('conditional-etag-weak-generate-weak', 'optimal', WEAK, WEAK, 'freshness-max-age-stale'),
  generates(
    'conditional-etag-strong-generate-unquoted',
    'check',
    'v1-abc',
    STRONG,
    'conditional-etag-strong-generate',
  ),
  {
    id: 'conditional-etag-forward',
    kind: 'check',
    summary: 'If-None-Match of a client is passed on when nothing is stored.',
    steps: [
      {
        request: { headers: [['If-None-Match', STRONG]] },
        expectForwarded: { headers: [['if-none-match', STRONG]] },
      },
    ],
  },
  {
    id: 'conditional-etag-forward-unquoted',
    kind: 'check',
    summary: 'An If-None-Match without quotes is passed on with quotes.',
    requires: ['conditional-etag-forward'],
    steps: [
      {
        request: { headers: [['If-None-Match', 'v1-abc']] },
        expectForwarded: { headers: [['if-none-match', STRONG]] },
      },
    ],
  },
];

function generates(id: string, kind: CaseKind, tag: string, asked: string, needs: string): ConformanceCase {
  return {
    id,
    kind,
    summary: `A stale response with the tag ${tag} is validated with If-None-Match: ${asked}.`,
    requires: [needs],
    steps: [
      storesAndGrowsStale([['ETag', tag]]),
      { expect: 'etag_validated', expectForwarded: { headers: [['if-none-match', asked]] } },
    ],
  };
}

export const validation: CaseGroup = {
  title: 'Validation',
  source: 'RFC 9111, sections 4.1 and 4.3.1; RFC 9110, section 13.1',
  cases: made,
};
