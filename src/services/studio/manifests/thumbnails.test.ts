import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, film, manifestOf, SHEETS } from './films.testing.ts';
import { composeManifests } from './manifests.ts';
import { sheetTimes } from './thumbnails.ts';

test('every picture has a cue with its place in its sheet', () => {
  const path = '../images 1/2/';
  assert.equal(
    manifestOf(film({ durationS: 9.5, thumbnails: { path, sheets: SHEETS } }), 'thumbnails.vtt'),
    `WEBVTT

00:00:00.000 --> 00:00:02.000
../images%201/2/sheet-00001.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
../images%201/2/sheet-00001.jpg#xywh=160,0,160,90

00:00:04.000 --> 00:00:06.000
../images%201/2/sheet-00001.jpg#xywh=0,90,160,90

00:00:06.000 --> 00:00:08.000
../images%201/2/sheet-00001.jpg#xywh=160,90,160,90

00:00:08.000 --> 00:00:09.500
../images%201/2/sheet-00002.jpg#xywh=0,0,160,90
`,
  );
});

test('pictures go along the rows of a sheet that is not square', () => {
  const sheets = { ...SHEETS, columns: 3, rows: 2, count: 8 };
  const cues = manifestOf(film({ durationS: 16, thumbnails: { path: '', sheets } }), 'thumbnails.vtt');
  assert.deepEqual(
    [...cues.matchAll(/sheet-0000(\d).jpg#xywh=(\d+),(\d+),160,90/g)].map(([, ...place]) => place.join()),
    ['1,0,0', '1,160,0', '1,320,0', '1,0,90', '1,160,90', '1,320,90', '2,0,0', '2,160,0'],
  );
});

test('hours are told, and no cue is empty or beyond the end', () => {
  const sheets = {
    ...SHEETS,
    columns: 1,
    rows: 1,
    everyS: 3600,
    count: 3,
    files: ['1.jpg', '2.jpg', '3.jpg'],
  };
  const cues = (durationS: number) =>
    manifestOf(film({ durationS, thumbnails: { path: '', sheets } }), 'thumbnails.vtt')
      .split('\n')
      .filter((line) => line.includes('-->'));
  assert.deepEqual(cues(7200.0004), ['00:00:00.000 --> 01:00:00.000', '01:00:00.000 --> 02:00:00.000']);
  assert.equal(cues(7200.001).at(-1), '02:00:00.000 --> 02:00:00.001');
});

test('sheets beyond the end of a film that came out shorter are left out', () => {
  const times = sheetTimes(SHEETS, 8);
  assert.deepEqual(times, [{ file: 'sheet-00001.jpg', fromS: 0, toS: 8 }]);
});

test('a film without thumbnails has no file of them', () => {
  const { thumbnails, files } = composeManifests(film());
  assert.equal(thumbnails, null);
  assert.deepEqual(
    files.map(({ name, contentType }) => [name, contentType]),
    [
      ['master.m3u8', 'application/vnd.apple.mpegurl'],
      ['v360p.m3u8', 'application/vnd.apple.mpegurl'],
      ['manifest.mpd', 'application/dash+xml'],
    ],
  );
});

test('tracks that would overwrite the files of others are a fault of the program', () => {
  assert.throws(() => composeManifests(film({ audio: [audio('master')] })), /distinct ids/);
});
