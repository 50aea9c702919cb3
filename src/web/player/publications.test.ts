import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Play } from '../../contracts/plays.ts';
import { createPublications } from './publications.ts';

const play = (publication: number, durationS = 90) => ({ publication, durationS }) as Play;

function open(way: 'joined' | 'unchanged' | 'reload' | 'broken') {
  const moment = { paused: false, seeking: false, remainingS: 60 };
  const calls: string[] = [];
  const publications = createPublications({
    join: async ({ publication }) => {
      calls.push(`join ${publication}`);
      if (way === 'broken') throw new Error('no manifest');
      return { way };
    },
    reload: async ({ publication }) => {
      calls.push(`reload ${publication}`);
    },
    moment: () => moment,
    onJoined: ({ publication }) => calls.push(`joined ${publication}`),
    onReloadFailed: () => calls.push('failed'),
  });
  return { publications, moment, calls };
}

test('before anything has been loaded no publication is wanted', () => {
  const { publications } = open('joined');
  assert.equal(publications.wants(5), false);
  publications.loaded(play(5));
  assert.equal(publications.wants(5), false);
  assert.equal(publications.wants(6), true);
});

test('a newer publication is joined while the film plays, once', async () => {
  const { publications, calls } = open('joined');
  publications.loaded(play(1));
  await publications.offer(play(2));
  await publications.offer(play(2));
  publications.moved();
  assert.deepEqual(calls, ['join 2', 'joined 2']);
});

test('what has to be loaded waits until the picture stands still', async () => {
  const { publications, moment, calls } = open('reload');
  publications.loaded(play(1));
  await publications.offer(play(2));
  publications.moved();
  assert.deepEqual(calls, ['join 2']);
  assert.equal(publications.wants(2), false, 'it is on its way');
  moment.paused = true;
  publications.moved();
  publications.moved();
  assert.deepEqual(calls, ['join 2', 'reload 2']);
});

test('a film whose known part runs out is loaded while it plays, if there is more of it', async () => {
  const longer = open('reload');
  longer.publications.loaded(play(1, 30));
  longer.moment.remainingS = 2;
  await longer.publications.offer(play(2));
  assert.deepEqual(longer.calls, ['join 2', 'reload 2']);

  const ending = open('reload');
  ending.publications.loaded(play(1));
  ending.moment.remainingS = 2;
  await ending.publications.offer(play(2));
  assert.deepEqual(ending.calls, ['join 2']);
});

test('a publication that cannot be read is not asked for for ever', async () => {
  const { publications, calls } = open('broken');
  publications.loaded(play(1));
  for (let heartbeat = 0; heartbeat < 10; heartbeat++) {
    if (publications.wants(2)) await publications.offer(play(2));
  }
  assert.equal(calls.length, 3);
  assert.equal(publications.wants(3), true, 'the next one may be good');
});
