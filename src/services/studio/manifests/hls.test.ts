import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, film, manifestOf, playlistsOf, richFilm, text, track, video } from './films.testing.ts';

const linesOf = (text: string, start: string) => text.split('\n').filter((line) => line.startsWith(start));

test('a film of pictures alone has two playlists and no groups', () => {
  assert.deepEqual(
    [...playlistsOf(film())],
    [
      [
        'master.m3u8',
        `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=200000,AVERAGE-BANDWIDTH=144000,CODECS="avc1.64001e",RESOLUTION=640x360,FRAME-RATE=24.000,VIDEO-RANGE=SDR,CLOSED-CAPTIONS=NONE
v360p.m3u8
`,
      ],
      [
        'v360p.m3u8',
        `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="../360p/1/init.mp4"
#EXTINF:4.000000,
../360p/1/00001.m4s
#EXTINF:4.000000,
../360p/1/00002.m4s
#EXTINF:2.000000,
../360p/1/00003.m4s
#EXT-X-ENDLIST
`,
      ],
    ],
  );
});

test('renditions, languages, roles and thumbnails are told, the moderate picture first', () => {
  const speech =
    'CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound"';
  const beside = 'FRAME-RATE=24.000,VIDEO-RANGE=SDR,AUDIO="audio",SUBTITLES="captions",CLOSED-CAPTIONS=NONE';
  assert.equal(
    manifestOf(richFilm(), 'master.m3u8'),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="a1.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Deutsch ”Kino”",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="a2.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English described",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.describes-video",CHANNELS="2",URI="a3.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI="t4.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="English 2",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,${speech},URI="t5.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="日本語 <字幕> & ”引用”",LANGUAGE="ja",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="t6.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="t7",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,URI="t7.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=728599,AVERAGE-BANDWIDTH=560188,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=854x480,${beside}
v480p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=328599,AVERAGE-BANDWIDTH=272188,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=426x240,${beside}
v240p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1928599,AVERAGE-BANDWIDTH=1424188,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=1280x720,${beside}
v720p.m3u8
#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=43200,RESOLUTION=160x90,CODECS="jpeg",URI="images.m3u8"
`,
  );
});

test('captions are one segment, sheets of thumbnails are as long as what they show', () => {
  assert.equal(
    manifestOf(richFilm(), 't4.m3u8'),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:10
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXTINF:10.000000,
../t4/1/text.vtt
#EXT-X-ENDLIST
`,
  );
  assert.equal(
    manifestOf(richFilm(), 'images.m3u8'),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:8
#EXT-X-MEDIA-SEQUENCE:1
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-IMAGES-ONLY
#EXTINF:8.000000,
#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=2x2,DURATION=2
../images/1/sheet-00001.jpg
#EXTINF:2.000000,
#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=2x2,DURATION=2
../images/1/sheet-00002.jpg
#EXT-X-ENDLIST
`,
  );
});

test('pictures and sound share one target duration, whichever is longer', () => {
  const pictures = { ...video(360), track: track('video', 24_000, [[107_000, 9_000]]) };
  const sound = { ...audio('a1'), track: track('audio', 48_000, [[217_000, 9_000]]) };
  const playlists = playlistsOf(film({ video: [pictures], audio: [sound] }));
  assert.deepEqual(linesOf(playlists.get('v360p.m3u8') ?? '', '#EXT-X-TARGET'), ['#EXT-X-TARGETDURATION:5']);
  assert.deepEqual(linesOf(playlists.get('a1.m3u8') ?? '', '#EXT-X-TARGET'), ['#EXT-X-TARGETDURATION:5']);
});

test('lengths are rounded so that their errors do not add up', () => {
  const thirds = Array.from({ length: 3000 }, () => [10, 100] as const);
  const pictures = { ...video(360), track: track('video', 3, thirds) };
  const lengths = linesOf(manifestOf(film({ video: [pictures] }), 'v360p.m3u8'), '#EXTINF').map((line) =>
    Number.parseFloat(line.slice('#EXTINF:'.length)),
  );
  assert.deepEqual(lengths.slice(0, 3), [3.333333, 3.333334, 3.333333]);
  const sum = lengths.reduce((micros, one) => micros + Math.round(one * 1_000_000), 0);
  assert.equal(sum, 10_000_000_000);
});

test('the first variant is the largest moderate one, or the smallest of all', () => {
  const order = (lines: number[]) =>
    linesOf(manifestOf(film({ video: lines.map((one) => video(one)) }), 'master.m3u8'), 'v');
  assert.deepEqual(order([240, 360, 720]), ['v360p.m3u8', 'v240p.m3u8', 'v720p.m3u8']);
  assert.deepEqual(order([720, 1080]), ['v720p.m3u8', 'v1080p.m3u8']);
});

test('a group has one default, and of tracks that a player cannot tell apart it chooses one', () => {
  const master = manifestOf(
    film({
      audio: [
        audio('a1', { label: 'Commentary' }),
        audio('a2', { label: 'English', default: true }),
        audio('a3', { label: 'English', default: true }),
        audio('a4', { language: 'und', label: 'Music' }),
      ],
      text: [text('t1'), text('t2')],
    }),
    'master.m3u8',
  );
  const shown = linesOf(master, '#EXT-X-MEDIA').map((line) =>
    ['NAME', 'DEFAULT', 'AUTOSELECT'].map((name) => new RegExp(`${name}="?([^",]*)`).exec(line)?.[1]).join(),
  );
  assert.deepEqual(shown, [
    'Commentary,NO,NO',
    'English,YES,YES',
    'English 2,NO,NO',
    'Music,NO,YES',
    'English,NO,YES',
    'English 2,NO,NO',
  ]);
  assert.ok(!master.includes('und'));
});

test('names are unique after what quoted strings cannot hold was replaced', () => {
  const labels = ['A "b"', 'A ”b”', 'A\n"b"', '', '{$a}'];
  const sounds = labels.map((label, at) => audio(`a${at}`, { label }));
  const master = manifestOf(film({ audio: sounds }), 'master.m3u8');
  const names = linesOf(master, '#EXT-X-MEDIA').map((line) => /NAME="([^"]*)"/.exec(line)?.[1]);
  assert.deepEqual(names, ['A ”b”', 'A ”b” 2', 'A ”b” 3', 'a3', '{ $a}']);
});

test('names of files are encoded for addresses', () => {
  const pictures = { ...video(360), name: '360p café', path: '../a "b"/#1/' };
  const playlists = playlistsOf(film({ video: [pictures] }));
  assert.ok(playlists.get('master.m3u8')?.includes('\nv360p%20caf%C3%A9.m3u8\n'));
  assert.ok(playlists.get('v360p café.m3u8')?.includes('\n../a%20%22b%22/%231/00001.m4s\n'));
});
