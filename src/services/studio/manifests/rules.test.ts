import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackagedTrack } from '../../../contracts/tasks.ts';
import { checkDash } from './check-dash.testing.ts';
import { checkHls } from './check-hls.testing.ts';
import type { Film } from './film.ts';
import { audio, film, manifestOf, mediaFiles, playlistsOf, richFilm, text, track } from './films.testing.ts';

/** Numbers below `n` that look random and are the same in every run (xorshift32). */
function createDice(seed: number): (n: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

/** A film as the encoder could package it: any rate, any length, wild sizes and labels. */
function wildFilm(seed: number): Film {
  const dice = createDice(seed);
  const [num = 24, den = 1] =
    [
      [24, 1],
      [30_000, 1001],
      [24_000, 1001],
      [10, 1],
      [60, 1],
      [25, 1],
    ][dice(6)] ?? [];
  const [timescale, frameTicks] = [num * 1000, den * 1000];
  const perSegment = Math.max(1, Math.round((num / den) * (1 + dice(6))));
  const frames = 1 + dice(perSegment * (1 + dice(40)));
  const durationS = (frames * frameTicks) / timescale;
  const cut = (total: number, step: number) =>
    Array.from({ length: Math.ceil(total / step) }, (_, at) => Math.min(step, total - at * step));
  const pictures = cut(frames, perSegment).map((count) => count * frameTicks);
  const packets = Math.max(1, Math.ceil((durationS * 48_000) / 1024));
  const sound = cut(packets, Math.max(1, Math.round(((perSegment * den) / num / 1024) * 48_000)));
  const sizes = (ticks: number[], scale: number) =>
    ticks.map((one) => [one, 1 + dice(Math.max(1, Math.ceil(one * scale)))] as const);
  const label = () =>
    ['English', 'A "b"', '\n', 'Ελληνικά', 'A\u0007B', '<&>', '한국어', '{$x}'][dice(8)] ?? '';
  const language = () => ['en', 'und', 'de', 'zh-Hant', '??'][dice(5)] ?? '';
  const flag = () => dice(3) === 0;
  const tiles = { columns: 1 + dice(5), rows: 1 + dice(5), width: 160, height: 90, everyS: 2 };
  const count = Math.ceil(durationS / 2);
  const sheets = Math.ceil(count / (tiles.columns * tiles.rows));
  const files = Array.from({ length: sheets }, (_, at) => `sheet-${String(at + 1).padStart(5, '0')}.jpg`);
  return {
    durationS,
    video: Array.from({ length: 1 + dice(4) }, (_, at) => ({
      name: `${at}p`,
      path: `../${at}p/1/`,
      track: track('video', timescale, sizes(pictures, at + 0.1), {
        ...{ width: 160 * (at + 1), height: 90 * (at + 1), frameRate: { num, den } },
      }),
    })),
    audio: Array.from({ length: dice(4) }, (_, at) => ({
      ...audio(`a${at}`, { label: label(), language: language(), default: flag(), audioDescription: flag() }),
      track: track(
        'audio',
        48_000,
        sizes(
          sound.map((one) => one * 1024),
          0.3,
        ),
      ),
    })),
    text: Array.from({ length: dice(4) }, (_, at) =>
      text(`t${at}`, {
        ...{ label: label(), language: language(), default: flag(), forced: flag(), hearingImpaired: flag() },
      }),
    ),
    thumbnails: dice(2) === 0 ? null : { path: '../images/1/', sheets: { ...tiles, count, files } },
  };
}

const hlsFaults = (film: Film, playlists = playlistsOf(film)) =>
  checkHls(playlists, 'master.m3u8', mediaFiles(film));

test('manifests of films of every kind keep the rules of HLS and DASH', () => {
  for (const one of [film(), richFilm()]) {
    assert.deepEqual(hlsFaults(one), []);
    assert.deepEqual(checkDash(manifestOf(one, 'manifest.mpd'), mediaFiles(one)), []);
  }
  for (let seed = 1; seed <= 300; seed++) {
    const wild = wildFilm(seed);
    assert.deepEqual(hlsFaults(wild), [], `HLS of seed ${seed}`);
    assert.deepEqual(
      checkDash(manifestOf(wild, 'manifest.mpd'), mediaFiles(wild)),
      [],
      `DASH of seed ${seed}`,
    );
  }
});

test('encrypted tracks name their scheme and key, and keep the rules', () => {
  const [low, high, sound] = ['a', 'b', 'c'].map((digit) => digit.repeat(32)) as [string, string, string];
  const lock = <T extends { track: PackagedTrack }>(one: T, keyId: string): T => ({
    ...one,
    track: { ...one.track, protection: { scheme: 'cbcs', keyId } },
  });
  const { video: pictures, audio: sounds, ...rest } = richFilm();
  const locked: Film = {
    ...rest,
    video: pictures.map((one, at) => lock(one, at === 0 ? low : high)),
    audio: sounds.map((one) => lock(one, sound)),
  };
  assert.deepEqual(hlsFaults(locked), []);
  const mpd = manifestOf(locked, 'manifest.mpd');
  assert.deepEqual(checkDash(mpd, mediaFiles(locked)), []);
  const named = [...mpd.matchAll(/value="cbcs" cenc:default_KID="([^"]+)"/g)].map(([, id]) => id);
  const dashed = (digit: string) => [8, 4, 4, 4, 12].map((count) => digit.repeat(count)).join('-');
  assert.deepEqual(named, ['a', 'b', 'b', 'c', 'c', 'c'].map(dashed));
  const lists = playlistsOf(locked);
  const keysOf = (name: string) => [...(lists.get(name) ?? '').matchAll(/^#EXT-X-(?:SESSION-)?KEY:.*$/gm)];
  assert.equal(keysOf('master.m3u8').length, 3, 'each key once');
  const key = `#EXT-X-KEY:METHOD=SAMPLE-AES,URI="keys/${high}",KEYFORMAT="identity"`;
  assert.deepEqual(keysOf('v480p.m3u8').map(String), [key]);
  assert.equal(manifestOf(richFilm(), 'manifest.mpd').includes('cenc'), false);
});

test('segments, maps and sums are those of the tracks', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const wild = wildFilm(seed);
    for (const { name, track } of wild.video) {
      const list = playlistsOf(wild).get(`v${name}.m3u8`) ?? '';
      const lengths = [...list.matchAll(/^#EXTINF:([\d.]+),$/gm)].map((found) => Number(found[1]));
      const sum = lengths.reduce((total, one) => total + one, 0);
      const ticks = track.segments.reduce((total, one) => total + one.ticks, 0);
      assert.equal(lengths.length, track.segments.length);
      assert.ok(Math.abs(sum - ticks / track.timescale) < 1e-5, `seed ${seed}: ${sum}`);
    }
  }
});

const HLS_BREAKS: Array<[what: string, file: string, from: RegExp, to: string]> = [
  ['no first line', 'master.m3u8', /^#EXTM3U\n/, ''],
  ['a carriage return', 'master.m3u8', /\n/, '\r\n'],
  ['a quote in a name', 'master.m3u8', /NAME="English"/, 'NAME="Eng"lish"'],
  ['a variable', 'master.m3u8', /NAME="English"/, 'NAME="{$$x}"'],
  ['names twice', 'master.m3u8', /NAME="English 2"/, 'NAME="English"'],
  ['a default that is not chosen', 'master.m3u8', /DEFAULT=YES,AUTOSELECT=YES/, 'DEFAULT=YES,AUTOSELECT=NO'],
  ['two defaults', 'master.m3u8', /DEFAULT=NO/, 'DEFAULT=YES'],
  ['an undefined language', 'master.m3u8', /LANGUAGE="de"/, 'LANGUAGE=""'],
  ['forced sound', 'master.m3u8', /CHANNELS="2"/, 'FORCED=YES,CHANNELS="2"'],
  ['a missing group', 'master.m3u8', /AUDIO="audio"/, 'AUDIO="other"'],
  ['a group left out', 'master.m3u8', /,SUBTITLES="captions"/, ''],
  ['a low bandwidth', 'master.m3u8', /BANDWIDTH=728599/, 'BANDWIDTH=628599'],
  ['a high bandwidth', 'master.m3u8', /BANDWIDTH=728599/, 'BANDWIDTH=928599'],
  ['a wrong mean', 'master.m3u8', /AVERAGE-BANDWIDTH=560188/, 'AVERAGE-BANDWIDTH=360188'],
  ['captions in the pictures', 'master.m3u8', /,CLOSED-CAPTIONS=NONE/, ''],
  ['a missing playlist', 'master.m3u8', /v480p/, 'v481p'],
  ['no codecs', 'master.m3u8', /CODECS="avc1[^"]*",/, ''],
  ['a variant without address', 'master.m3u8', /v720p.m3u8\n/, ''],
  ['a longer segment', 'v480p.m3u8', /4\.000000/, '4.500000'],
  ['another target', 'a1.m3u8', /TARGETDURATION:4/, 'TARGETDURATION:5'],
  ['no end', 'v480p.m3u8', /#EXT-X-ENDLIST\n/, ''],
  ['no type', 'v480p.m3u8', /#EXT-X-PLAYLIST-TYPE:VOD\n/, ''],
  ['a missing file', 'v480p.m3u8', /00002/, '00009'],
  ['a missing map', 'v480p.m3u8', /init/, 'unit'],
  ['a lost segment', 'v480p.m3u8', /#EXTINF.*\n.*00003.m4s\n/, ''],
  ['an unencoded address', 't4.m3u8', /text\.vtt/, 'te xt.vtt'],
  ['lost tiles', 'images.m3u8', /#EXT-X-TILES.*\n/, ''],
  ['a letter of two parts', 'master.m3u8', /Deutsch/, 'Deu\u0308tsch'],
];

test('the check of playlists finds every broken one', () => {
  const rich = richFilm();
  for (const [what, file, from, to] of HLS_BREAKS) {
    const playlists = playlistsOf(rich);
    const before = playlists.get(file) ?? '';
    const after = before.replace(from, to);
    assert.notEqual(after, before, what);
    assert.notDeepEqual(hlsFaults(rich, playlists.set(file, after)), [], what);
  }
  assert.notDeepEqual(
    hlsFaults(rich, playlistsOf(rich).set('more.m3u8', '#EXTM3U\n')),
    [],
    'a stray playlist',
  );
});

const DASH_BREAKS: Array<[what: string, from: RegExp, to: string]> = [
  ['broken XML', /<\/Period>/, '</Perio>'],
  ['a set with a name for its id', /AdaptationSet id="1"/, 'AdaptationSet id="video"'],
  ['sets with one id', /AdaptationSet id="2"/, 'AdaptationSet id="1"'],
  ['representations with one id', /id="480p"/, 'id="240p"'],
  ['a space in an id', /id="480p"/, 'id="480 p"'],
  ['elements in disorder', /(<Label>.*\n)\s*(<Role.*\n)/, '$2$1'],
  ['no length', / mediaPresentationDuration="[^"]*"/, ''],
  ['a length that is no duration', /"PT10S"/, '"10"'],
  ['another length', /"PT10S"/, '"PT12S"'],
  ['an unknown role', /value="alternate"/, 'value="other"'],
  ['an undefined language', /lang="de"/, 'lang=""'],
  ['no codecs', / codecs="avc1[^"]*"/, ''],
  ['no channels', /<AudioChannelConfiguration.*\n/, ''],
  ['a low bandwidth', /bandwidth="600000"/, 'bandwidth="500000"'],
  ['a small buffer', /minBufferTime="PT4.011S"/, 'minBufferTime="PT1S"'],
  ['a late start', /t="0" d="96000"/, 't="500" d="96000"'],
  ['segments that do not fit', /<S d="48000"\/>/, '<S d="49000"/>'],
  ['an empty segment', /<S d="48000"\/>/, '<S d="0"/>'],
  ['one segment too many', /r="1"/, 'r="2"'],
  ['one segment too few', /<S d="96256"\/>/, ''],
  ['a missing file', /480p\/1\/init/, '480p/1/unit'],
  ['a missing text', /text\.vtt/, 'next.vtt'],
  ['a sheet too many', /duration="8000"/, 'duration="4000"'],
  ['a sheet without tiles', /<EssentialProperty.*\n/, ''],
  ['a wrong type', /text\/vtt/, 'text/plain'],
];

test('the check of MPDs finds every broken one', () => {
  const rich = richFilm();
  const before = manifestOf(rich, 'manifest.mpd');
  for (const [what, from, to] of DASH_BREAKS) {
    const after = before.replace(from, to);
    assert.notEqual(after, before, what);
    assert.notDeepEqual(checkDash(after, mediaFiles(rich)), [], what);
  }
});
