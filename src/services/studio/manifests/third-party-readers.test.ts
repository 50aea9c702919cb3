import assert from 'node:assert/strict';
import { test } from 'node:test';
import type HLS from 'hls-parser';
import { audioGroups } from './audio-groups.ts';
import { checkDash } from './check-dash.testing.ts';
import { checkHls } from './check-hls.testing.ts';
import type { Film } from './film.ts';
import { filmForms, NOW_MS } from './film-forms.testing.ts';
import { manifestOf, mediaFiles, playlistsOf, richFilm } from './films.testing.ts';
import {
  type ReadSegment,
  readWithHlsParser,
  readWithM3u8Parser,
  readWithMpdParser,
  segmentsOfHls,
  segmentsOfM3u8,
  segmentsOfMpd,
} from './third-party-readers.testing.ts';

type Track = Film['video'][0]['track'];

/** What a track's segments must look like to any reader. */
function segmentsOf(path: string, { init, segments, timescale }: Track): ReadSegment[] {
  return segments.map(({ name, ticks }) => ({
    ...{ uri: path + name, map: path + init, seconds: ticks / timescale },
  }));
}

function assertSame(read: readonly ReadSegment[], wanted: readonly ReadSegment[], what: string): void {
  const files = (all: readonly ReadSegment[]) => all.map(({ uri, map, range }) => ({ uri, map, range }));
  assert.deepEqual(files(read), files(wanted), what);
  // Playlists tell microseconds.
  for (const [at, { seconds }] of read.entries())
    assert.ok(Math.abs(seconds - (wanted[at]?.seconds ?? 0)) < 2e-6, `${what}: ${seconds} s`);
}

/** The media playlists of tracks by name, and what must be in each. */
function wantedOf(one: Film): Map<string, ReadSegment[]> {
  const listed = audioGroups(one.audio).flatMap(({ members }) => members);
  const keyed = one.growing
    ? []
    : one.video.filter(({ track }) => track.segments.every(({ keyBytes }) => keyBytes));
  const keys = ({ path, track }: Film['video'][0]) =>
    segmentsOf(path, track).map((part, at) => ({
      ...{ ...part, range: `${track.segments[at]?.keyBytes}@0` },
    }));
  return new Map([
    ...one.video.map(({ name, path, track }) => [`v${name}.m3u8`, segmentsOf(path, track)] as const),
    ...listed.map(({ id, path, track }) => [`${id}.m3u8`, segmentsOf(path, track)] as const),
    ...keyed.map((video) => [`k${video.name}.m3u8`, keys(video)] as const),
  ]);
}

for (const [form, one] of filmForms()) {
  test(`hls-parser and m3u8-parser read what was meant: ${form}`, () => {
    const playlists = playlistsOf(one);
    for (const [name, text] of playlists) {
      assert.deepEqual(readWithM3u8Parser(text).warnings, [], name);
      assert.equal(readWithHlsParser(text).isMasterPlaylist, name === 'master.m3u8');
    }
    for (const [name, wanted] of wantedOf(one)) {
      const text = playlists.get(name) ?? '';
      const { manifest } = readWithM3u8Parser(text);
      const read = readWithHlsParser(text) as HLS.types.MediaPlaylist;
      assertSame(segmentsOfM3u8(manifest), wanted, name);
      assertSame(segmentsOfHls(read), wanted, name);
      assert.deepEqual(
        [read.playlistType, read.endlist, manifest.playlistType, manifest.endList ?? false],
        [one.isEvent ? 'EVENT' : 'VOD', !one.growing, one.isEvent ? 'EVENT' : 'VOD', !one.growing],
        name,
      );
    }
    assertTop(one, playlists.get('master.m3u8') ?? '');
  });

  test(`mpd-parser reads what was meant: ${form}`, () => {
    const { manifest, warnings } = readWithMpdParser(manifestOf(one, 'manifest.mpd'));
    assert.deepEqual(warnings, []);
    const wanted = new Map([
      ...one.video.map(({ name, path, track }) => [name, segmentsOf(path, track)] as const),
      // mpd-parser takes the key frames alone for a rendition like others.
      ...one.video.flatMap(({ name, path, keys }) =>
        keys ? [[`${name}-keys`, segmentsOf(path, keys)] as const] : [],
      ),
      ...one.audio.map(({ id, path, track }) => [`${id}-1`, segmentsOf(path, track)] as const),
    ]);
    const sound = Object.values(manifest.mediaGroups.AUDIO).flatMap((group) => Object.values(group));
    const read = [...manifest.playlists, ...sound.flatMap(({ playlists }) => playlists)];
    for (const list of read)
      assertSame(segmentsOfMpd(list), wanted.get(list.attributes.NAME) ?? [], list.attributes.NAME);
    const found = read.map(({ attributes }) => attributes.NAME);
    for (const { name } of one.video) assert.ok(found.includes(name), name);
    assert.equal(manifest.minimumUpdatePeriod, one.growing ? 2000 : undefined);
    if (!one.growing) assert.equal(manifest.duration, one.durationS);
    // mpd-parser keys sounds by their labels, so that the same one in another codec is not seen.
    assert.equal(sound.length, new Set(one.audio.map(({ label }) => label)).size);
  });

  test(`no rule of ours is broken: ${form}`, () => {
    const life = { event: one.isEvent ?? false, grows: one.growing !== undefined };
    const growing = one.growing ? { grownS: one.durationS, nowMs: NOW_MS } : undefined;
    assert.deepEqual(checkHls(playlistsOf(one), 'master.m3u8', mediaFiles(one), life), []);
    assert.deepEqual(checkDash(manifestOf(one, 'manifest.mpd'), mediaFiles(one), growing), []);
  });
}

function assertTop(one: Film, text: string): void {
  const { manifest } = readWithM3u8Parser(text);
  const top = readWithHlsParser(text) as HLS.types.MasterPlaylist;
  const groups = audioGroups(one.audio);
  const count = one.video.length * Math.max(1, groups.length);
  const variants = top.variants.filter(({ isIFrameOnly }) => !isIFrameOnly);
  assert.deepEqual([variants.length, manifest.playlists?.length], [count, count]);
  for (const { audio, subtitles, codecs } of variants) {
    const group = groups.find(({ id }) => id === audio[0]?.groupId);
    const uris = audio.map(({ uri }) => uri);
    assert.deepEqual(uris, group?.members.map(({ id }) => `${id}.m3u8`) ?? []);
    assert.equal(subtitles.length, one.text.length);
    for (const { track } of group?.members ?? [])
      assert.ok(codecs?.split(',').includes(track.codecs), codecs);
  }
  const seen = Object.values(manifest.mediaGroups?.AUDIO ?? {}).map((group) => Object.keys(group).length);
  assert.deepEqual(
    seen,
    groups.map(({ members }) => members.length),
  );
}

/** Readers that take everything would prove nothing. */
test('these readers notice what is broken', () => {
  const rich = richFilm();
  const top = playlistsOf(rich).get('master.m3u8') ?? '';
  const list = playlistsOf(rich).get('v480p.m3u8') ?? '';
  const broken = [
    top.replace('BANDWIDTH=728599,', ''),
    top.replace('GROUP-ID="captions",', ''),
    top.replace('AUDIO="audio"', 'AUDIO="other"'),
    list.replace('#EXT-X-TARGETDURATION:4', '#EXT-X-TARGETDURATION:3'),
    list.replace(/#EXT-X-TARGETDURATION:4\n/, ''),
    list.replace('#EXT-X-VERSION:7', '#EXT-X-VERSION:7\n#EXT-X-VERSION:7'),
    list.replace('#EXTM3U\n', ''),
  ];
  for (const [at, text] of broken.entries()) {
    assert.ok(text !== top && text !== list, `change ${at}`);
    assert.throws(() => readWithHlsParser(text), { name: 'Error' }, `change ${at}`);
  }
  for (const text of [list.replace('TYPE:VOD', 'TYPE:FILM'), top.replace('TYPE=AUDIO,', '')])
    assert.notDeepEqual(readWithM3u8Parser(text).warnings, []);
  const mpd = manifestOf(rich, 'manifest.mpd');
  for (const name of ['MPD', 'Period'])
    assert.throws(() => readWithMpdParser(mpd.replace(`<${name}`, '<No').replace(`</${name}>`, '</No>')));
});
