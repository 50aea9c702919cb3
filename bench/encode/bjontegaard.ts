/**
 * Bjontegaard delta rate: how many bits one encoder takes beside another for the same quality, in percent, negative
 * where it takes fewer. The logarithm of the rate as a function of quality is interpolated by monotone cubic Hermite
 * pieces and averaged over the qualities that both reach.
 *
 * Sources: Bjontegaard, VCEG-M33, 2001; Fritsch and Butland, "A method for constructing local monotone piecewise cubic
 * interpolants", 1984, whose slopes are those of PCHIP.
 */
export type RatePoint = { readonly bitsPerS: number; readonly quality: number };

const STEPS = 2000;

/** NaN when the two have no quality in common. */
export function bdRate(reference: readonly RatePoint[], test: readonly RatePoint[]): number {
  const [a, b] = [curveOf(reference), curveOf(test)];
  const from = Math.max(a.from, b.from);
  const to = Math.min(a.to, b.to);
  if (!(to > from)) return Number.NaN;
  const mean = (curve: Curve) => {
    let sum = 0;
    for (let i = 0; i < STEPS; i++) sum += curve.at(from + ((to - from) * (i + 0.5)) / STEPS);
    return sum / STEPS;
  };
  return 100 * (Math.exp(mean(b) - mean(a)) - 1);
}

/** The quality that a ladder reaches at a rate, by the same curve the other way round. */
export function qualityAt(points: readonly RatePoint[], bitsPerS: number): number {
  const { from, to, at } = curveOf(points);
  const wanted = Math.log(bitsPerS);
  if (wanted <= at(from)) return from;
  if (wanted >= at(to)) return to;
  let [low, high] = [from, to];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (at(middle) < wanted) low = middle;
    else high = middle;
  }
  return low;
}

type Curve = { from: number; to: number; at(quality: number): number };

function curveOf(points: readonly RatePoint[]): Curve {
  const rising: RatePoint[] = [];
  for (const point of points.toSorted((a, b) => a.bitsPerS - b.bitsPerS)) {
    if (point.quality > (rising.at(-1)?.quality ?? Number.NEGATIVE_INFINITY)) rising.push(point);
  }
  const x = rising.map(({ quality }) => quality);
  const y = rising.map(({ bitsPerS }) => Math.log(bitsPerS));
  return { from: x[0] ?? Number.NaN, to: x.at(-1) ?? Number.NaN, at: hermite(x, y) };
}

function hermite(x: readonly number[], y: readonly number[]): (at: number) => number {
  const last = x.length - 1;
  const width = (i: number) => (x[i + 1] as number) - (x[i] as number);
  const rise = (i: number) => ((y[i + 1] as number) - (y[i] as number)) / width(i);
  const slopes = x.map((_, i) => {
    if (last === 0) return 0;
    if (i === 0) return last === 1 ? rise(0) : endSlope(width(0), width(1), rise(0), rise(1));
    if (i === last)
      return last === 1 ? rise(0) : endSlope(width(i - 1), width(i - 2), rise(i - 1), rise(i - 2));
    const [before, after] = [rise(i - 1), rise(i)];
    if (before * after <= 0) return 0;
    const [a, b] = [2 * width(i) + width(i - 1), width(i) + 2 * width(i - 1)];
    return (a + b) / (a / before + b / after);
  });
  return (at) => {
    let i = 0;
    while (i < last - 1 && at > (x[i + 1] as number)) i++;
    if (last === 0) return y[0] as number;
    const h = width(i);
    const s = (at - (x[i] as number)) / h;
    const [y0, y1, m0, m1] = [y[i], y[i + 1], slopes[i], slopes[i + 1]] as [number, number, number, number];
    return (
      (1 + 2 * s) * (1 - s) ** 2 * y0 +
      s * (1 - s) ** 2 * h * m0 +
      s * s * (3 - 2 * s) * y1 -
      s * s * (1 - s) * h * m1
    );
  };
}

/** Three points, kept from overshooting. */
function endSlope(h0: number, h1: number, d0: number, d1: number): number {
  const slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  if (slope * d0 <= 0) return 0;
  return d0 * d1 <= 0 && Math.abs(slope) > 3 * Math.abs(d0) ? 3 * d0 : slope;
}
