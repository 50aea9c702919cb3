import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Title } from '../../../contracts/titles.ts';
import { searchTitles } from './search.ts';
import { factWords, progressWords, stageWords } from './title-words.ts';

const film = (name: string, key: string) => ({ name, source: { bucket: 'b', key } }) as Title;
const films = [film('Amélie', 'le-fabuleux-destin.mkv'), film('Das Boot', 'boot-1981.mp4')];
const found = (search: string) => searchTitles(films, search).map(({ name }) => name);

test('films are found by words in any order, without accents, by file name too', () => {
  assert.deepEqual(found('amelie'), ['Amélie']);
  assert.deepEqual(found('BOOT das'), ['Das Boot']);
  assert.deepEqual(found('1981'), ['Das Boot']);
  assert.deepEqual(found('amelie boot'), []);
  assert.deepEqual(found('  '), ['Amélie', 'Das Boot']);
});

test('states and facts are told in few words', () => {
  const title = { state: 'playable', stage: '', progress: 0.42, etaS: 130, durationS: 6120 } as Title;
  const whole = { ...title, renditions: ['360p', '1080p', '720p'] };
  assert.equal(stageWords(whole), 'More renditions to come');
  assert.equal(progressWords(whole), '42 %, about 2 min left');
  assert.equal(factWords(whole), '1 h 42 min · 1080p');
  assert.equal(factWords({ ...whole, durationS: null, renditions: [] }), '');
});
