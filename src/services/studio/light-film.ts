/** The film of a first light as manifests are written from it: as far as it has come, and whole. Pure. */
import { soundLabels } from './film.ts';
import { type LightPlan, wholeTracks } from './light-plan.ts';
import { type DoneSpan, reachedTracks } from './light-tracks.ts';
import type { Film } from './manifests/film.ts';
import { trackFolder } from './prefixes.ts';

type Tracks = ReturnType<typeof wholeTracks>;

/** What can be played from the film's start on; `sinceMs` while more will come. */
export function growingFilm(light: LightPlan, done: readonly DoneSpan[], sinceMs: number | undefined): Film {
  const film = filmOf(light, reachedTracks(light, done), '../');
  const growing = sinceMs === undefined ? {} : { growing: { sinceMs, filmS: light.grid.durationS } };
  return { ...film, isEvent: true, ...growing };
}

/** All of it, also what is not there yet: for players that wait for the segments that they want. */
export function wholeFilm(light: LightPlan, done: readonly DoneSpan[]): Film {
  const planned = wholeTracks(light);
  const made = reachedTracks(light, done);
  const { codecs, timescale, protection } = made.video;
  const video = { ...planned.video, codecs, timescale, protection };
  const audio = planned.audio && { ...planned.audio, protection: made.audio?.protection };
  return filmOf(light, { video, audio }, '../../');
}

function filmOf({ rung, audio, grid, found }: LightPlan, tracks: Tracks, up: string): Film {
  const path = up + trackFolder(rung.name, 0);
  const label = audio ? soundLabels(found.audio).get(audio.stream.index) : undefined;
  const { video } = tracks;
  const ticks = video.segments.reduce((sum, segment) => sum + segment.ticks, 0);
  return {
    durationS: Math.min(grid.durationS, ticks / video.timescale),
    video: [{ name: rung.name, path, track: video }],
    audio:
      audio && tracks.audio
        ? [
            {
              ...{ id: audio.id, path, track: tracks.audio, language: audio.stream.language },
              ...{ label: label ?? audio.id, default: true, audioDescription: audio.stream.audioDescription },
              ...(audio.stream.commentary ? { commentary: true } : {}),
            },
          ]
        : [],
    text: [],
    thumbnails: null,
  };
}
