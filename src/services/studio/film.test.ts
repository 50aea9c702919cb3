import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackagedTrack, TaskResult } from '../../contracts/tasks.ts';
import { assembleFilm, type TrackResult } from './film.ts';
import { planFilm } from './plan.ts';
import { STANDARD, someAudio, someInspection, someText } from './studio.testing.ts';

const track: PackagedTrack = {
  ...{ media: 'video', codecs: 'avc1.64001e', timescale: 1000, init: 'init.mp4', startTicks: 0 },
  ...{ segments: [{ name: '1.m4s', ticks: 4000, bytes: 9 }], bitsPerSPeak: 1, bitsPerSMean: 1 },
};
const packaged: TaskResult = { kind: 'package', track };

test('labels tell tracks apart, one sound is the default, and text without cues is left out', () => {
  const found = someInspection({
    audio: [
      someAudio({ index: 1, language: 'en' }),
      someAudio({ index: 2, language: 'en', audioDescription: true }),
      someAudio({ index: 3, label: 'Director' }),
      someAudio({ index: 4 }),
    ],
    text: [
      someText({ index: 5, language: 'de', forced: true }),
      someText({ index: 6, language: 'pt-BR', default: true }),
    ],
  });
  const { plan } = planFilm(found, { segmentS: 4, chunkS: 24, gopS: 2 }, STANDARD);
  const at = (id: string, result: TaskResult): TrackResult => ({ track: id, path: `../${id}/1/`, result });
  const film = assembleFilm(plan, [
    at('360p', packaged),
    at('240p', packaged),
    ...['a1', 'a2', 'a3', 'a4'].map((id) => at(id, packaged)),
    at('t5', { kind: 'extract-text', file: null, cues: 0 }),
    at('t6', { kind: 'extract-text', file: 'text.vtt', cues: 3 }),
  ]);
  assert.deepEqual(
    film.video.map(({ name }) => name),
    ['240p', '360p'],
  );
  assert.equal(film.durationS, 4);
  assert.deepEqual(
    film.audio.map(({ label }) => label),
    ['English', 'English (audio description)', 'Director', 'Original'],
  );
  assert.deepEqual(
    film.audio.map((audio) => audio.default),
    [true, false, false, false],
  );
  assert.deepEqual(film.text, [
    {
      ...{ id: 't6', path: '../t6/1/text.vtt', language: 'pt-BR', label: 'Brazilian Portuguese' },
      ...{ default: true, forced: false, hearingImpaired: false },
    },
  ]);
  assert.equal(film.thumbnails, null);
});
