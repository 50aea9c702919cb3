/**
 * Everything that the manifests of a publication are written from. Every `path` is relative to the folder that the
 * manifests are in, and may begin with `../`.
 */
import type { Chapter, PackagedTrack, ThumbnailSheets } from '../../../contracts/tasks.ts';

export type FilmVideo = {
  /** "360p" */
  name: string;
  /** Folder of the track's files, ending in a slash. */
  path: string;
  track: PackagedTrack;
  /** The key frames of its segments as segments of their own, in the same folder. */
  keys?: PackagedTrack;
  /** Absent is sdr. */
  range?: 'sdr' | 'pq' | 'hlg';
};

export type FilmAudio = {
  id: string;
  path: string;
  track: PackagedTrack;
  /** BCP 47, `und` when unknown. */
  language: string;
  label: string;
  default: boolean;
  audioDescription: boolean;
  /** People talking about the film. */
  commentary?: boolean;
};

export type FilmText = {
  id: string;
  /** The WebVTT file. */
  path: string;
  /** The same text as IMSC in CMAF segments; absent in what older versions made. */
  imsc?: { path: string; track: PackagedTrack };
  language: string;
  label: string;
  default: boolean;
  forced: boolean;
  hearingImpaired: boolean;
};

export type Film = {
  durationS: number;
  /** From low to high; at least one. */
  video: FilmVideo[];
  audio: FilmAudio[];
  text: FilmText[];
  thumbnails: { path: string; sheets: ThumbnailSheets } | null;
  chapters?: readonly Chapter[];
  /** Its playlists began as those of a film that grows, and keep saying so. */
  isEvent?: boolean;
  /** More of it will come: since when it grows, and how long it will be. */
  growing?: { sinceMs: number; filmS: number };
};

/** Encodes each segment of a relative path for use in a URL. */
export function urlPath(path: string): string {
  return path
    .split('/')
    .map((part) => encodeURIComponent(part))
    .join('/');
}
