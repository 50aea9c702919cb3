import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDash } from './check-dash.testing.ts';
import { checkHls } from './check-hls.testing.ts';
import { film, manifestOf, manyCodecs, mediaFiles, playlistsOf } from './films.testing.ts';

const tags = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(`#${name}:`));

test('every codec of sound is a group, and every picture a variant with each of them', () => {
  const top = manifestOf(manyCodecs(), 'master.m3u8');
  const variants = tags(top, 'EXT-X-STREAM-INF').map((line) =>
    [/CODECS="([^"]+)"/, /VIDEO-RANGE=(\w+)/, /AUDIO="([^"]+)"/].map((form) => form.exec(line)?.[1]),
  );
  assert.equal(variants.length, 9);
  // What everybody plays stands first.
  assert.deepEqual(variants[0]?.slice(1), ['SDR', 'audio-mp4a-40']);
  assert.deepEqual(variants.at(-1), ['av01.0.08M.10.0.110.09.16.09.0,opus', 'PQ', 'audio-opus']);
  const groups = tags(top, 'EXT-X-MEDIA').map((line) =>
    [/GROUP-ID="([^"]+)"/, /NAME="([^"]+)"/, /AUTOSELECT=(\w+)/, /CHANNELS="(\d)"/].map(
      (form) => form.exec(line)?.[1],
    ),
  );
  assert.deepEqual(groups, [
    ['audio-mp4a-40', 'English', 'YES', '2'],
    ['audio-mp4a-40', 'English (commentary)', 'NO', '2'],
    ['audio-ec-3', 'English', 'YES', '6'],
    ['audio-ec-3', 'English (commentary)', 'NO', '2'],
    ['audio-opus', 'English', 'YES', '2'],
    ['audio-opus', 'English (commentary)', 'NO', '2'],
  ]);
  assert.equal(tags(top, 'EXT-X-MEDIA').filter((line) => line.includes('DEFAULT=YES')).length, 3);
  assert.deepEqual(checkHls(playlistsOf(manyCodecs()), 'master.m3u8', mediaFiles(manyCodecs())), []);
});

test('DASH has a set for each codec and range of pictures, and the same sound is main in every codec', () => {
  const mpd = manifestOf(manyCodecs(), 'manifest.mpd');
  assert.equal(mpd.match(/contentType="video"/g)?.length, 3);
  assert.equal(mpd.match(/cicp:TransferCharacteristics" value="16"/g)?.length, 1);
  const roles = [...mpd.matchAll(/contentType="audio"(?:.|\n)*?<Role [^>]*value="(\w+)"/g)].map(
    ([, role]) => role,
  );
  assert.deepEqual(roles, ['main', 'main', 'commentary', 'main', 'commentary', 'commentary']);
  assert.deepEqual(checkDash(mpd, mediaFiles(manyCodecs())), []);
});

test('a codec that has not all tracks yet has no group, so that all groups have the same members', () => {
  const whole = manyCodecs();
  const some = { ...whole, audio: whole.audio.filter(({ id }) => id !== 'a5') };
  const top = manifestOf(some, 'master.m3u8');
  assert.deepEqual(
    [...new Set(tags(top, 'EXT-X-MEDIA').map((line) => /GROUP-ID="([^"]+)"/.exec(line)?.[1]))],
    ['audio-mp4a-40', 'audio-opus'],
  );
  assert.deepEqual(checkHls(playlistsOf(some), 'master.m3u8', mediaFiles(some)), []);
});

test('a list of key frames names the opening bytes of every segment and promises their rate', () => {
  const keyed = film();
  for (const { track } of keyed.video) for (const one of track.segments) one.keyBytes = one.bytes / 10;
  const lists = playlistsOf(keyed);
  assert.match(lists.get('k360p.m3u8') ?? '', /#EXT-X-I-FRAMES-ONLY\n/);
  assert.deepEqual(tags(lists.get('k360p.m3u8') ?? '', 'EXT-X-BYTERANGE'), [
    ...['#EXT-X-BYTERANGE:10000@0', '#EXT-X-BYTERANGE:5000@0', '#EXT-X-BYTERANGE:3000@0'],
  ]);
  const [line] = tags(lists.get('master.m3u8') ?? '', 'EXT-X-I-FRAME-STREAM-INF');
  assert.match(line ?? '', /^#[\w-]+:BANDWIDTH=20000,AVERAGE-BANDWIDTH=14400,CODECS="avc1.64001e",/);
  assert.deepEqual(checkHls(lists, 'master.m3u8', mediaFiles(keyed)), []);
  const wrong = new Map([
    ...lists,
    ['k360p.m3u8', (lists.get('k360p.m3u8') ?? '').replace('10000@0', '100001@0')],
  ]);
  assert.notDeepEqual(checkHls(wrong, 'master.m3u8', mediaFiles(keyed)), []);
});

test('a film whose older tracks do not tell of key frames has no list of them', () => {
  assert.equal(playlistsOf(film()).has('k360p.m3u8'), false);
});

test('chapters are told to both kinds of players, cut to the film', () => {
  const told = film({
    chapters: [
      { startS: 0, endS: 4, title: 'One <i> & "two"' },
      { startS: 4, endS: 60, title: ' ' },
      { startS: 60, endS: 70, title: 'behind the end' },
    ],
  });
  assert.deepEqual(tags(manifestOf(told, 'master.m3u8'), 'EXT-X-SESSION-DATA'), [
    '#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="chapters.json"',
  ]);
  assert.deepEqual(JSON.parse(manifestOf(told, 'chapters.json')), [
    { chapter: 1, 'start-time': 0, duration: 4, titles: [{ language: 'und', title: 'One <i> & "two"' }] },
    { chapter: 2, 'start-time': 4, duration: 6, titles: [{ language: 'und', title: 'Chapter 2' }] },
  ]);
  assert.equal(
    manifestOf(told, 'chapters.vtt'),
    'WEBVTT\n\n00:00:00.000 --> 00:00:04.000\nOne &lt;i&gt; &amp; "two"\n\n00:00:04.000 --> 00:00:10.000\nChapter 2\n',
  );
  assert.deepEqual(checkHls(playlistsOf(told), 'master.m3u8', mediaFiles(told)), []);
});
