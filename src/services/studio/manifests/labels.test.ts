import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinctLabels, languageTag, plainLabel } from './labels.ts';

test('labels become one line that every manifest can hold', () => {
  assert.equal(plainLabel('  Deutsch\r\n\t(Kino)\u0000 '), 'Deutsch (Kino)');
  assert.equal(plainLabel('cafe\u0301'), 'café');
  assert.equal(plainLabel('a\uD800b\uFFFEc\u0085d\uFEFF'), 'a\uFFFDb c d');
  assert.equal(plainLabel('العربية 🎬'), 'العربية 🎬');
  assert.equal(plainLabel('\n'), '');
});

test('labels that are used again get a number, which is not taken either', () => {
  assert.deepEqual(distinctLabels(['A', 'A 2', 'A', 'B', 'A']), ['A', 'A 2', 'A 3', 'B', 'A 4']);
});

test('only tags of languages are languages', () => {
  const tags = ['en', 'pt-BR', 'zh-Hant-TW', 'eng', 'und', 'UND', '', 'x', 'en_US', 'en"', 'en-'];
  assert.deepEqual(tags.map(languageTag).filter(Boolean), ['en', 'pt-BR', 'zh-Hant-TW', 'eng']);
});
