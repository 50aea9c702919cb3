import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choosePoster } from './poster-choice.ts';

function picture(value: (x: number, y: number) => number) {
  const pixels = new Uint8Array(32 * 18);
  for (let i = 0; i < pixels.length; i++) pixels[i] = value(i % 32, Math.floor(i / 32));
  return { width: 32, height: 18, pixels };
}

const black = picture(() => 0);
const white = picture(() => 255);
const flat = picture(() => 120);
const dim = picture((x, y) => ((x * 7 + y * 13) % 8) + 2);
const scene = picture((x, y) => 40 + ((x * 29 + y * 17) % 160));

test('a lively, well exposed picture wins over black, white, flat and dim ones', () => {
  assert.equal(choosePoster([black, white, flat, dim, scene, black]), 4);
});

test('the first of equals is taken, and a lone black picture will do', () => {
  assert.equal(choosePoster([scene, scene]), 0);
  assert.equal(choosePoster([black]), 0);
});
