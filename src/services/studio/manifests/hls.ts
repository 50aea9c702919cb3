/**
 * HLS playlists (RFC 8216bis) over the packaged tracks: one multivariant playlist, one media playlist for each track,
 * and the image playlist that players read thumbnails from (the Roku and DASH-IF extension `EXT-X-IMAGE-STREAM-INF`).
 */
import type { PackagedTrack } from '../../../contracts/tasks.ts';
import { audioRates, type Film, type FilmAudio, type FilmText, type FilmVideo, urlPath } from './film.ts';
import { sheetDurations } from './thumbnails.ts';

export type Playlist = { name: string; text: string };

export const HLS_ENTRY = 'master.m3u8';
const AUDIO_GROUP = 'audio';
const TEXT_GROUP = 'captions';
const IMAGE_PLAYLIST = 'images.m3u8';
/** A player without a measurement of the network begins with the first variant: moderate, not the worst. */
const FIRST_HEIGHT_MAX = 480;

export function hlsPlaylists(film: Film): Playlist[] {
  const { video, audio, text, thumbnails } = film;
  return [
    { name: HLS_ENTRY, text: multivariant(film) },
    ...video.map(({ name, path, track }) => ({ name: videoPlaylist(name), text: media(path, track) })),
    ...audio.map(({ id, path, track }) => ({ name: trackPlaylist(id), text: media(path, track) })),
    ...text.map((track) => ({ name: trackPlaylist(track.id), text: captions(film, track) })),
    ...(thumbnails ? [{ name: IMAGE_PLAYLIST, text: images(film) }] : []),
  ];
}

const videoPlaylist = (name: string) => `v${name}.m3u8`;
const trackPlaylist = (id: string) => `${id}.m3u8`;

function multivariant(film: Film): string {
  return lines([
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    '#EXT-X-INDEPENDENT-SEGMENTS',
    ...film.audio.map(audioMedia),
    ...film.text.map(textMedia),
    ...startFirst(film.video).flatMap((video) => variant(film, video)),
    ...(film.thumbnails ? [imageStream(film)] : []),
  ]);
}

function startFirst(video: readonly FilmVideo[]): FilmVideo[] {
  const low = video.filter(({ track }) => Math.min(track.width ?? 0, track.height ?? 0) <= FIRST_HEIGHT_MAX);
  const first = low.at(-1) ?? video[0];
  return [...video.filter((one) => one === first), ...video.filter((one) => one !== first)];
}

function variant(film: Film, { name, track }: FilmVideo): string[] {
  const sound = audioRates(film);
  const codecs = [track.codecs, ...new Set(film.audio.map((audio) => audio.track.codecs))];
  const rate = track.frameRate ? track.frameRate.num / track.frameRate.den : undefined;
  const attributes = [
    `BANDWIDTH=${track.bitsPerSPeak + sound.peak}`,
    `AVERAGE-BANDWIDTH=${track.bitsPerSMean + sound.mean}`,
    `CODECS=${quoted(codecs.join(','))}`,
    ...(track.width && track.height ? [`RESOLUTION=${track.width}x${track.height}`] : []),
    ...(rate === undefined ? [] : [`FRAME-RATE=${rate.toFixed(3)}`]),
    ...(film.audio.length > 0 ? [`AUDIO=${quoted(AUDIO_GROUP)}`] : []),
    ...(film.text.length > 0 ? [`SUBTITLES=${quoted(TEXT_GROUP)}`] : []),
    // Without it Shaka Player looks for captions inside the segments before it starts.
    'CLOSED-CAPTIONS=NONE',
  ];
  return [`#EXT-X-STREAM-INF:${attributes.join(',')}`, urlPath(videoPlaylist(name))];
}

function audioMedia(audio: FilmAudio): string {
  return mediaTag([
    ...['TYPE=AUDIO', `GROUP-ID=${quoted(AUDIO_GROUP)}`, `NAME=${quoted(audio.label)}`],
    ...language(audio.language),
    `DEFAULT=${yes(audio.default)}`,
    // A description for blind viewers plays when they ask for it, not because of the language of their system.
    `AUTOSELECT=${yes(audio.default || !audio.audioDescription)}`,
    ...(audio.audioDescription ? ['CHARACTERISTICS="public.accessibility.describes-video"'] : []),
    ...(audio.track.channels ? [`CHANNELS="${audio.track.channels}"`] : []),
    `URI=${quoted(urlPath(trackPlaylist(audio.id)))}`,
  ]);
}

function textMedia(text: FilmText): string {
  const hearing =
    'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound';
  return mediaTag([
    ...['TYPE=SUBTITLES', `GROUP-ID=${quoted(TEXT_GROUP)}`, `NAME=${quoted(text.label)}`],
    ...language(text.language),
    `DEFAULT=${yes(text.default)}`,
    'AUTOSELECT=YES',
    `FORCED=${yes(text.forced)}`,
    ...(text.hearingImpaired ? [`CHARACTERISTICS=${quoted(hearing)}`] : []),
    `URI=${quoted(urlPath(trackPlaylist(text.id)))}`,
  ]);
}

function media(path: string, track: PackagedTrack): string {
  const seconds = track.segments.map(({ ticks }) => ticks / track.timescale);
  return lines([
    ...mediaHead(Math.max(...seconds)),
    `#EXT-X-MAP:URI=${quoted(urlPath(path + track.init))}`,
    ...track.segments.flatMap(({ name }, at) => [extinf(seconds[at] ?? 0), urlPath(path + name)]),
    '#EXT-X-ENDLIST',
  ]);
}

function captions(film: Film, { path }: FilmText): string {
  const { durationS } = film;
  return lines([...mediaHead(durationS), extinf(durationS), urlPath(path), '#EXT-X-ENDLIST']);
}

function imageStream(film: Film): string {
  const { width, height, columns, rows } = film.thumbnails?.sheets ?? {
    width: 0,
    height: 0,
    columns: 0,
    rows: 0,
  };
  const bitsPerS = Math.max(1, columns * rows * width * height);
  const attributes = `BANDWIDTH=${bitsPerS},RESOLUTION=${width}x${height},CODECS="jpeg"`;
  return `#EXT-X-IMAGE-STREAM-INF:${attributes},URI=${quoted(IMAGE_PLAYLIST)}`;
}

function images(film: Film): string {
  if (!film.thumbnails) return '';
  const { path, sheets } = film.thumbnails;
  const { width, height, columns, rows, everyS } = sheets;
  const durations = sheetDurations(film.thumbnails.sheets, film.durationS);
  const tiles = `#EXT-X-TILES:RESOLUTION=${width}x${height},LAYOUT=${columns}x${rows},DURATION=${everyS}`;
  return lines([
    ...mediaHead(Math.max(...durations)),
    '#EXT-X-IMAGES-ONLY',
    ...sheets.files.flatMap((file, at) => [extinf(durations[at] ?? 0), tiles, urlPath(path + file)]),
    '#EXT-X-ENDLIST',
  ]);
}

/** The target duration is the longest segment, rounded to the nearest second (RFC 8216bis, 4.4.3.1). */
function mediaHead(longestS: number): string[] {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longestS))}`,
    '#EXT-X-MEDIA-SEQUENCE:1',
    '#EXT-X-PLAYLIST-TYPE:VOD',
  ];
}

const extinf = (seconds: number) => `#EXTINF:${seconds.toFixed(6)},`;
const mediaTag = (attributes: readonly string[]) => `#EXT-X-MEDIA:${attributes.join(',')}`;
const language = (tag: string) => (tag === 'und' ? [] : [`LANGUAGE=${quoted(tag)}`]);
const yes = (value: boolean) => (value ? 'YES' : 'NO');
const lines = (all: readonly string[]) => `${all.join('\n')}\n`;

/** A quoted string holds neither quotes nor line breaks (RFC 8216bis, 4.2): they become what looks like them. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '”').replaceAll(/\s+/g, ' ')}"`;
}
