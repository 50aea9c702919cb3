import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MUTATION_NAMES, mutate, seededRandom } from '../mutations.testing.ts';
import { TaskFailure } from '../task-failure.ts';
import { readSidecar, SIDECAR_BYTES_MAX } from './read-sidecar.ts';

const SRT =
  '1\r\n00:00:01,000 --> 00:00:02,500\r\nÇa va, “été” ?\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nZwei\r\n';
const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};
const read = (bytes: Buffer | string, of: { language?: string; format?: 'srt' | 'xml' } = {}) =>
  readSidecar(Buffer.from(bytes as Buffer), { language: 'und', format: 'srt', ...of });
const texts = (bytes: Buffer | string, language = 'und') =>
  read(bytes, { language }).cues.map(({ lines }) => lines.join('|'));

test('SubRip is read in every code that files are found in', () => {
  const expected = ['Ça va, “été” ?', 'Zwei'];
  assert.deepEqual(texts(SRT), expected);
  assert.deepEqual(texts(`\ufeff${SRT}`), expected);
  assert.deepEqual(texts(utf16(`\ufeff${SRT}`)), expected);
  assert.deepEqual(texts(utf16(`\ufeff${SRT}`, true)), expected);
  assert.deepEqual(texts(utf16(SRT)), expected);
  assert.deepEqual(texts(utf16(SRT, true)), expected);
  const western = SRT.replaceAll('“', '\x93').replaceAll('”', '\x94');
  assert.deepEqual(texts(Buffer.from(western, 'latin1')), expected);
  const russian = Buffer.concat([
    Buffer.from('1\n00:00:01,000 --> 00:00:02,000\n'),
    Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2]),
  ]);
  assert.deepEqual(texts(russian, 'ru'), ['Привет']);
});

test('SubRip with bad cues keeps the good ones, and tells how many are lost', () => {
  const { cues, dropped } = read(
    [
      'rubbish before the first cue',
      '00:01,5 --> 00:02',
      'no number, short times',
      '7',
      '0:00:03.000 -> 0:00:04.000  X1:0 Y1:0',
      '{\\an8}{\\i1}top{\\i0} <font color="#FFFF00">yellow</font> <font face="Arial">plain</font> <b>a < b',
      '',
      '8',
      '00:00:09,000 --> 00:00:08,000',
      'ends before it begins',
      '',
      '9',
      '00:00:10,000 --> 00:00:11,000',
      '',
    ].join('\n'),
  );
  assert.equal(dropped, 2);
  assert.deepEqual(cues, [
    { fromMs: 1500, toMs: 2000, settings: '', lines: ['no number, short times'] },
    {
      ...{ fromMs: 3000, toMs: 4000, settings: ' line:0' },
      lines: ['<i>top</i> <c.yellow>yellow</c> plain <b>a &lt; b</b>'],
    },
  ]);
});

const TTML = `<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"
    xml:lang="fr" ttp:frameRate="25">
 <head><styling><style xml:id="i" tts:fontStyle="italic"/></styling>
 <layout><region xml:id="top" tts:origin="10% 5%" tts:extent="80% 20%" tts:displayAlign="before"/></layout></head>
 <body><div begin="10s">
  <p begin="00:00:01:05" end="00:00:02.500">Bonjour<br/>  <span style="i">le monde</span> &amp; co</p>
  <p begin="3s" dur="500ms" region="top"><span tts:color="#ffff00">Haut</span> &lt;3</p>
  <p><span begin="5s" end="6s">un</span><span begin="6s" end="7s">deux</span></p>
  <p begin="9s" end="8s">jamais</p>
 </div></body></tt>`;

test('TTML is read with its times, lines, styles and places', () => {
  const { cues, dropped, language } = read(TTML);
  assert.deepEqual([language, dropped], ['fr', 1]);
  assert.deepEqual(
    cues.map(({ fromMs, toMs, settings, lines }) => [fromMs, toMs, settings, lines.join('|')]),
    [
      [11_200, 12_500, '', 'Bonjour|<i>le monde</i> &amp; co'],
      [13_000, 13_500, ' line:0', '<c.yellow>Haut</c> &lt;3'],
      [15_000, 16_000, '', 'un'],
      [16_000, 17_000, '', 'deux'],
    ],
  );
});

test('what cannot be captions is refused with a sentence, at once', () => {
  const refusal = (bytes: Buffer | string) => {
    try {
      read(bytes);
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };
  assert.match(refusal('Just a text.\n') ?? '', /no captions/);
  assert.match(refusal(Buffer.from([0x1a, 0x45, 0xdf, 0xa3, 0, 1, 2, 3, 0, 0])) ?? '', /no text|no captions/);
  assert.match(refusal(Buffer.alloc(SIDECAR_BYTES_MAX + 1, ' ')) ?? '', /too large/);
  const entity = '<!DOCTYPE tt [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>';
  assert.match(refusal(TTML.replace('?>\n', `?>\n${entity}`)) ?? '', /document type/);
  assert.match(refusal(TTML.replace('</body>', '')) ?? '', /well-formed/);
  assert.match(refusal(`<tt>${'<div>'.repeat(200)}${'</div>'.repeat(200)}</tt>`) ?? '', /nested|no captions/);
});

test('XML that is about something else is no mistake', () => {
  assert.deepEqual(read('<movie><title>x</title></movie>', { format: 'xml' }).cues, []);
});

test('damaged files are read or refused, and nothing else happens', () => {
  const random = seededRandom(7);
  const vtt = `WEBVTT\n\n${SRT.replaceAll(',', '.')}`;
  const sources = [Buffer.from(SRT), utf16(SRT), Buffer.from(TTML), Buffer.from(vtt)];
  for (let n = 0; n < 800; n++) {
    const name = MUTATION_NAMES[n % MUTATION_NAMES.length] ?? 'bits';
    const bytes = mutate(name, sources[Math.floor(random() * sources.length)] as Buffer, random, sources);
    try {
      for (const { fromMs, toMs, lines } of read(bytes).cues)
        assert.ok(toMs > fromMs && lines.length > 0 && lines.every((line) => line.trim() !== ''), `${n}`);
    } catch (error) {
      assert.ok(error instanceof TaskFailure && error.code === 'unsupported', `${n}: ${error}`);
    }
  }
});

test('files that are made to take long do not', () => {
  const fill = (head: string, piece: string, tail = '') =>
    head + piece.repeat(Math.floor((SIDECAR_BYTES_MAX - head.length - tail.length) / piece.length)) + tail;
  const cue = '00:00:01,000 --> 00:00:02,000\n';
  const files = [
    fill(cue, '<'),
    fill(cue, '{\\'),
    fill(cue, '&a'),
    fill('', '0:0-->0:1\na\n'),
    fill('', '1'),
    fill('', ' '),
    fill('<tt xml:space="preserve"><body><p begin="0s" end="1s">', ' ', '</p></body></tt>'),
    fill('<tt><body><p begin="0s" end="1s">', '<span>', '</p></body></tt>'),
    fill('WEBVTT\n\n', '00:01.000 --> 00:02.000\nx\n\n'),
  ];
  for (const [at, text] of files.entries()) {
    const since = process.cpuUsage().user;
    try {
      read(text);
    } catch (error) {
      assert.ok(error instanceof TaskFailure, `${at}: ${error}`);
    }
    const tookMs = (process.cpuUsage().user - since) / 1000;
    assert.ok(tookMs < 8000, `${at} took ${tookMs} ms`);
  }
});
