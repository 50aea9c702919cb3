/**
 * The MPD (ISO/IEC 23009-1, live profile, static) over the same segments as the HLS playlists. Times are those that
 * hold after the edit lists of the init segments, as `PackagedTrack` gives them.
 */
import type { PackagedTrack } from '../../../contracts/tasks.ts';
import { assert } from '../../../platform/assert.ts';
import type { Film, FilmAudio, FilmText, FilmVideo } from './film.ts';
import { urlPath } from './film.ts';

export const DASH_ENTRY = 'manifest.mpd';
/** Captions are a few kilobytes an hour; a representation must still state a rate. */
const TEXT_BITS_PER_S = 256;
const ROLE = 'urn:mpeg:dash:role:2011';

type Attributes = Record<string, string | number | boolean | undefined>;

export function dashManifest(film: Film): string {
  const segmentS = Math.max(
    ...film.video.flatMap(({ track }) => track.segments.map(({ ticks }) => ticks / track.timescale)),
  );
  const mpd: Attributes = {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    profiles: 'urn:mpeg:dash:profile:isoff-live:2011',
    type: 'static',
    mediaPresentationDuration: duration(film.durationS),
    // `bandwidth` is the peak over one segment, so that a buffer of one segment is what it promises for.
    minBufferTime: duration(segmentS),
  };
  const sets = [
    videoSet(film),
    ...film.audio.map(audioSet),
    ...film.text.map(textSet),
    ...(film.thumbnails ? [imageSet(film)] : []),
  ];
  const period = element('Period', { id: '0', start: 'PT0S' }, sets);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('MPD', mpd, [period])}\n`;
}

function videoSet({ video }: Film): string {
  return element(
    'AdaptationSet',
    {
      ...{
        id: 'video',
        contentType: 'video',
        mimeType: 'video/mp4',
        segmentAlignment: true,
        startWithSAP: 1,
      },
      ...{ maxWidth: greatest(video, 'width'), maxHeight: greatest(video, 'height') },
    },
    [descriptor('Role', ROLE, 'main'), ...video.map(videoRepresentation)],
  );
}

function videoRepresentation({ name, path, track }: FilmVideo): string {
  const { num, den } = track.frameRate ?? { num: 0, den: 1 };
  const attributes = {
    ...{ id: name, bandwidth: track.bitsPerSPeak, codecs: track.codecs, width: track.width },
    ...{ height: track.height, sar: '1:1' },
    frameRate: num === 0 ? undefined : den === 1 ? num : `${num}/${den}`,
  };
  return element('Representation', attributes, [segments(path, track)]);
}

function audioSet({ id, path, track, language, label, audioDescription, ...audio }: FilmAudio): string {
  const role = audioDescription ? 'description' : audio.default ? 'main' : 'alternate';
  const attributes = {
    ...{ id, contentType: 'audio', mimeType: 'audio/mp4', lang: langOf(language) },
    ...{ segmentAlignment: true, startWithSAP: 1 },
  };
  const representation = element(
    'Representation',
    {
      ...{ id: `${id}-1`, bandwidth: track.bitsPerSPeak, codecs: track.codecs },
      audioSamplingRate: track.sampleRate,
    },
    [
      ...(track.channels
        ? [
            descriptor(
              'AudioChannelConfiguration',
              'urn:mpeg:dash:23003:3:audio_channel_configuration:2011',
              `${track.channels}`,
            ),
          ]
        : []),
      segments(path, track),
    ],
  );
  return element('AdaptationSet', attributes, [
    descriptor('Role', ROLE, role),
    ...(audioDescription
      ? [descriptor('Accessibility', 'urn:tva:metadata:cs:AudioPurposeCS:2007', '1')]
      : []),
    textElement('Label', label),
    representation,
  ]);
}

function textSet({ id, path, language, label, forced, hearingImpaired, ...text }: FilmText): string {
  const role = forced ? 'forced-subtitle' : hearingImpaired ? 'caption' : 'subtitle';
  const attributes = { id, contentType: 'text', mimeType: 'text/vtt', lang: langOf(language) };
  return element('AdaptationSet', attributes, [
    descriptor('Role', ROLE, role),
    ...(text.default ? [descriptor('Role', ROLE, 'main')] : []),
    textElement('Label', label),
    element('Representation', { id: `${id}-1`, bandwidth: TEXT_BITS_PER_S }, [
      textElement('BaseURL', urlPath(path)),
    ]),
  ]);
}

/** Tiles of pictures for the seek bar (DASH-IF IOP 4.3, 6.2.6). */
function imageSet({ thumbnails }: Film): string {
  assert(thumbnails, 'a film without thumbnails has no set of them');
  const { path, sheets } = thumbnails;
  const { columns, rows, width, height, everyS, files } = sheets;
  const list = { timescale: 1, duration: columns * rows * everyS, startNumber: 1 };
  const representation = element(
    'Representation',
    {
      ...{ id: 'thumbnails-1', bandwidth: columns * rows * width * height },
      ...{ width: columns * width, height: rows * height },
    },
    [
      descriptor('EssentialProperty', 'http://dashif.org/guidelines/thumbnail_tile', `${columns}x${rows}`),
      element('SegmentTemplate', { ...list, media: template(path, files) }, []),
    ],
  );
  const attributes = { id: 'thumbnails', contentType: 'image', mimeType: 'image/jpeg' };
  return element('AdaptationSet', attributes, [representation]);
}

function segments(path: string, track: PackagedTrack): string {
  const attributes = {
    timescale: track.timescale,
    initialization: escapeTemplate(urlPath(path + track.init)),
    media: template(
      path,
      track.segments.map(({ name }) => name),
    ),
    startNumber: 1,
  };
  return element('SegmentTemplate', attributes, [element('SegmentTimeline', {}, timeline(track))]);
}

/** Equal segments that follow each other share one `S`. */
function timeline(track: PackagedTrack): string[] {
  const runs: Array<{ d: number; r: number }> = [];
  for (const { ticks } of track.segments) {
    const last = runs.at(-1);
    if (last && last.d === ticks) last.r += 1;
    else runs.push({ d: ticks, r: 0 });
  }
  return runs.map(({ d, r }, at) =>
    element('S', { t: at === 0 ? track.startTicks : undefined, d, r: r === 0 ? undefined : r }, []),
  );
}

/** `name-00001.ext`, `name-00002.ext`… as a template; the names must be just that. */
function template(path: string, names: readonly string[]): string {
  const [, before = '', digits = '', after = ''] = /^(.*?)(\d+)(\.\w+)$/.exec(names[0] ?? '') ?? [];
  const nameOf = (number: number) => before + String(number).padStart(digits.length, '0') + after;
  assert(
    names.length > 0 && names.every((name, at) => name === nameOf(at + 1)),
    'the files of a track are numbered from one',
  );
  return `${escapeTemplate(urlPath(path + before))}$Number%0${digits.length}d$${after}`;
}

const escapeTemplate = (text: string) => text.replaceAll('$', '$$$$');
const langOf = (language: string) => (language === 'und' ? undefined : language);
const duration = (seconds: number) => `PT${Number(seconds.toFixed(3))}S`;

function greatest(video: readonly FilmVideo[], side: 'width' | 'height'): number | undefined {
  const sides = video.flatMap(({ track }) => track[side] ?? []);
  return sides.length === 0 ? undefined : Math.max(...sides);
}

function descriptor(name: string, schemeIdUri: string, value: string): string {
  return element(name, { schemeIdUri, value }, []);
}

function element(name: string, attributes: Attributes, children: readonly string[]): string {
  const text = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escapeXml(String(value))}"`]))
    .join('');
  if (children.length === 0) return `<${name}${text}/>`;
  const inner = children.join('\n').replaceAll(/^/gm, '  ');
  return `<${name}${text}>\n${inner}\n</${name}>`;
}

function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text.replaceAll(/\s+/g, ' '))}</${name}>`;
}

/** Also drops the control characters that XML 1.0 cannot hold. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
