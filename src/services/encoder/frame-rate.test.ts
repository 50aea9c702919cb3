import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRate, parseRate, snap } from './frame-rate.ts';

const text = (fps: number) => {
  const { num, den } = snap(fps);
  return `${num}/${den}`;
};

function evenly(gapS: number, count = 30): number[] {
  return Array.from({ length: count }, (_, i) => Math.round(i * gapS * 1000) / 1000);
}

test('rates near a usual one become exactly that one', () => {
  assert.equal(text(23.976), '24000/1001');
  assert.equal(text(24), '24/1');
  assert.equal(text(29.97), '30000/1001');
  assert.equal(text(30), '30/1');
  assert.equal(text(59.94), '60000/1001');
  assert.equal(text(10), '10/1');
  assert.equal(text(15), '15/1');
});

test('rates above 60 are halved to at most 60', () => {
  assert.equal(text(120), '60/1');
  assert.equal(text(119.88), '60000/1001');
  assert.equal(text(100), '50/1');
  assert.equal(text(90), '60/1');
});

test('very low rates are brought to five frames a second', () => {
  assert.equal(text(1), '5/1');
});

test('a constant rate in a container with a millisecond clock is constant', () => {
  const measured = {
    base: parseRate('24/1'),
    average: parseRate('24/1'),
    samples: [evenly(1 / 24)],
    interlaced: false,
  };
  assert.deepEqual(chooseRate(measured), { rate: { num: 24, den: 1 }, variable: false });
});

test('an interlaced film gets its frame rate, not its field rate', () => {
  const measured = {
    base: parseRate('50/1'),
    average: parseRate('25/1'),
    samples: [evenly(0.04)],
    interlaced: true,
  };
  assert.deepEqual(chooseRate(measured).rate, { num: 25, den: 1 });
});

test('a phone that drops frames in the dark keeps its clock', () => {
  const times = evenly(1 / 30, 60).filter((_, i) => i % 5 !== 0);
  const measured = {
    base: parseRate('30/1'),
    average: parseRate('24/1'),
    samples: [times],
    interlaced: false,
  };
  assert.deepEqual(chooseRate(measured), { rate: { num: 30, den: 1 }, variable: true });
});

test('a screen recording with a fine clock gets the typical distance of its frames', () => {
  const times = evenly(1 / 15, 40).filter((_, i) => i % 4 !== 3);
  const measured = {
    base: parseRate('1000/1'),
    average: parseRate('1125/100'),
    samples: [times],
    interlaced: false,
  };
  assert.deepEqual(chooseRate(measured), { rate: { num: 15, den: 1 }, variable: true });
});
