import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grainOf, type Luma } from './grain.ts';
import { seededRandom } from './mutations.testing.ts';

const WIDTH = 256;
const HEIGHT = 144;

function picture(of: (x: number, y: number) => number): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => of(at % WIDTH, Math.floor(at / WIDTH)));
}
const pair = (first: Uint8Array, second: Uint8Array): Luma => ({
  width: WIDTH,
  height: HEIGHT,
  first,
  second,
});

/** Normally distributed noise over a slope. */
function grainy(deviation: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return picture((x) => 80 + x / 8 + deviation * normal());
}

test('noise that is new in every picture is measured', () => {
  for (const deviation of [2, 4, 8]) {
    const found = grainOf([pair(grainy(deviation, 1), grainy(deviation, 2))]) ?? 0;
    assert.ok(Math.abs(found / deviation - 1) < 0.2, `${found} for ${deviation}`);
  }
});

test('what stands still, moves as a whole or gets brighter is no grain', () => {
  const still = grainy(8, 1);
  assert.equal(grainOf([pair(still, still)]), 0);
  const slope = picture((x) => 80 + x / 8);
  assert.ok(
    (grainOf([
      pair(
        slope,
        picture((x) => 84 + x / 8),
      ),
    ]) ?? 9) < 0.6,
  );
  const stripes = (shift: number) => picture((x) => (Math.floor((x + shift) / 32) % 2 ? 180 : 60));
  assert.ok((grainOf([pair(stripes(0), stripes(3))]) ?? 9) < 0.6);
});

test('black pictures tell nothing', () => {
  const black = picture(() => 16);
  assert.equal(grainOf([pair(black, black)]), undefined);
});
