/** HLS media playlists (RFC 8216bis): segments of one track, one file of captions, sheets of thumbnails. */
import type { PackagedTrack } from '../../../contracts/tasks.ts';
import { type Film, urlPath } from './film.ts';
import { extinf, playlist, quoted, tag } from './playlist-syntax.ts';
import { keyTags } from './protection.ts';
import { segmentMicros, targetOf } from './rates.ts';
import { sheetTimes } from './thumbnails.ts';

export function segmentPlaylist(
  path: string,
  track: PackagedTrack,
  targetS: number,
  { isEvent = false, growing }: Pick<Film, 'isEvent' | 'growing'> = {},
): string {
  const micros = segmentMicros(track);
  return playlist([
    ...head(targetS, isEvent ? 'EVENT' : 'VOD'),
    tag('EXT-X-MAP', { URI: quoted(urlPath(path + track.init)) }),
    ...keyTags(track),
    ...track.segments.flatMap(({ name }, at) => [extinf(micros[at] ?? 0), urlPath(path + name)]),
    ...(growing ? [] : ['#EXT-X-ENDLIST']),
  ]);
}

/** One key frame a segment: each is shown as long as the segment it opens (RFC 8216bis, 4.4.3.6). */
export function keyPlaylist(path: string, track: PackagedTrack): string {
  const micros = segmentMicros(track);
  return playlist([
    ...head(targetOf(micros)),
    '#EXT-X-I-FRAMES-ONLY',
    tag('EXT-X-MAP', { URI: quoted(urlPath(path + track.init)) }),
    ...keyTags(track),
    ...track.segments.flatMap(({ name, keyBytes }, at) => [
      extinf(micros[at] ?? 0),
      `#EXT-X-BYTERANGE:${keyBytes}@0`,
      urlPath(path + name),
    ]),
    '#EXT-X-ENDLIST',
  ]);
}

/** The whole file is one segment; captions alone may have a target duration of their own (6.2.4). */
export function captionsPlaylist(path: string, durationS: number): string {
  const micros = Math.round(durationS * 1_000_000);
  return playlist([...head(targetOf([micros])), extinf(micros), urlPath(path), '#EXT-X-ENDLIST']);
}

export function imagePlaylist({ path, sheets }: NonNullable<Film['thumbnails']>, durationS: number): string {
  const { width, height, columns, rows, everyS } = sheets;
  const times = sheetTimes(sheets, durationS);
  const micros = times.map(({ fromS, toS }) => Math.round((toS - fromS) * 1_000_000));
  const tiles = tag('EXT-X-TILES', {
    RESOLUTION: `${width}x${height}`,
    LAYOUT: `${columns}x${rows}`,
    DURATION: everyS,
  });
  return playlist([
    ...head(targetOf(micros)),
    '#EXT-X-IMAGES-ONLY',
    ...times.flatMap(({ file }, at) => [extinf(micros[at] ?? 0), tiles, urlPath(path + file)]),
    '#EXT-X-ENDLIST',
  ]);
}

function head(targetS: number, type: 'VOD' | 'EVENT' = 'VOD'): string[] {
  return [`#EXT-X-TARGETDURATION:${targetS}`, '#EXT-X-MEDIA-SEQUENCE:1', `#EXT-X-PLAYLIST-TYPE:${type}`];
}
