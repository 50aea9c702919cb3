/**
 * For tests only: checks all playlists of a publication against the rules of RFC 8216bis that concern films, with the
 * sizes of the media files at hand. It answers with sentences about what is wrong.
 */
import { type ReadPlaylist, readPlaylist, type TagLine } from './playlist-reader.testing.ts';

export type MediaFiles = ReadonlyMap<string, number>;
type Segment = { seconds: number; bytes: number };
type Timeline = { kind: 'media' | 'keys' | 'text' | 'images'; targetS: number; segments: Segment[] };

/** `event`: lists that grow or have grown; those that `grow` still must not say that they have ended. */
export type Life = { event?: boolean; grows?: boolean };

export function checkHls(
  playlists: ReadonlyMap<string, string>,
  entry: string,
  files: MediaFiles,
  life: Life = {},
): string[] {
  const faults: string[] = [];
  const top = readPlaylist(playlists.get(entry) ?? '');
  faults.push(...top.faults, ...checkTop(top));
  const timelines = new Map<string, Timeline>();
  const listed = new Set<string>([entry]);
  for (const tag of top.tags) {
    const uri = tag.uri ?? tag.attributes.get('URI');
    if (uri === undefined || listed.has(uri) || tag.name.startsWith('EXT-X-SESSION-')) continue;
    const name = decodeURIComponent(uri);
    listed.add(name);
    const list = playlists.get(name);
    if (list === undefined) faults.push(`${name} does not exist`);
    else {
      const read = readPlaylist(list);
      const { timeline, faults: found } = checkMedia(read, files, life);
      timelines.set(name, timeline);
      faults.push(...[...read.faults, ...found].map((fault) => `${name}: ${fault}`));
    }
  }
  for (const name of playlists.keys()) if (!listed.has(name)) faults.push(`${name} is listed nowhere`);
  return [...faults, ...checkTogether(top, timelines)];
}

function checkTop({ tags }: ReadPlaylist): string[] {
  const faults: string[] = [];
  const variants = tags.filter(({ name }) => name === 'EXT-X-STREAM-INF');
  const media = tags.filter(({ name }) => name === 'EXT-X-MEDIA');
  if (count(tags, 'EXT-X-VERSION') !== 1) faults.push('not one version');
  if (count(tags, 'EXTINF') > 0) faults.push('segments in a multivariant playlist');
  if (variants.length === 0) faults.push('no variants');
  for (const { attributes } of variants) {
    const [peak, mean] = [Number(attributes.get('BANDWIDTH')), Number(attributes.get('AVERAGE-BANDWIDTH'))];
    if (!(peak > 0) || mean > peak) faults.push(`a peak of ${peak} and a mean of ${mean}`);
    if (!attributes.has('CODECS')) faults.push('a variant without codecs');
    if (!attributes.has('VIDEO-RANGE')) faults.push('a variant without a range');
    if (!attributes.has('CLOSED-CAPTIONS')) faults.push('a variant that may hold closed captions');
    for (const type of ['AUDIO', 'SUBTITLES']) {
      const all = media.filter((one) => one.attributes.get('TYPE') === type);
      const group = attributes.get(type);
      if ((group === undefined) !== (all.length === 0)) faults.push(`${type} of a variant`);
      if (group !== undefined && !all.some((one) => one.attributes.get('GROUP-ID') === group))
        faults.push(`no group ${group}`);
    }
  }
  const groups = new Set(media.map((one) => one.attributes.get('GROUP-ID')));
  for (const group of groups) {
    faults.push(...checkGroup(media.filter((one) => one.attributes.get('GROUP-ID') === group)));
  }
  return faults;
}

function checkGroup(group: readonly TagLine[]): string[] {
  const faults: string[] = [];
  const all = (name: string) => group.map(({ attributes }) => attributes.get(name));
  if (new Set(all('NAME')).size !== group.length || all('NAME').includes(undefined)) faults.push('names');
  if (new Set(all('TYPE')).size !== 1) faults.push('a group of two types');
  if (all('DEFAULT').filter((value) => value === 'YES').length > 1) faults.push('two defaults in a group');
  const chosen = group.filter(({ attributes }) => attributes.get('AUTOSELECT') === 'YES');
  const kinds = ['LANGUAGE', 'ASSOC-LANGUAGE', 'FORCED', 'CHARACTERISTICS', 'CHANNELS'];
  const signs = chosen.map(({ attributes }) => JSON.stringify(kinds.map((kind) => attributes.get(kind))));
  if (new Set(signs).size !== signs.length) faults.push('renditions chosen by themselves that are alike');
  for (const { attributes } of group) {
    const is = (name: string) => attributes.get(name) === 'YES';
    if (is('DEFAULT') && !is('AUTOSELECT')) faults.push('a default that is not chosen by itself');
    if (attributes.has('FORCED') && attributes.get('TYPE') !== 'SUBTITLES') faults.push('forced sound');
  }
  return faults;
}

function checkMedia(
  { tags }: ReadPlaylist,
  files: MediaFiles,
  life: Life,
): { timeline: Timeline; faults: string[] } {
  const faults: string[] = [];
  const value = (name: string) => tags.find((tag) => tag.name === name)?.value;
  const once = ['EXT-X-VERSION', 'EXT-X-TARGETDURATION', 'EXT-X-PLAYLIST-TYPE'];
  if (count(tags, 'EXT-X-ENDLIST') !== (life.grows ? 0 : 1)) faults.push('ends, or does not');
  for (const name of once) if (count(tags, name) !== 1) faults.push(`not one ${name}`);
  if (value('EXT-X-PLAYLIST-TYPE') !== (life.event ? 'EVENT' : 'VOD')) faults.push('of another type');
  if (!life.grows && tags.at(-1)?.name !== 'EXT-X-ENDLIST') faults.push('does not end with its end');
  const targetS = Number(value('EXT-X-TARGETDURATION'));
  const map = tags.find(({ name }) => name === 'EXT-X-MAP')?.attributes.get('URI');
  if (map !== undefined && !files.has(decodeURIComponent(map))) faults.push(`${map} does not exist`);
  if (map !== undefined && Number(value('EXT-X-VERSION')) < 6) faults.push('a map before version 6');
  const isKeys = count(tags, 'EXT-X-I-FRAMES-ONLY') === 1;
  const ranges = isKeys
    ? new Map(tags.filter(({ name }) => name === 'EXT-X-BYTERANGE').map(({ uri, value }) => [uri, value]))
    : undefined;
  const segments = tags
    .filter(({ name }) => name === 'EXTINF')
    .map(({ value, uri = '' }) => {
      if (!/^\d+(\.\d+)?,$/.test(value)) faults.push(`a duration of ${value}`);
      const seconds = Number.parseFloat(value);
      if (!(seconds > 0) || Math.round(seconds) > targetS) faults.push(`${seconds} s of ${targetS} s`);
      const bytes = files.get(decodeURIComponent(uri));
      if (ranges) return { seconds, bytes: rangeOf(ranges.get(uri), bytes, faults) };
      if (bytes === undefined) faults.push(`${uri} does not exist`);
      return { seconds, bytes: bytes ?? 0 };
    });
  if (segments.length === 0) faults.push('no segments');
  const isImages = count(tags, 'EXT-X-IMAGES-ONLY') === 1;
  if (count(tags, 'EXT-X-TILES') !== (isImages ? segments.length : 0)) faults.push('tiles');
  const kind = isKeys ? 'keys' : isImages ? 'images' : map === undefined ? 'text' : 'media';
  return { timeline: { kind, targetS, segments }, faults };
}

/** `length@start`, within the file. */
function rangeOf(range: string | undefined, fileBytes: number | undefined, faults: string[]): number {
  const [, length = '0', start = '0'] = /^(\d+)@(\d+)$/.exec(range ?? '') ?? [];
  const end = Number(length) + Number(start);
  if (!(Number(length) > 0 && end <= (fileBytes ?? 0))) faults.push(`a range of ${range} of ${fileBytes}`);
  return Number(length);
}

/** What holds between the playlists: one target, one length, and bandwidths that are true. */
function checkTogether({ tags }: ReadPlaylist, timelines: ReadonlyMap<string, Timeline>): string[] {
  const faults: string[] = [];
  const media = [...timelines.values()].filter(({ kind }) => kind === 'media');
  const targetS = media[0]?.targetS ?? 0;
  if (media.some((one) => one.targetS !== targetS)) faults.push('target durations differ');
  const length = (one: Timeline | undefined) =>
    one?.segments.reduce((sum, { seconds }) => sum + seconds, 0) ?? 0;
  const longest = Math.max(...[...timelines.values()].map(length));
  if ([...timelines.values()].some((one) => longest - length(one) > 0.03)) faults.push('lengths differ');
  const sounds = tags.map(({ attributes }) => attributes).filter((one) => one.get('TYPE') === 'AUDIO');
  for (const { name, attributes, uri = '' } of tags) {
    if (name === 'EXT-X-I-FRAME-STREAM-INF') faults.push(...checkKeys(attributes, timelines));
    if (name !== 'EXT-X-STREAM-INF') continue;
    const beside = sounds
      .filter((sound) => sound.get('GROUP-ID') === attributes.get('AUDIO'))
      .map((sound) => timelines.get(decodeURIComponent(sound.get('URI') ?? '')));
    const own = timelines.get(decodeURIComponent(uri));
    const peak = peakOf(own, targetS) + Math.max(0, ...beside.map((one) => peakOf(one, targetS)));
    const mean = meanOf(own) + Math.max(0, ...beside.map(meanOf));
    const [saidPeak, saidMean] = [
      Number(attributes.get('BANDWIDTH')),
      Number(attributes.get('AVERAGE-BANDWIDTH')),
    ];
    // Lengths are rounded to microseconds. A player that is told far too much never takes the rendition.
    if (saidPeak < peak * (1 - 1e-5) - 10 || saidPeak > 1.1 * peak + 300)
      faults.push(`${uri} says ${saidPeak}, not ${peak}`);
    if (Math.abs(saidMean - mean) > 0.1 * mean + 300) faults.push(`${uri} says ${saidMean}, not ${mean}`);
  }
  return faults;
}

/** A list of key frames that promises less than its ranges take stalls; one of whole segments is none. */
function checkKeys(said: TagLine['attributes'], timelines: ReadonlyMap<string, Timeline>): string[] {
  const uri = said.get('URI') ?? '';
  const own = timelines.get(decodeURIComponent(uri));
  if (own?.kind !== 'keys') return [`${uri} lists no key frames`];
  const mean = meanOf(own);
  const isTrue = Number(said.get('BANDWIDTH')) >= peakOf(own, own.targetS) * (1 - 1e-5) - 10;
  const isMean = Math.abs(Number(said.get('AVERAGE-BANDWIDTH')) - mean) <= 0.1 * mean + 300;
  return isTrue && isMean ? [] : [`${uri} promises a wrong rate`];
}

function peakOf(timeline: Timeline | undefined, targetS: number): number {
  const segments = timeline?.segments ?? [];
  const rates = segments.flatMap((_, from) =>
    segments.slice(from, from + 40).flatMap((_, more) => {
      const run = segments.slice(from, from + more + 1);
      const seconds = run.reduce((sum, one) => sum + one.seconds, 0);
      const bytes = run.reduce((sum, one) => sum + one.bytes, 0);
      return seconds >= 0.5 * targetS && seconds <= 1.5 * targetS ? [(bytes * 8) / seconds] : [];
    }),
  );
  // A film shorter than half a target has no such run; all of it counts.
  return Math.max(...(rates.length > 0 || segments.length === 0 ? [0, ...rates] : [meanOf(timeline)]));
}

function meanOf(timeline: Timeline | undefined): number {
  const segments = timeline?.segments ?? [];
  const bytes = segments.reduce((sum, one) => sum + one.bytes, 0);
  return (bytes * 8) / segments.reduce((sum, one) => sum + one.seconds, 0);
}

function count(tags: readonly TagLine[], name: string): number {
  return tags.filter((tag) => tag.name === name).length;
}
