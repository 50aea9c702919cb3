/** For tests only: every form that the manifests of a film can have, by name. */
import type { Film } from './film.ts';
import { audio, film, manyCodecs, richFilm, video } from './films.testing.ts';

export const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

export function filmForms(): Map<string, Film> {
  return new Map(
    Object.entries({
      silent: film(),
      rich: richFilm(),
      'many codecs': manyCodecs(),
      'key frames': withKeys(richFilm()),
      'layouts of sound': film({
        audio: [
          audio('a1', { default: true }),
          withChannels(audio('a2', { language: 'de', label: 'Deutsch' }), 1),
          withChannels(audio('a3', { language: 'fr', label: 'Français' }), 6),
        ],
      }),
      growing: film({
        ...{ video: [video(360)], audio: [audio('a1', { default: true })], isEvent: true },
        growing: { sinceMs: NOW_MS - 5000, filmS: 60 },
      }),
      'growing and silent': film({ isEvent: true, growing: { sinceMs: NOW_MS - 5000, filmS: 60 } }),
      'grown to its end': film({ audio: [audio('a1', { default: true })], isEvent: true }),
    }),
  );
}

function withKeys(one: Film): Film {
  for (const { track } of one.video) for (const part of track.segments) part.keyBytes = part.bytes / 10;
  return one;
}

function withChannels<T extends Film['audio'][0]>(one: T, channels: number): T {
  return { ...one, track: { ...one.track, channels } };
}
