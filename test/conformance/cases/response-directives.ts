/** Response directives that forbid to store or to reuse: private, no-store, no-cache, must-revalidate. */
import type { CaseGroup, ConformanceCase, FieldLine } from '../case.ts';
import { askTwice, inSeconds, LONG_LIVED, NOW, stores } from './building.ts';

const TAG: FieldLine = ['ETag', '"r1"'];

function freshBut(directive: string): readonly FieldLine[] {
  return [
    ['Cache-Control', `max-age=9000, ${directive}`],
    ['Expires', inSeconds(9000)],
    ['Date', NOW],
  ];
}

const notStored: ConformanceCase[] = [
  askTwice({
    id: 'cc-resp-private-shared',
    kind: 'required',
    summary: 'A shared cache does not reuse what is private.',
    headers: [['Cache-Control', `private, ${LONG_LIVED}`]],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'cc-resp-no-store',
    kind: 'required',
    summary: 'no-store is not stored.',
    headers: [['Cache-Control', 'no-store']],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'cc-resp-no-store-case-insensitive',
    kind: 'required',
    summary: 'no-store is understood in any case of letters.',
    requires: ['cc-resp-no-store'],
    headers: [['Cache-Control', 'nO-sToRe']],
    expect: 'not_cached',
  }),
  askTwice({
    id: 'cc-resp-no-store-fresh',
    kind: 'required',
    summary: 'no-store wins over max-age and Expires.',
    requires: ['cc-resp-no-store'],
    headers: freshBut('no-store'),
    expect: 'not_cached',
  }),
  olderThanNoStore('cc-resp-no-store-old-new', 'no-store'),
  olderThanNoStore('cc-resp-no-store-old-max-age', 'no-store, max-age=0'),
];

/** The second request is answered from the store where a cache holds the first response, which never becomes void. */
function olderThanNoStore(id: string, directive: string): ConformanceCase {
  const edition = (name: string): FieldLine => ['Edition', name];
  return {
    id,
    kind: 'required',
    summary: `An older stored response outlives one that would have come with ${directive}.`,
    requires: ['cc-resp-no-store'],
    steps: [
      stores([...freshBut('public'), edition('old')]),
      { response: { headers: [['Cache-Control', directive], ['Date', NOW], edition('new')] }, setup: 'step' },
      { expect: 'cached', expectHeaders: [['Edition', 'old']] },
    ],
  };
}

const validated: ConformanceCase[] = [
  askTwice({
    id: 'cc-resp-no-cache',
    kind: 'required',
    summary: 'no-cache is not served unasked, whatever max-age and Expires say.',
    headers: freshBut('no-cache'),
    expect: 'not_cached',
  }),
  askTwice({
    id: 'cc-resp-no-cache-case-insensitive',
    kind: 'required',
    summary: 'no-cache is understood in any case of letters.',
    requires: ['cc-resp-no-cache'],
    headers: freshBut('nO-CaChe'),
    expect: 'not_cached',
  }),
  askTwice({
    id: 'cc-resp-no-cache-revalidate',
    kind: 'optimal',
    summary: 'no-cache is stored, and used after the origin has confirmed it.',
    requires: ['cc-resp-no-cache'],
    headers: [['Cache-Control', 'no-cache'], TAG],
    expect: 'etag_validated',
  }),
  askTwice({
    id: 'cc-resp-no-cache-revalidate-fresh',
    kind: 'optimal',
    summary: 'no-cache beside a lifetime is stored, and used after the origin has confirmed it.',
    requires: ['cc-resp-no-cache'],
    headers: [...freshBut('no-cache'), TAG],
    expect: 'etag_validated',
  }),
  askTwice({
    id: 'cc-resp-must-revalidate-fresh',
    kind: 'optimal',
    summary: 'must-revalidate does not hinder reuse while the response is fresh.',
    requires: ['freshness-none'],
    headers: [['Cache-Control', 'max-age=9000, must-revalidate'], TAG],
    expect: 'cached',
  }),
  {
    id: 'cc-resp-must-revalidate-stale',
    kind: 'required',
    summary: 'must-revalidate: the origin is asked once the response is stale.',
    requires: ['freshness-none'],
    steps: [
      stores([['Cache-Control', 'max-age=2, must-revalidate'], TAG]),
      {
        response: { headers: [['Cache-Control', 'max-age=2, must-revalidate'], TAG] },
        expect: 'cached',
        setup: 'step',
        pauseAfterMs: 3_100,
      },
      { expect: 'etag_validated' },
    ],
  },
];

const fields = (
  [
    ['headers-omit-headers-listed-in-Cache-Control-no-cache-single', ['One'], 'a field'],
    ['headers-omit-headers-listed-in-Cache-Control-no-cache', ['One', 'Two'], 'fields'],
  ] as const
).map(
  ([id, listed, what]): ConformanceCase => ({
    id,
    kind: 'check',
    summary: `no-cache with ${what} named hides those alone from later replies.`,
    requires: ['cc-resp-no-cache-revalidate'],
    steps: [
      stores([
        ['Cache-Control', `no-cache="${listed.join(', ')}"`],
        ['One', '1'],
        ['Two', '2'],
        ['Three', '3'],
        ['Cache-Control', LONG_LIVED],
        ['Date', NOW],
      ]),
      {
        expect: 'cached',
        setup: 'source',
        expectHeaders: [['Three', '3']],
        expectAbsentHeaders: listed.map((name) => [name] as const),
      },
    ],
  }),
);

export const responseDirectives: CaseGroup = {
  title: 'Response directives',
  source: 'RFC 9111, sections 3, 5.2.2.2, 5.2.2.4, 5.2.2.5 and 5.2.2.7',
  cases: [...notStored, ...validated, ...fields],
};
