/** All manifests of one publication, as files to be stored beside each other. Pure. */
import { assert } from '../../../platform/assert.ts';
import { CHAPTERS_JSON, CHAPTERS_VTT, chapterCues, chaptersJson } from './chapters.ts';
import { DASH_ENTRY, dashManifest } from './dash.ts';
import type { Film } from './film.ts';
import { HLS_ENTRY, hlsPlaylists } from './hls.ts';
import { THUMBNAILS_ENTRY, thumbnailCues } from './thumbnails.ts';

export type ManifestFile = { name: string; contentType: string; text: string };

const HLS_TYPE = 'application/vnd.apple.mpegurl';
const DASH_TYPE = 'application/dash+xml';
const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/vtt; charset=utf-8';

/** The names of the entry files, and every file with its text. */
export function composeManifests(film: Film): {
  hls: string;
  dash: string;
  thumbnails: string | null;
  chapters: string | null;
  files: ManifestFile[];
} {
  const cues = thumbnailCues(film);
  const chapters = chaptersJson(film);
  const chapterText = chapterCues(film);
  const files = [
    ...hlsPlaylists(film).map((playlist) => ({ ...playlist, contentType: HLS_TYPE })),
    { name: DASH_ENTRY, contentType: DASH_TYPE, text: dashManifest(film) },
    ...(cues === undefined ? [] : [{ name: THUMBNAILS_ENTRY, contentType: TEXT_TYPE, text: cues }]),
    ...(chapters === undefined ? [] : [{ name: CHAPTERS_JSON, contentType: JSON_TYPE, text: chapters }]),
    ...(chapterText === undefined ? [] : [{ name: CHAPTERS_VTT, contentType: TEXT_TYPE, text: chapterText }]),
  ];
  assert(new Set(files.map(({ name }) => name)).size === files.length, 'tracks of a film have distinct ids');
  const thumbnails = cues === undefined ? null : THUMBNAILS_ENTRY;
  return {
    ...{ hls: HLS_ENTRY, dash: DASH_ENTRY, thumbnails },
    ...{ chapters: chapters === undefined ? null : CHAPTERS_JSON, files },
  };
}
