import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore, INITIAL_FILM_STATE } from '../../player/film-state.ts';
import { actionOf } from '../../player/keys.ts';
import { createRemembered } from '../../player/remembered.ts';
import { createFilmActions, nextRate } from './film-actions.ts';
import type { Notice } from './notices.tsx';

function open() {
  const memory = new Map<string, string>();
  const storage = {
    getItem: (key: string) => memory.get(key) ?? null,
    setItem: (key: string, value: string) => void memory.set(key, value),
  };
  const video = {
    ...{ currentTime: 50, duration: 100, volume: 1, muted: false, paused: true, playbackRate: 1 },
    play: async () => {
      video.paused = false;
    },
    pause: () => {
      video.paused = true;
    },
  };
  const said: Notice[] = [];
  const store = createStore({ ...INITIAL_FILM_STATE, durationS: 100 });
  const actions = createFilmActions({
    video: { current: video as unknown as HTMLVideoElement },
    container: { current: null },
    store,
    remembered: createRemembered(storage, () => 'id'),
    playback: () => null,
    say: (notice) => said.push(notice),
  });
  const press = (key: string) => {
    const action = actionOf({ key, ctrlKey: false, metaKey: false, altKey: false });
    return action ? actions.byKey(action) : false;
  };
  return { video, memory, press, said };
}

test('keys seek, and never beyond the ends of the film', () => {
  const { video, press } = open();
  press('ArrowRight');
  assert.equal(video.currentTime, 55);
  press('j');
  assert.equal(video.currentTime, 45);
  press('7');
  assert.equal(video.currentTime, 70);
  press('End');
  assert.equal(video.currentTime, 99.9);
  press('Home');
  press('j');
  assert.equal(video.currentTime, 0);
});

test('keys play, pause, mute and change the speed', () => {
  const { video, memory, press, said } = open();
  press(' ');
  assert.equal(video.paused, false);
  press('k');
  assert.equal(video.paused, true);
  press('m');
  assert.equal(video.muted, true);
  assert.equal(memory.get('matinee.player.muted'), 'yes');
  press('>');
  assert.equal(video.playbackRate, 1.25);
  press('ArrowDown');
  press('c');
  assert.deepEqual(
    said.map((notice) => (notice.kind === 'words' ? notice.text : notice.kind)),
    ['play', 'pause', 'Sound off', 'Speed 1.25×', 'Volume 95 %', 'This film has no captions'],
  );
  assert.equal(press('i'), false, 'the page shows figures, the film has nothing to do with it');
});

test('speeds go up and down the menu and stop at its ends', () => {
  assert.deepEqual(
    [nextRate(1, 1), nextRate(1, -1), nextRate(2, 1), nextRate(0.5, -1)],
    [1.25, 0.75, 2, 0.5],
  );
});
