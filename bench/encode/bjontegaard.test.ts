import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bdRate, qualityAt } from './bjontegaard.ts';

const curve = (factor: number, shift = 0) =>
  [200, 500, 1000, 2500, 6000].map((kbit, i) => ({
    bitsPerS: kbit * factor,
    quality: 40 + 13 * i - i * i + shift,
  }));
const near = (value: number, wanted: number, by = 0.01) =>
  assert.ok(Math.abs(value - wanted) <= by, `${value} instead of ${wanted}`);

test('a ladder at a constant part of the rate saves just that part', () => {
  near(bdRate(curve(1), curve(0.6)), -40);
  near(bdRate(curve(1), curve(1.25)), 25);
  near(bdRate(curve(1), curve(1)), 0);
});

test('order and points that are worse for more bits change nothing', () => {
  const mixed = [...curve(0.6)].reverse();
  near(bdRate(curve(1), [...mixed, { bitsPerS: 700, quality: 41 }]), -40);
});

test('a straight line in log rate is integrated exactly, over what both reach', () => {
  const line = (slope: number, qualities: number[]) =>
    qualities.map((quality) => ({ bitsPerS: Math.exp(slope * quality), quality }));
  // Means of 0.05 q and 0.04 q over 50 to 80 differ by 0.01 * 65.
  near(bdRate(line(0.05, [40, 60, 80]), line(0.04, [50, 70, 90])), 100 * (Math.exp(-0.65) - 1), 0.1);
  assert.ok(Number.isNaN(bdRate(line(0.05, [40, 50]), line(0.05, [60, 70]))));
});

test('quality at a rate is the curve the other way round', () => {
  const points = curve(1000);
  for (const { bitsPerS, quality } of points) near(qualityAt(points, bitsPerS), quality);
  assert.equal(qualityAt(points, 1), 40);
});
