import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutWebVtt } from './web-vtt.ts';

const SOURCE =
  'WEBVTT\n\n00:01.000 --> 00:02.500\nOne\n\n00:05.000 --> 00:08.000 align:start\n<i>Two</i>\nlines\n\n1:00:00.000 --> 1:00:01.000\nLate\n';

test('cues are moved to the title time line and cut at its end', () => {
  const { text, cues } = cutWebVtt(SOURCE, 1.5, 5);
  assert.equal(cues, 2);
  assert.equal(
    text,
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne\n\n00:00:03.500 --> 00:00:05.000 align:start\n<i>Two</i>\nlines\n',
  );
});

test('empty cues and cues outside the film are left out', () => {
  assert.equal(
    cutWebVtt('WEBVTT\n\n00:01.000 --> 00:02.000\n\n\n00:09.000 --> 00:10.000\nx\n', 0, 5).cues,
    0,
  );
});

test('cues come out in order of time', () => {
  const { text } = cutWebVtt('WEBVTT\n\n00:03.000 --> 00:04.000\nb\n\n00:01.000 --> 00:02.000\na\n', 0, 5);
  assert.ok(text.indexOf('\na\n') < text.indexOf('\nb\n'));
});
