import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XMLValidator } from 'fast-xml-parser';
import { imscDocument } from './imsc.ts';
import { readTtml } from './ttml.ts';
import { readWebVtt } from './web-vtt.ts';

const SOURCE = [
  'WEBVTT',
  '00:01.000 --> 00:03.000 line:0\n<i>Up & <b>away</b></i>',
  '00:50.000 --> 01:10.000 align:start\n<c.yellow>over</c>\nthe <v Ann>seam &lt;3&nbsp;x</v>',
  '02:00.000 --> 02:01.000\nlater',
].join('\n\n');

test('a document has the cues of its time, cut to it, and reads back as what was written', () => {
  const { cues } = readWebVtt(SOURCE);
  const [first, second] = [imscDocument(cues, 'de', 0, 60_000), imscDocument(cues, 'de', 60_000, 120_000)];
  for (const text of [first, second, imscDocument([], 'und', 0, 1000)])
    assert.equal(XMLValidator.validate(text), true, text);
  const read = (text: string) =>
    readTtml(text).cues.map(({ fromMs, toMs, settings, lines }) => [fromMs, toMs, settings, lines.join('|')]);
  assert.deepEqual(read(first), [
    [1000, 3000, ' line:0', '<i>Up &amp; <b>away</b></i>'],
    [50_000, 60_000, ' align:start', '<c.yellow>over</c>|the seam &lt;3\u00a0x'],
  ]);
  assert.deepEqual(read(second), [
    [60_000, 70_000, ' align:start', '<c.yellow>over</c>|the seam &lt;3\u00a0x'],
  ]);
  assert.equal(readTtml(first).language, 'de');
  assert.match(first, /ttp:profile="http:\/\/www.w3.org\/ns\/ttml\/profile\/imsc1\/text"/);
});
