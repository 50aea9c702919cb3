/**
 * Estimates film grain from pairs of pictures that follow each other. Grain is everywhere and new in every picture;
 * texture stands still or is only here and there. So noise is measured in blocks, within a picture and between the two,
 * and what the calmer quarter of the blocks still show in both ways is grain. Pure arithmetic.
 */
export type Luma = { width: number; height: number; first: Uint8Array; second: Uint8Array };

const BLOCK = 16;
/** Mean values outside are shadows and highlights, where pictures are clipped and grain does not show. */
const LUMA_MIN = 40;
const LUMA_MAX = 210;
const BLOCKS_MIN = 60;
const CALM_PART = 0.25;
/** From the mean of absolute values to the standard deviation of a normal distribution. */
const SPREAD = Math.sqrt(Math.PI / 2);

/** Standard deviation of the grain in steps of eight bits, or undefined when too little of the pictures can tell. */
export function grainOf(pairs: readonly Luma[]): number | undefined {
  const blocks = pairs.flatMap(blockNoises).sort((a, b) => a - b);
  if (blocks.length < BLOCKS_MIN) return undefined;
  return Math.round((blocks[Math.floor(CALM_PART * blocks.length)] ?? 0) * 100) / 100;
}

function blockNoises(pair: Luma): number[] {
  const found: number[] = [];
  for (let y = 0; y + BLOCK <= pair.height; y += BLOCK) {
    for (let x = 0; x + BLOCK <= pair.width; x += BLOCK) {
      const noise = blockNoise(pair, x, y);
      if (noise !== undefined) found.push(noise);
    }
  }
  return found;
}

function blockNoise({ width, first, second }: Luma, x0: number, y0: number): number | undefined {
  let sum = 0;
  let change = 0;
  for (let y = y0; y < y0 + BLOCK; y++) {
    for (let at = y * width + x0, end = at + BLOCK; at < end; at++) {
      sum += first[at] as number;
      change += (second[at] as number) - (first[at] as number);
    }
  }
  const count = BLOCK * BLOCK;
  if (sum / count < LUMA_MIN || sum / count > LUMA_MAX) return undefined;
  const drift = change / count;
  let between = 0;
  let within = 0;
  for (let y = y0; y < y0 + BLOCK; y++) {
    for (let x = x0; x < x0 + BLOCK; x++) {
      const at = y * width + x;
      between += Math.abs((second[at] as number) - (first[at] as number) - drift);
      const isInside = x > x0 && x < x0 + BLOCK - 1 && y > y0 && y < y0 + BLOCK - 1;
      if (isInside) within += Math.abs(roughness(first, at, width));
    }
  }
  const inside = (BLOCK - 2) ** 2;
  return Math.min((SPREAD * within) / inside / 6, (SPREAD * between) / count / Math.SQRT2);
}

/** Immerkaer's mask, blind to planes and straight edges; noise of deviation 1 gives 6. */
function roughness(luma: Uint8Array, at: number, width: number): number {
  const cross = [at - 1, at + 1, at - width, at + width];
  const corners = [at - width - 1, at - width + 1, at + width - 1, at + width + 1];
  const add = (places: readonly number[]) => places.reduce((sum, place) => sum + (luma[place] as number), 0);
  return 4 * (luma[at] as number) - 2 * add(cross) + add(corners);
}
