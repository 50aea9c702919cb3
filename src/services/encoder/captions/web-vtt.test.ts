import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutCues } from './cues.ts';
import { readWebVtt, writeWebVtt } from './web-vtt.ts';

const SOURCE =
  'WEBVTT\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.500\nOne\n\n00:05.000 --> 00:08.000 align:start onclick:x\n<i>Two</i>\nlines\n\n1:00:00.000 --> 1:00:01.000\nLate\n';

test('cues are moved to the title time line and cut at its end', () => {
  const cues = cutCues(readWebVtt(SOURCE).cues, 1.5, 5);
  assert.equal(cues.length, 2);
  assert.equal(
    writeWebVtt(cues),
    'WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nOne\n\n00:00:03.500 --> 00:00:05.000 align:start\n<i>Two</i>\nlines\n',
  );
});

test('empty cues and cues outside the film are left out', () => {
  const { cues, dropped } = readWebVtt('WEBVTT\n\n00:01.000 --> 00:02.000\n\n\n00:09.000 --> 00:10.000\nx\n');
  assert.deepEqual([cutCues(cues, 0, 5).length, dropped], [0, 1]);
});

test('cues come out in order of time', () => {
  const { cues } = readWebVtt('WEBVTT\n\n00:03.000 --> 00:04.000\nb\n\n00:01.000 --> 00:02.000\na\n');
  assert.deepEqual(
    cutCues(cues, 0, 5).map(({ lines }) => lines[0]),
    ['a', 'b'],
  );
});

test('mark-up that is no WebVTT is text, and what was left open is closed', () => {
  const read = (text: string) => readWebVtt(`WEBVTT\n\n00:01.000 --> 00:02.000\n${text}\n`).cues[0]?.lines;
  assert.deepEqual(read('<v Ann><i>Fish & chips < 3 <b>'), [
    '<v Ann><i>Fish &amp; chips &lt; 3 <b></b></i></v>',
  ]);
  assert.deepEqual(read('<script>x</script> &nbsp;<c.yellow.bg_red>y</c></i>'), [
    'x &nbsp;<c.yellow.bg_red>y</c>',
  ]);
});
