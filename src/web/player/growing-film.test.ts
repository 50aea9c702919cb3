import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LightExtent } from '../../contracts/light.ts';
import { createGrowingFilm } from './growing-film.ts';
import { fakeTimers } from './timers.testing.ts';

const FOLDER = 'titles/x/1/';
const EXTENT = `${FOLDER}p1/extent.json`;

function setUp() {
  const timers = fakeTimers();
  const extent: LightExtent = { state: 'growing', segments: 100, segmentS: 4, spans: [[1, 3]] };
  const seen = { reads: 0, hurried: [] as number[], grown: 0, ended: [] as string[], away: false };
  const film = createGrowingFilm({
    timers,
    read: async (key) => {
      assert.equal(key, EXTENT);
      seen.reads += 1;
      if (seen.away) throw new Error('away');
      return structuredClone(extent);
    },
    hurry: (positionS) => void seen.hurried.push(positionS),
    onGrown: () => {
      seen.grown += 1;
    },
    onEnded: ({ state }) => void seen.ended.push(state),
  });
  film.follow(EXTENT);
  const ask = (segment: number, kind = 'v') => {
    const name = `${kind}${String(segment).padStart(5, '0')}.m4s`;
    const state = { through: false };
    const gate = film.gate(`${FOLDER}240p/0/${name}`);
    if (gate) gate.then(() => (state.through = true));
    else state.through = true;
    return state;
  };
  return { timers, extent, seen, film, ask };
}

test('what is there goes through, what is not waits until it is, and then nothing is read any more', async () => {
  const { timers, extent, seen, ask } = setUp();
  const first = ask(1);
  await timers.advance(10);
  assert.ok(first.through);
  const fourth = ask(4);
  await timers.advance(2000);
  assert.equal(fourth.through, false);
  extent.spans = [[1, 7]];
  await timers.advance(500);
  assert.ok(fourth.through);
  assert.equal(seen.grown, 2);
  const { reads } = seen;
  await timers.advance(10_000);
  assert.equal(seen.reads, reads);
});

test('the server hears at once where the viewer waits, and again while it takes long', async () => {
  const { timers, extent, seen, ask } = setUp();
  ask(1);
  await timers.advance(10);
  const far = ask(50);
  const sound = ask(50, 'a');
  await timers.advance(10);
  assert.deepEqual(seen.hurried.map(Math.floor), [196]);
  await timers.advance(5000);
  assert.equal(seen.hurried.length, 2);
  extent.spans = [
    [1, 20],
    [50, 51],
  ];
  await timers.advance(500);
  assert.ok(far.through && sound.through);
});

test('a viewer who goes elsewhere is not held', async () => {
  const { timers, film, ask } = setUp();
  const far = ask(60);
  await timers.advance(100);
  film.release();
  await timers.advance(0);
  assert.ok(far.through);
});

test('a film that ends early is told of once, to those who wait for more of it', async () => {
  const { timers, extent, seen, ask } = setUp();
  ask(9);
  await timers.advance(100);
  extent.state = 'withdrawn';
  await timers.advance(5000);
  assert.deepEqual(seen.ended, ['withdrawn']);
});

test('an edge that is away is asked again', async () => {
  const { timers, seen, ask } = setUp();
  seen.away = true;
  const first = ask(2);
  await timers.advance(3000);
  assert.equal(first.through, false);
  seen.away = false;
  await timers.advance(500);
  assert.ok(first.through);
});

test('files of other renditions, and of films that do not grow, are none of its business', () => {
  const { film } = setUp();
  assert.equal(film.gate(`${FOLDER}240p/0/v-init.mp4`), undefined);
  assert.equal(film.gate(`${FOLDER}720p/1/00009.m4s`), undefined);
  film.follow(undefined);
  assert.equal(film.gate(`${FOLDER}240p/0/v00099.m4s`), undefined);
});
