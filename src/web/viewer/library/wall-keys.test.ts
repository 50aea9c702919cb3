import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Box, nextCard } from './wall-keys.ts';

const box = (left: number, top: number, width = 100, height = 80): Box => ({ left, top, width, height });

/** A tall feature with four cards beside it, then a row of three. */
const wall = [
  box(0, 0, 220, 180),
  box(240, 0),
  box(360, 0),
  box(240, 100),
  box(360, 100),
  box(0, 200),
  box(120, 200),
  box(240, 200),
];

test('left and right follow the order of reading and stop at the ends', () => {
  assert.equal(nextCard(wall, 0, 'ArrowRight'), 1);
  assert.equal(nextCard(wall, 3, 'ArrowLeft'), 2);
  assert.equal(nextCard(wall, 0, 'ArrowLeft'), 0);
  assert.equal(nextCard(wall, 7, 'ArrowRight'), 7);
  assert.equal(nextCard(wall, 4, 'Home'), 0);
  assert.equal(nextCard(wall, 4, 'End'), 7);
});

test('down and up go to the nearest card of the next row', () => {
  assert.equal(nextCard(wall, 1, 'ArrowDown'), 3);
  assert.equal(nextCard(wall, 3, 'ArrowDown'), 7);
  assert.ok([5, 6].includes(nextCard(wall, 0, 'ArrowDown')));
  assert.equal(nextCard(wall, 5, 'ArrowUp'), 0);
  assert.equal(nextCard(wall, 7, 'ArrowUp'), 3);
  assert.equal(nextCard(wall, 2, 'ArrowUp'), 2);
  assert.equal(nextCard(wall, 7, 'ArrowDown'), 7);
});
