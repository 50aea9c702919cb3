/** Seeded randomness for the workloads: the same seed gives the same trace on every machine. */

export type Random = {
  /** In [0, 1). */
  unit(): number;
  below(limit: number): number;
  /** A factor around 1 whose logarithm is normal. */
  logNormal(sigma: number): number;
  exponential(mean: number): number;
};

/** xorshift32 (Marsaglia, 2003). */
export function seededRandom(seed: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x6d2b79f5) | 1;
  const unit = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
  return {
    unit,
    below: (limit) => Math.floor(unit() * limit),
    logNormal: (sigma) => Math.exp(sigma * normal() - (sigma * sigma) / 2),
    exponential: (mean) => -mean * Math.log(1 - unit()),
  };
}

/** Draws indices with probabilities in proportion to their weights. */
export function weightedDraw(weights: Iterable<number>, random: Random): () => number {
  let sum = 0;
  const sums = Float64Array.from(weights, (weight) => (sum += weight));
  return () => {
    const at = random.unit() * sum;
    let low = 0;
    for (let high = sums.length - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Weights of ranks 1 to `count` under Zipf's law. */
export function zipfWeights(count: number, exponent: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => (i + 1) ** -exponent);
}
