/**
 * For tests only: rules by name that go beyond the syntax and the sums that `check-hls` and `check-dash` hold manifests
 * to: of RFC 8216bis, of Apple's HLS authoring specification, of ISO/IEC 23009-1 and of the DASH-IF guidelines. Each
 * answers whether it is kept, so that a test can break a manifest for each of them.
 */
import { type Node, readMpd } from './mpd-reader.testing.ts';
import { readPlaylist, type TagLine } from './playlist-reader.testing.ts';

/** RFC 6381 and the bindings of the codecs that films here are made in. */
const CODEC =
  /^(avc1\.[0-9a-f]{6}|hvc1\.[ABC]?\d+\.[0-9A-F]+\.[LH]\d+(\.[0-9A-F]{1,2})*|av01\.\d\.\d\d[MH]\.\d\d(\.\d+)*|mp4a\.40\.\d+|ec-3|opus|stpp\.ttml\.im1t|jpeg)$/;

export type HlsPresentation = { top: TagLine[]; lists: ReadonlyMap<string, TagLine[]>; grows: boolean };

export function readPresentation(
  playlists: ReadonlyMap<string, string>,
  entry: string,
  grows: boolean,
): HlsPresentation {
  const tags = new Map([...playlists].map(([name, text]) => [name, readPlaylist(text).tags]));
  const top = tags.get(entry) ?? [];
  tags.delete(entry);
  return { top, lists: tags, grows };
}

const of = (tags: readonly TagLine[], name: string) => tags.filter((tag) => tag.name === name);
const all = (tags: readonly TagLine[], name: string, attribute: string) =>
  of(tags, name).map(({ attributes }) => attributes.get(attribute) ?? '');
const variants = (top: readonly TagLine[]) => of(top, 'EXT-X-STREAM-INF');
const isTrue = <T>(rows: Iterable<T>, test: (row: T) => boolean) => [...rows].every(test);

export const HLS_RULES: Record<string, (film: HlsPresentation) => boolean> = {
  'RFC 8216bis: segments can be decoded by themselves': ({ top }) =>
    of(top, 'EXT-X-INDEPENDENT-SEGMENTS').length === 1,
  'RFC 8216bis: a variant tells of its size, its rate and its mean': ({ top }) =>
    isTrue(variants(top), ({ attributes }) =>
      ['RESOLUTION', 'FRAME-RATE', 'AVERAGE-BANDWIDTH'].every((name) => attributes.has(name)),
    ),
  'RFC 6381: codecs are spelled as they must be': ({ top }) =>
    isTrue(
      [...all(top, 'EXT-X-STREAM-INF', 'CODECS'), ...all(top, 'EXT-X-I-FRAME-STREAM-INF', 'CODECS')],
      (one) => one.split(',').every((codec) => CODEC.test(codec)),
    ),
  'RFC 8216bis: groups of sound have the same members': ({ top }) => {
    const sound = of(top, 'EXT-X-MEDIA').filter(({ attributes }) => attributes.get('TYPE') === 'AUDIO');
    const groups = Map.groupBy(sound, ({ attributes }) => attributes.get('GROUP-ID'));
    const kinds = ['NAME', 'LANGUAGE', 'DEFAULT', 'AUTOSELECT', 'CHARACTERISTICS'];
    const members = [...groups.values()].map((group) =>
      JSON.stringify(group.map(({ attributes }) => kinds.map((kind) => attributes.get(kind))).toSorted()),
    );
    return new Set(members).size <= 1;
  },
  'RFC 8216bis: every picture can be had with every group of sound': ({ top }) => {
    const byPicture = Map.groupBy(variants(top), ({ uri }) => uri);
    const sounds = [...byPicture.values()].map((rows) =>
      JSON.stringify(rows.map(({ attributes }) => attributes.get('AUDIO') ?? '').toSorted()),
    );
    return new Set(sounds).size === 1;
  },
  'Apple: sound tells how many channels it has': ({ top }) =>
    isTrue(
      of(top, 'EXT-X-MEDIA').filter(({ attributes }) => attributes.get('TYPE') === 'AUDIO'),
      ({ attributes }) => /^[1-9]\d*$/.test(attributes.get('CHANNELS') ?? ''),
    ),
  'Apple: what begins is what everybody plays': ({ top }) =>
    isTrue(variants(top).slice(0, 1), ({ attributes }) =>
      /^avc1\.[0-9a-f]+(,mp4a\.40\.2)?$/.test(attributes.get('CODECS') ?? ''),
    ),
  'Apple: every picture whose key frames are known can be wound through': ({ top, lists }) => {
    const wound = all(top, 'EXT-X-I-FRAME-STREAM-INF', 'URI');
    const keyed = [...lists].filter(([, tags]) => of(tags, 'EXT-X-I-FRAMES-ONLY').length > 0);
    const pictures = new Set(variants(top).map(({ uri }) => uri)).size;
    return wound.length === keyed.length && (wound.length === 0 || wound.length === pictures);
  },
  'RFC 8216bis: a list of key frames has the codec and the size of its pictures': ({ top }) => {
    const kinds = (tags: TagLine[]) =>
      tags.map(
        ({ attributes }) => `${attributes.get('CODECS')?.split(',')[0]} ${attributes.get('RESOLUTION')}`,
      );
    const shown = new Set(kinds(variants(top)));
    return isTrue(kinds(of(top, 'EXT-X-I-FRAME-STREAM-INF')), (kind) => shown.has(kind));
  },
  'RFC 8216bis: the version is that of what is used': ({ lists }) =>
    isTrue(lists.values(), (tags) => {
      const version = Number(of(tags, 'EXT-X-VERSION')[0]?.value);
      const isKeys = of(tags, 'EXT-X-I-FRAMES-ONLY').length > 0;
      const needed = of(tags, 'EXT-X-MAP').length > 0 ? (isKeys ? 5 : 6) : isKeys ? 4 : 3;
      return version >= needed;
    }),
  'RFC 8216bis: media of fragments has a map before its first segment': ({ lists }) =>
    isTrue(lists.values(), (tags) => {
      const isFragmented = of(tags, 'EXTINF').some(({ uri }) => uri?.endsWith('.m4s'));
      const names = tags.map(({ name }) => name);
      return (
        !isFragmented || (names.includes('EXT-X-MAP') && names.indexOf('EXT-X-MAP') < names.indexOf('EXTINF'))
      );
    }),
  'RFC 8216bis: no segment stands twice in a list': ({ lists }) =>
    isTrue(lists.values(), (tags) => {
      const uris = of(tags, 'EXTINF').map(({ uri }) => uri);
      return new Set(uris).size === uris.length;
    }),
  'ours: a film that grows is joined at its start': ({ top, grows }) =>
    all(top, 'EXT-X-START', 'TIME-OFFSET').join() === (grows ? '0.001' : ''),
};

export type DashRule = (mpd: Node) => boolean;
const nodes = (node: Node, name: string): Node[] => node.children.filter((child) => child.name === name);
const setsOf = (mpd: Node) => nodes(mpd, 'Period').flatMap((period) => nodes(period, 'AdaptationSet'));
const get = (node: Node | undefined, name: string) => node?.attributes.get(name) ?? '';
const TRICK_MODE = 'http://dashif.org/guidelines/trickmode';
const trickOf = (set: Node) =>
  nodes(set, 'EssentialProperty').find((one) => get(one, 'schemeIdUri') === TRICK_MODE);
const media = (mpd: Node, type: string) =>
  setsOf(mpd).filter((set) => get(set, 'contentType') === type && !trickOf(set));

export const DASH_RULES: Record<string, DashRule> = {
  'ISO 23009-1: what grows says since when and how often to look, and what is whole how long it is': (
    mpd,
  ) => {
    const isDynamic = get(mpd, 'type') === 'dynamic';
    const growing = ['availabilityStartTime', 'minimumUpdatePeriod'];
    return (
      growing.every((name) => mpd.attributes.has(name) === isDynamic) &&
      mpd.attributes.has('mediaPresentationDuration') !== isDynamic
    );
  },
  'RFC 6381: codecs are spelled as they must be': (mpd) =>
    isTrue(
      setsOf(mpd).flatMap((set) => nodes(set, 'Representation')),
      (one) => !one.attributes.has('codecs') || CODEC.test(get(one, 'codecs')),
    ),
  'ISO 23009-1: a set is as large as the largest in it': (mpd) =>
    isTrue(media(mpd, 'video'), (set) =>
      (['Width', 'Height'] as const).every((side) => {
        const sides = nodes(set, 'Representation').map((one) => Number(get(one, side.toLowerCase())));
        return Number(get(set, `max${side}`)) === Math.max(...sides);
      }),
    ),
  'DASH-IF: pictures of one set have one shape and one rate': (mpd) =>
    isTrue(media(mpd, 'video'), (set) => {
      const rows = nodes(set, 'Representation');
      const rates = new Set(rows.map((one) => get(one, 'frameRate')));
      const shapes = rows.map((one) => Number(get(one, 'width')) / Number(get(one, 'height')));
      return rates.size === 1 && Math.max(...shapes) / Math.min(...shapes) < 1.02;
    }),
  'DASH-IF: segments of a set are aligned and begin with a key': (mpd) =>
    isTrue(
      [...media(mpd, 'video'), ...media(mpd, 'audio')],
      (set) => get(set, 'segmentAlignment') === 'true' && get(set, 'startWithSAP') === '1',
    ),
  'DASH-IF: one sound in each codec is the main one': (mpd) =>
    isTrue(
      Map.groupBy(media(mpd, 'audio'), (set) => get(nodes(set, 'Representation')[0], 'codecs')).values(),
      (sets) =>
        sets.filter((set) => nodes(set, 'Role').some((role) => get(role, 'value') === 'main')).length === 1,
    ),
  'ISO 23091-3: channels are told by their number': (mpd) =>
    isTrue(
      media(mpd, 'audio').flatMap((set) => nodes(set, 'Representation')),
      (one) => /^([1-9]|1[0-9]|20)$/.test(get(nodes(one, 'AudioChannelConfiguration')[0], 'value')),
    ),
  'BCP 47: sound and text name a language or none': (mpd) =>
    isTrue([...media(mpd, 'audio'), ...media(mpd, 'text')], (set) => {
      const lang = get(set, 'lang');
      return lang === '' || Intl.getCanonicalLocales(lang)[0] === lang;
    }),
  'DASH-IF: tiles of thumbnails divide their sheet': (mpd) =>
    isTrue(
      media(mpd, 'image').flatMap((set) => nodes(set, 'Representation')),
      (one) => {
        const [columns, rows] = get(nodes(one, 'EssentialProperty')[0], 'value').split('x').map(Number);
        return (
          Number(get(one, 'width')) % (columns ?? 0) === 0 && Number(get(one, 'height')) % (rows ?? 0) === 0
        );
      },
    ),
  'DASH-IF: key frames alone belong to a set of pictures that is there': (mpd) =>
    isTrue(
      setsOf(mpd).flatMap((set) => trickOf(set) ?? []),
      (one) => media(mpd, 'video').some((set) => get(set, 'id') === get(one, 'value')),
    ),
  'ISO 23009-1: segments follow each other without a gap': (mpd) =>
    isTrue(
      [...media(mpd, 'video'), ...media(mpd, 'audio')].flatMap((set) => nodes(set, 'Representation')),
      (one) =>
        nodes(one, 'SegmentTemplate').length === 1 &&
        nodes(one, 'SegmentTemplate')
          .flatMap((template) => nodes(template, 'SegmentTimeline'))
          .every(({ children }) => children.every((row, at) => at === 0 || !row.attributes.has('t'))),
    ),
};

/** The names of the rules that a manifest breaks. */
export function brokenHlsRules(film: HlsPresentation): string[] {
  return Object.keys(HLS_RULES).filter((name) => !HLS_RULES[name]?.(film));
}

export function brokenDashRules(xml: string): string[] {
  const { root, faults } = readMpd(xml);
  return root ? Object.keys(DASH_RULES).filter((name) => !DASH_RULES[name]?.(root)) : faults;
}
