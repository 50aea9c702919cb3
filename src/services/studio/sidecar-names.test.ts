import assert from 'node:assert/strict';
import { test } from 'node:test';
import { captionFormat } from '../../contracts/captions.ts';
import { mastersOf, sidecarOf } from './sidecar-names.ts';

const words = (master: string, key: string) => {
  const found = sidecarOf(master, key);
  if (!found) return undefined;
  const { format, language, forced, hearingImpaired, default: first } = found;
  return [format, language, forced && 'forced', hearingImpaired && 'sdh', first && 'default']
    .filter(Boolean)
    .join(' ');
};

test('names tell language and role', () => {
  const of = (name: string) => words('a/film.mp4', `a/${name}`);
  assert.equal(of('film.srt'), 'srt und');
  assert.equal(of('film.de.srt'), 'srt de');
  assert.equal(of('film.GER.SRT'), 'srt de');
  assert.equal(of('film.pt_BR.vtt'), 'vtt pt-BR');
  assert.equal(of('film.zh-Hant.default.ttml'), 'ttml zh-Hant default');
  assert.equal(of('film.en.forced.srt'), 'srt en forced');
  assert.equal(of('film.sdh.en.vtt'), 'vtt en sdh');
  assert.equal(of('film.hi.srt'), 'srt hi');
  assert.equal(of('film.en.hi.srt'), 'srt en sdh');
  assert.equal(of('film.fr.dfxp'), 'ttml fr');
  assert.equal(of('film.fr.xml'), 'xml fr');
});

test('what belongs to another master, or is none, is left alone', () => {
  assert.equal(words('film.mp4', 'film.directors-cut.srt'), undefined);
  assert.equal(words('film.mp4', 'film2.de.srt'), undefined);
  assert.equal(words('film.mp4', 'other/film.de.srt'), undefined);
  assert.equal(words('film.mp4', 'film.en.de.srt'), undefined);
  assert.equal(words('film.mp4', 'film.mp4'), undefined);
  assert.equal(words('film.part.1.mkv', 'film.part.1.en.srt'), 'srt en');
  assert.deepEqual(
    ['x/.srt', 'srt', '.hidden.srt', 'a.mp4', 'a.txt', 'b/c.SRT', 'a.constructor'].map(
      (key) => captionFormat(key) !== undefined,
    ),
    [false, false, false, false, false, true, false],
  );
});

test('a sidecar is looked for beside every master that it can belong to', () => {
  assert.deepEqual(mastersOf('a/film.cut.de.srt'), ['a/film.cut.de', 'a/film.cut', 'a/film']);
});
