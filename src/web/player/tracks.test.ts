import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShakaPlayer } from './shaka-engine.ts';
import { chooseText, menuTexts } from './tracks.ts';

type TextTrack = ReturnType<ShakaPlayer['getTextTracks']>[number];

const track = (id: number, language: string, more: Partial<TextTrack> = {}) =>
  ({
    id,
    language,
    label: null,
    codecs: null,
    forced: false,
    active: false,
    accessibilityPurpose: null,
    ...more,
  }) as TextTrack;

const TRACKS = [
  track(1, 'en', { label: 'English' }),
  track(2, 'en', { label: 'English', codecs: 'stpp.ttml.im1t' }),
  track(3, 'en', { label: 'English (SDH)', accessibilityPurpose: 'hard of hearing' as never }),
  track(4, 'en', { label: 'English (forced)', forced: true }),
  track(5, 'de', { label: 'German (forced)', forced: true }),
  track(6, 'fr', { codecs: 'stpp.ttml.im1t' }),
];

test('the menu has every text once, and no forced ones', () => {
  assert.deepEqual(
    menuTexts(TRACKS).map(({ id }) => id),
    [1, 3, 6],
  );
});

test('without captions the forced ones of the sound are shown, where there are any', () => {
  const selected: unknown[] = [];
  const engine = (language: string) =>
    ({
      getTextTracks: () => TRACKS,
      getAudioTracks: () => [{ language, active: true }],
      selectTextTrack: (one: TextTrack | null) => selected.push(one?.id ?? null),
    }) as unknown as ShakaPlayer;
  assert.equal(chooseText(engine('de'), null), undefined);
  assert.equal(chooseText(engine('fr'), null), undefined);
  assert.equal(chooseText(engine('de'), '3')?.id, 3);
  assert.deepEqual(selected, [5, null, 3]);
});
