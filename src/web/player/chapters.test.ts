import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chapterAt, chapterBy, readChapters } from './chapters.ts';

const FILE = [
  { chapter: 2, 'start-time': 30, duration: 30, titles: [{ language: 'und', title: 'Middle' }] },
  { chapter: 1, 'start-time': 0, duration: 30, titles: [{ language: 'und', title: 'Opening' }] },
  { chapter: 3, 'start-time': 60, duration: 5, titles: [{ language: 'und', title: 'End' }] },
];

test('chapters are found around a place', () => {
  const chapters = readChapters(FILE);
  assert.deepEqual(
    [0, 29.9, 30, 64].map((at) => chapterAt(chapters, at)?.title),
    ['Opening', 'Opening', 'Middle', 'End'],
  );
  assert.deepEqual(
    [0, 30, 60].map((at) => chapterBy(chapters, at, 1)?.title),
    ['Middle', 'End', undefined],
  );
  assert.deepEqual(
    [50, 31, 1].map((at) => chapterBy(chapters, at, -1)?.title),
    ['Middle', 'Opening', 'Opening'],
  );
});

test('what is no list of chapters is none', () => {
  for (const odd of [null, {}, 'x', [{}], [{ 'start-time': -1, titles: [] }]])
    assert.deepEqual(readChapters(odd), []);
});
