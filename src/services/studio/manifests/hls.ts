/**
 * The HLS multivariant playlist (RFC 8216bis) over the packaged tracks, and all playlists of a publication as a list.
 * The image playlist is the extension `EXT-X-IMAGE-STREAM-INF` of Roku and DASH-IF; players that do not know it pass
 * over it.
 */
import { type AudioGroup, audioGroups } from './audio-groups.ts';
import { CHAPTERS_JSON, chaptersJson } from './chapters.ts';
import type { Film, FilmText, FilmVideo } from './film.ts';
import { urlPath } from './film.ts';
import { captionsPlaylist, imagePlaylist, keyPlaylist, segmentPlaylist } from './hls-media.ts';
import { distinctLabels, languageTag, plainLabel } from './labels.ts';
import { playlist, quotable, quoted, tag, yes } from './playlist-syntax.ts';
import { sessionKeyTags } from './protection.ts';
import { besideRates, keyTrack, peakBitsPerS, sheetBitsPerS, targetDurationS } from './rates.ts';

export type Playlist = { name: string; text: string };

export const HLS_ENTRY = 'master.m3u8';
const TEXT_GROUP = 'captions';
const IMAGE_PLAYLIST = 'images.m3u8';
/** A player without a measurement of the network begins with the first variant: moderate, not the worst. */
const FIRST_LINES_MAX = 480;
/** With these a system picks the track by itself for viewers who asked it for such tracks. */
const FOR_BLIND = 'public.accessibility.describes-video';
const FOR_DEAF =
  'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound';

export function hlsPlaylists(film: Film): Playlist[] {
  const { video, audio, text, thumbnails, durationS } = film;
  const targetS = targetDurationS(film);
  const grouped = audioGroups(audio).flatMap(({ members }) => members);
  return [
    { name: HLS_ENTRY, text: multivariant(film, targetS) },
    ...video.map(({ name, path, track }) => ({
      name: videoPlaylist(name),
      text: segmentPlaylist(path, track, targetS, film),
    })),
    ...withKeys(film).map(({ name, path, track }) => ({
      name: keysPlaylist(name),
      text: keyPlaylist(path, track),
    })),
    ...grouped.map(({ id, path, track }) => ({
      name: trackPlaylist(id),
      text: segmentPlaylist(path, track, targetS, film),
    })),
    ...text.map(({ id, path }) => ({ name: trackPlaylist(id), text: captionsPlaylist(path, durationS) })),
    ...(thumbnails ? [{ name: IMAGE_PLAYLIST, text: imagePlaylist(thumbnails, durationS) }] : []),
  ];
}

const videoPlaylist = (name: string) => `v${name}.m3u8`;
const keysPlaylist = (name: string) => `k${name}.m3u8`;
const trackPlaylist = (id: string) => `${id}.m3u8`;

/** Those that have lists of key frames; of what grows there are none. */
function withKeys({ video, growing }: Film): FilmVideo[] {
  return growing ? [] : video.filter(({ track }) => keyTrack(track) !== undefined);
}

function multivariant(film: Film, targetS: number): string {
  const groups = audioGroups(film.audio);
  return playlist([
    '#EXT-X-INDEPENDENT-SEGMENTS',
    // Players would else join a list that grows near its end; Shaka Player takes no notice of a zero.
    ...(film.growing ? [tag('EXT-X-START', { 'TIME-OFFSET': 0.001 })] : []),
    ...chapterData(film),
    ...sessionKeyTags(film),
    ...groups.flatMap((group) => renditions(audioRenditions(group))),
    ...renditions(film.text.map(textRendition)),
    ...(groups.length > 0 ? groups : [undefined]).flatMap((group) =>
      startFirst(film.video).flatMap((video) => variant(film, video, group, targetS)),
    ),
    ...withKeys(film).map((video) => keyStream(video)),
    ...(film.thumbnails ? [imageStream(film, film.thumbnails)] : []),
  ]);
}

/** The largest rendition that is still moderate comes first, then all others from low to high. */
function startFirst(video: readonly FilmVideo[]): FilmVideo[] {
  // Every player has the first rendition's codec.
  const usual = video[0]?.track.codecs.split('.')[0];
  const low = video.filter(
    ({ track }) =>
      Math.min(track.width ?? 0, track.height ?? 0) <= FIRST_LINES_MAX &&
      track.codecs.split('.')[0] === usual,
  );
  const first = low.at(-1) ?? video[0];
  return [...video.filter((one) => one === first), ...video.filter((one) => one !== first)];
}

function variant(
  film: Film,
  { name, track, range }: FilmVideo,
  group: AudioGroup | undefined,
  targetS: number,
): string[] {
  const audio = group?.members ?? [];
  const beside = besideRates({ audio, text: film.text }, targetS);
  const codecs = new Set([track.codecs, ...audio.map((audio) => audio.track.codecs)]);
  const { width, height, frameRate: rate } = track;
  const attributes = {
    BANDWIDTH: peakBitsPerS(track, targetS) + beside.peak,
    'AVERAGE-BANDWIDTH': track.bitsPerSMean + beside.mean,
    CODECS: quoted([...codecs].join(',')),
    RESOLUTION: width && height ? `${width}x${height}` : undefined,
    'FRAME-RATE': rate ? (rate.num / rate.den).toFixed(3) : undefined,
    'VIDEO-RANGE': rangeOf(range),
    AUDIO: group ? quoted(group.id) : undefined,
    SUBTITLES: film.text.length > 0 ? quoted(TEXT_GROUP) : undefined,
    // Without it players look for captions inside the pictures' segments before they start.
    'CLOSED-CAPTIONS': 'NONE',
  };
  return [tag('EXT-X-STREAM-INF', attributes), urlPath(videoPlaylist(name))];
}

const rangeOf = (range: FilmVideo['range'] = 'sdr') => range.toUpperCase();

/** Key frames alone, for winding: the rates are those of the byte ranges. */
function keyStream({ name, track, range }: FilmVideo): string {
  const keys = keyTrack(track) ?? track;
  const { width, height } = track;
  return tag('EXT-X-I-FRAME-STREAM-INF', {
    BANDWIDTH: peakBitsPerS(keys, targetDurationS({ video: [{ track: keys }], audio: [] })),
    'AVERAGE-BANDWIDTH': keys.bitsPerSMean,
    CODECS: quoted(track.codecs),
    RESOLUTION: width && height ? `${width}x${height}` : undefined,
    'VIDEO-RANGE': rangeOf(range),
    URI: quoted(urlPath(keysPlaylist(name))),
  });
}

function chapterData(film: Film): string[] {
  if (chaptersJson(film) === undefined) return [];
  const attributes = { 'DATA-ID': quoted('com.apple.hls.chapters'), URI: quoted(CHAPTERS_JSON) };
  return [tag('EXT-X-SESSION-DATA', attributes)];
}

type Rendition = {
  id: string;
  type: 'AUDIO' | 'SUBTITLES';
  group: string;
  label: string;
  language: string;
  default: boolean;
  forced?: boolean;
  characteristics?: string;
  channels?: number;
  /** Only ever chosen by a viewer. */
  byHand?: boolean;
};

function audioRenditions({ id: group, members }: AudioGroup): Rendition[] {
  return members.map(({ id, label, language, track, ...one }) => ({
    ...{ id, label, language, type: 'AUDIO', group, default: one.default },
    ...(one.audioDescription ? { characteristics: FOR_BLIND } : {}),
    channels: track.channels,
    ...(one.commentary ? { byHand: true } : {}),
  }));
}

function textRendition({ id, label, language, forced, hearingImpaired, ...text }: FilmText): Rendition {
  return {
    ...{ id, label, language, type: 'SUBTITLES', group: TEXT_GROUP, default: text.default, forced },
    ...(hearingImpaired ? { characteristics: FOR_DEAF } : {}),
  };
}

/**
 * The tags of one group: names differ, at most one is the default, and of those that a player could not tell apart
 * only one may be chosen without the viewer.
 */
function renditions(group: readonly Rendition[]): string[] {
  const names = distinctLabels(group.map(({ id, label }) => quotable(plainLabel(label)) || id));
  const first = group.find((one) => one.default);
  const sign = (one: Rendition) =>
    JSON.stringify([languageTag(one.language), one.forced, one.characteristics, one.byHand]);
  return group.map((one, at) => {
    const { type, group: id, language, forced, characteristics, channels } = one;
    const alike = group.filter((other) => sign(other) === sign(one));
    const chosen = first && alike.includes(first) ? first : alike[0];
    const lang = languageTag(language);
    return tag('EXT-X-MEDIA', {
      TYPE: type,
      'GROUP-ID': quoted(id),
      NAME: quoted(names[at] ?? one.id),
      LANGUAGE: lang === undefined ? undefined : quoted(lang),
      DEFAULT: yes(one === first),
      AUTOSELECT: yes(one === first || (one === chosen && !one.byHand)),
      FORCED: forced === undefined ? undefined : yes(forced),
      CHARACTERISTICS: characteristics === undefined ? undefined : quoted(characteristics),
      CHANNELS: channels === undefined ? undefined : quoted(`${channels}`),
      URI: quoted(urlPath(trackPlaylist(one.id))),
    });
  });
}

function imageStream({ durationS }: Film, { sheets }: NonNullable<Film['thumbnails']>): string {
  return tag('EXT-X-IMAGE-STREAM-INF', {
    BANDWIDTH: sheetBitsPerS(sheets, durationS),
    // Of one picture, not of the sheet.
    RESOLUTION: `${sheets.width}x${sheets.height}`,
    CODECS: quoted('jpeg'),
    URI: quoted(IMAGE_PLAYLIST),
  });
}
