/** The future as plays tell it: followers, passages, bounds; and the horizon that a tier looks to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlayForesight } from './play-foresight.ts';
import { nextSegmentKey, PLAY_HINTS, PlayHints, type SegmentPlace, segmentPlace } from './play-hints.ts';

const HOUR_MS = 3_600_000;

function at(number: number, track = 'video-1080', title = 'x'): SegmentPlace {
  const place = segmentPlace(`titles/${title}/1/${track}/1/${String(number).padStart(5, '0')}.m4s`);
  assert.ok(place);
  return place;
}

test('a key of the studio is placed in its film, and names the one that follows', () => {
  const place = at(41);
  assert.deepEqual(place, { film: 'titles/x/1', track: 'titles/x/1/video-1080/1', number: 41, digits: 5 });
  assert.equal(nextSegmentKey(place), 'titles/x/1/video-1080/1/00042.m4s');
  for (const key of ['titles/x/1/p3/master.m3u8', 'titles/x/1/v/1/init.mp4', '00001.m4', 'a/1x.m4s', '']) {
    assert.equal(segmentPlace(key), undefined, key);
  }
  assert.equal(segmentPlace('7.m4s')?.film, '');
});

test('what lies before a live play is due when the play gets there', () => {
  const hints = new PlayHints();
  hints.note('s', at(10), 0);
  assert.equal(hints.dueInMs(at(11), 0), 4000);
  assert.equal(hints.dueInMs(at(40), 1000), 119_000);
  assert.equal(hints.dueInMs(at(11), 9000), 0, 'it is late, not long ago');
});

test('of several plays the nearest behind counts, and one that went past does not', () => {
  const hints = new PlayHints();
  hints.note('far', at(10), 0);
  hints.note('near', at(18), 0);
  hints.note('past', at(60), 0);
  assert.equal(hints.dueInMs(at(20), 0), 8000);
});

test('a play that is silent, or is in another track, is expected no more', () => {
  const hints = new PlayHints();
  hints.note('s', at(10), 0);
  const later = PLAY_HINTS.silentMs + 1;
  assert.ok(hints.dueInMs(at(12), later) > HOUR_MS);
  assert.ok(hints.dueInMs(at(12, 'video-360'), 0) > HOUR_MS);
  assert.equal(hints.dueInMs(at(12, 'video-1080', 'y'), 0), Number.POSITIVE_INFINITY);
});

test('an opening that more plays went through than the end is due sooner', () => {
  const hints = new PlayHints();
  for (let play = 0; play < 8; play++) {
    for (let number = 1; number < (play < 2 ? 200 : 30); number++) hints.note(`s${play}`, at(number), 0);
  }
  const later = HOUR_MS;
  const opening = hints.dueInMs(at(20), later);
  const end = hints.dueInMs(at(150), later);
  assert.ok(opening < end / 2, `${opening} ${end}`);
  assert.ok(hints.dueInMs(at(20), 48 * HOUR_MS) > 2 * opening, 'passages fade');
});

test('passages of other tracks of the film speak for a track, but less than its own', () => {
  const hints = new PlayHints();
  for (let number = 1; number < 16; number++) hints.note('s', at(number, 'video-360'), 0);
  const own = hints.dueInMs(at(5, 'video-360'), HOUR_MS);
  const other = hints.dueInMs(at(5), HOUR_MS);
  assert.ok(own < other && other < Number.POSITIVE_INFINITY, `${own} ${other}`);
});

test('a play goes on when it asks for what follows; repeats and jumps are told apart', () => {
  const hints = new PlayHints();
  assert.deepEqual(
    [1, 2, 2, 3, 9, 10].map((number) => hints.note('s', at(number), 0)),
    [false, true, false, true, false, true],
  );
});

test('ranges of one segment count as one passage', () => {
  const once = new PlayHints();
  once.note('s', at(5), 0);
  const often = new PlayHints();
  for (let i = 0; i < 50; i++) often.note('s', at(5), 0);
  assert.equal(often.dueInMs(at(5), HOUR_MS), once.dueInMs(at(5), HOUR_MS));
});

test('it forgets the oldest tracks, films and plays instead of growing', () => {
  const hints = new PlayHints({ ...PLAY_HINTS, tracksMax: 2, filmsMax: 2, playsPerTrackMax: 2 });
  for (const title of ['a', 'b', 'c']) hints.note('s', at(1, 'v', title), 0);
  assert.equal(hints.dueInMs(at(2, 'v', 'a'), 0), Number.POSITIVE_INFINITY);
  assert.equal(hints.dueInMs(at(2, 'v', 'c'), 0), 4000);
  for (const [session, number] of [
    ['p', 18],
    ['q', 1],
    ['r', 1],
  ] as const)
    hints.note(session, at(number, 'v', 'c'), 0);
  assert.equal(hints.dueInMs(at(20, 'v', 'c'), 0), 76_000, 'p is forgotten');
  hints.note('s', at(9_999_999), 0);
  assert.equal(
    hints.dueInMs(at(9_999_999), HOUR_MS),
    Number.POSITIVE_INFINITY,
    'places past all films are not counted',
  );
});

test('the horizon settles where about half of what is asked about lies within it', () => {
  const hints = new PlayHints();
  hints.note('s', at(1), 0);
  const foresight = new PlayForesight(hints);
  let within = 0;
  for (let i = 0; i < 6000; i++) {
    // Due in 4 s to 4000 s, evenly.
    const isExpected = foresight.isExpected(at(2 + ((i * 617) % 1000)), 0);
    if (i >= 3000 && isExpected) within++;
  }
  assert.ok(within > 1200 && within < 1800, String(within));
  assert.ok(foresight.horizonMs > 1_200_000 && foresight.horizonMs < 2_800_000, String(foresight.horizonMs));
});

test('what nothing is known of is not expected and moves no horizon', () => {
  const foresight = new PlayForesight(new PlayHints());
  const before = foresight.horizonMs;
  assert.equal(foresight.isExpected(at(3), 0), false);
  assert.equal(foresight.horizonMs, before);
});
