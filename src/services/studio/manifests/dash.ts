/**
 * The MPD (ISO/IEC 23009-1, live profile, static) over the same segments as the HLS playlists. The order of elements
 * is the schema's. Ids of representations stay the same from one publication of a film to the next, so that a
 * player can tell what was added.
 */
import { codecFamily, isSameSound } from './audio-groups.ts';
import type { Film, FilmAudio, FilmText, FilmVideo } from './film.ts';
import { urlPath } from './film.ts';
import { languageTag, plainLabel } from './labels.ts';
import { CENC_NAMESPACE, contentProtection, isProtected } from './protection.ts';
import { peakBitsPerS, sheetBitsPerS, TEXT_BITS_PER_S, targetDurationS } from './rates.ts';
import { longestS, sheetTemplate, trackTemplate } from './segment-template.ts';
import { element, textElement } from './xml.ts';

export const DASH_ENTRY = 'manifest.mpd';
const ROLE = 'urn:mpeg:dash:role:2011';
const PURPOSE = 'urn:tva:metadata:cs:AudioPurposeCS:2007';
const FOR_BLIND = '1';
const FOR_DEAF = '2';
const CHANNELS = 'urn:mpeg:mpegB:cicp:ChannelConfiguration';
/** Transfer characteristics (ISO/IEC 23091-2); a player that cannot show them must leave the set alone. */
const TRANSFER_SCHEME = 'urn:mpeg:mpegB:cicp:TransferCharacteristics';
const TRANSFER: Record<'sdr' | 'pq' | 'hlg', string | undefined> = { sdr: undefined, pq: '16', hlg: '18' };
const TRICK_MODE = 'http://dashif.org/guidelines/trickmode';
/** Four seconds a picture: at this speed it is eight pictures a second. */
const KEYS_RATE_MAX = 32;
const TILES = 'http://dashif.org/guidelines/thumbnail_tile';

/** Numbers every adaptation set, as ids of sets must be numbers. */
type SetOf = (id: number) => string;

export function dashManifest(film: Film): string {
  const { video, audio, text, thumbnails, durationS } = film;
  const rates = ratesOf(film);
  const attributes = {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    'xmlns:cenc': isProtected(film) ? CENC_NAMESPACE : undefined,
    profiles: 'urn:mpeg:dash:profile:isoff-live:2011',
    ...lifeOf(film),
    minBufferTime: `PT${rates.bufferS}S`,
  };
  const firstAudio = audio.find((one) => one.default);
  const firstText = text.find((one) => one.default);
  const sets: SetOf[] = [
    ...videoFamilies(video).map(
      (family): SetOf =>
        (id) =>
          videoSet(id, family, rates),
    ),
    ...videoFamilies(video).flatMap((family, at) => keySets(family, at + 1, rates)),
    ...audio.map(
      (one): SetOf =>
        (id) =>
          audioSet(id, one, firstAudio !== undefined && isSameSound(one, firstAudio), rates),
    ),
    ...text.flatMap((one) => textSets(one, one === firstText, rates)),
    ...(thumbnails ? [(id: number) => imageSet(id, thumbnails, durationS)] : []),
  ];
  const period = element(
    'Period',
    { id: '0', start: 'PT0S' },
    sets.map((set, at) => set(at + 1)),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('MPD', attributes, [period])}\n`;
}

/**
 * One that grows is dynamic. Its clock is set so far back that all of the film would be available by now; what is
 * listed says what is. Players are asked to begin as far behind the end as they can: at the film's start.
 */
function lifeOf({ growing, durationS }: Film): Record<string, string> {
  const text = (seconds: number) => `PT${Number(seconds.toFixed(6))}S`;
  if (!growing) return { type: 'static', mediaPresentationDuration: text(durationS) };
  const { sinceMs, filmS } = growing;
  return {
    type: 'dynamic',
    availabilityStartTime: new Date(sinceMs - Math.ceil(filmS + 60) * 1000).toISOString(),
    minimumUpdatePeriod: 'PT2S',
    suggestedPresentationDelay: text(Math.ceil(filmS)),
  };
}

type Rates = { bufferS: number; of(track: FilmVideo['track']): number };

/**
 * `bandwidth` promises that one who has `minBufferTime` of it in hand never waits. The buffer is the longest segment;
 * the peak rate then holds, unless an odd short segment is larger than all that.
 */
function ratesOf(film: Film): Rates {
  const tracks = [...film.video, ...film.audio].map(({ track }) => track);
  const bufferS = Math.ceil(Math.max(...tracks.map(longestS)) * 1000) / 1000;
  const targetS = targetDurationS(film);
  return {
    bufferS,
    of: (track) => {
      const largest = Math.max(...track.segments.map(({ bytes }) => bytes));
      return Math.max(peakBitsPerS(track, targetS), Math.ceil((largest * 8) / bufferS));
    },
  };
}

/** Players switch within a set: one codec and one range of brightness each, in the order of the film. */
function videoFamilies(video: readonly FilmVideo[]): FilmVideo[][] {
  const key = ({ track, range = 'sdr' }: FilmVideo) => `${codecFamily(track.codecs)} ${range}`;
  return [...Map.groupBy(video, key).values()];
}

function videoSet(id: number, video: readonly FilmVideo[], rates: Rates): string {
  const attributes = {
    ...{ id, contentType: 'video', mimeType: 'video/mp4', segmentAlignment: true, startWithSAP: 1 },
    ...{ maxWidth: greatest(video, 'width'), maxHeight: greatest(video, 'height') },
  };
  const representations = video.map(({ name, path, track }) => {
    const { codecs, width, height, frameRate } = track;
    const own = { id: name, bandwidth: rates.of(track), codecs, width, height, sar: '1:1' };
    const rate = frameRate && (frameRate.den === 1 ? frameRate.num : `${frameRate.num}/${frameRate.den}`);
    return element('Representation', { ...own, frameRate: rate }, [
      ...contentProtection(track),
      trackTemplate(path, track),
    ]);
  });
  const transfer = TRANSFER[video[0]?.range ?? 'sdr'];
  return element('AdaptationSet', attributes, [
    ...(transfer === undefined ? [] : [descriptor('EssentialProperty', TRANSFER_SCHEME, transfer)]),
    descriptor('Role', ROLE, 'main'),
    ...representations,
  ]);
}

/** Key frames alone, for players that wind: they belong to the set `main` (DASH-IF IOP, 3.2.9). */
function keySets(family: readonly FilmVideo[], main: number, rates: Rates): SetOf[] {
  return family.flatMap(({ name, path, keys }): SetOf[] => {
    if (!keys) return [];
    const { codecs, width, height, frameRate } = keys;
    const rate = frameRate && `${frameRate.num}/${frameRate.den}`;
    const own = { id: `${name}-keys`, bandwidth: rates.of(keys), codecs, width, height, sar: '1:1' };
    const more = { frameRate: rate, maxPlayoutRate: KEYS_RATE_MAX, codingDependency: false };
    const attributes = {
      contentType: 'video',
      mimeType: 'video/mp4',
      segmentAlignment: true,
      startWithSAP: 1,
    };
    return [
      (id) =>
        element('AdaptationSet', { id, ...attributes }, [
          descriptor('EssentialProperty', TRICK_MODE, String(main)),
          element('Representation', { ...own, ...more }, [trackTemplate(path, keys)]),
        ]),
    ];
  });
}

function audioSet(id: number, audio: FilmAudio, isMain: boolean, rates: Rates): string {
  const { path, track, audioDescription } = audio;
  const other = audio.commentary ? 'commentary' : isMain ? 'main' : 'alternate';
  const role = audioDescription ? 'description' : other;
  const attributes = {
    ...{ id, contentType: 'audio', mimeType: 'audio/mp4', lang: languageTag(audio.language) },
    ...{ segmentAlignment: true, startWithSAP: 1 },
  };
  const own = { id: `${audio.id}-1`, bandwidth: rates.of(track), codecs: track.codecs };
  return element('AdaptationSet', attributes, [
    ...label(audio),
    ...(audioDescription ? [descriptor('Accessibility', PURPOSE, FOR_BLIND)] : []),
    descriptor('Role', ROLE, role),
    element('Representation', { ...own, audioSamplingRate: track.sampleRate }, [
      ...(track.channels
        ? [descriptor('AudioChannelConfiguration', CHANNELS, channelConfiguration(track.channels))]
        : []),
      ...contentProtection(track),
      trackTemplate(path, track),
    ]),
  ]);
}

/** The same text in two forms; players that know both may show it twice in their menus, so ids tell them apart. */
function textSets(text: FilmText, isMain: boolean, rates: Rates): SetOf[] {
  const whole = element('Representation', { id: `${text.id}-1`, bandwidth: TEXT_BITS_PER_S }, [
    textElement('BaseURL', urlPath(text.path)),
  ]);
  const sets: SetOf[] = [(id) => textSet(id, text, isMain, { mimeType: 'text/vtt' }, whole)];
  if (text.imsc) {
    const { path, track } = text.imsc;
    const own = { id: `${text.id}-imsc`, bandwidth: rates.of(track), codecs: track.codecs };
    const parts = element('Representation', own, [trackTemplate(path, track)]);
    const kind = { mimeType: 'application/mp4', segmentAlignment: true, startWithSAP: 1 };
    sets.push((id) => textSet(id, text, isMain, kind, parts));
  }
  return sets;
}

function textSet(
  id: number,
  text: FilmText,
  isMain: boolean,
  { mimeType, ...more }: { mimeType: string; segmentAlignment?: boolean; startWithSAP?: number },
  representation: string,
): string {
  const { forced, hearingImpaired } = text;
  const role = forced ? 'forced-subtitle' : hearingImpaired ? 'caption' : 'subtitle';
  const attributes = { id, contentType: 'text', mimeType, lang: languageTag(text.language), ...more };
  return element('AdaptationSet', attributes, [
    ...label(text),
    ...(hearingImpaired ? [descriptor('Accessibility', PURPOSE, FOR_DEAF)] : []),
    descriptor('Role', ROLE, role),
    ...(isMain ? [descriptor('Role', ROLE, 'main')] : []),
    representation,
  ]);
}

/** Tiles of pictures for the seek bar (DASH-IF IOP 4.3, 6.2.6). */
function imageSet(id: number, { path, sheets }: NonNullable<Film['thumbnails']>, durationS: number): string {
  const { columns, rows } = sheets;
  const attributes = {
    ...{ id: 'thumbnails-1', bandwidth: sheetBitsPerS(sheets, durationS) },
    ...{ width: columns * sheets.width, height: rows * sheets.height },
  };
  return element('AdaptationSet', { id, contentType: 'image', mimeType: 'image/jpeg' }, [
    element('Representation', attributes, [
      descriptor('EssentialProperty', TILES, `${columns}x${rows}`),
      sheetTemplate(path, sheets),
    ]),
  ]);
}

function label({ id, label }: { id: string; label: string }): string[] {
  return [textElement('Label', plainLabel(label) || id)];
}

/** Coding-independent code points (ISO/IEC 23091-3): up to six channels the number says it, eight are number 7. */
function channelConfiguration(channels: number): string {
  return String(channels === 8 ? 7 : channels);
}

function greatest(video: readonly FilmVideo[], side: 'width' | 'height'): number | undefined {
  const sides = video.flatMap(({ track }) => track[side] ?? []);
  return sides.length === 0 ? undefined : Math.max(...sides);
}

function descriptor(name: string, schemeIdUri: string, value: string): string {
  return element(name, { schemeIdUri, value });
}
