/**
 * Chooses which small grey picture represents a film. Pure arithmetic on pixels.
 *
 * Method: the score is the spread of luma (standard deviation: black frames, fades and flat titles have little)
 * times the square root of its detail (mean difference between neighbours), lowered for pictures that are very
 * dark or very bright on the whole. The highest score wins, the earlier one of equals.
 */
export type GreyPicture = { readonly width: number; readonly height: number; readonly pixels: Uint8Array };

export function posterScore({ width, height, pixels }: GreyPicture): number {
  let sum = 0;
  let squares = 0;
  let steps = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = pixels[y * width + x] ?? 0;
      sum += value;
      squares += value * value;
      if (x > 0) steps += Math.abs(value - (pixels[y * width + x - 1] ?? 0));
    }
  }
  const count = Math.max(1, width * height);
  const mean = sum / count;
  const spread = Math.sqrt(Math.max(0, squares / count - mean * mean));
  const detail = steps / count;
  return spread * Math.sqrt(detail) * exposure(mean);
}

/** 1 for middling pictures, towards 0 for those near black or white (8-bit luma). */
function exposure(mean: number): number {
  return Math.min(1, mean / 60, (255 - mean) / 40);
}

/** Index of the picture to show. An empty list gives 0. */
export function choosePoster(pictures: readonly GreyPicture[]): number {
  const scores = pictures.map(posterScore);
  const best = Math.max(...scores);
  return Math.max(0, scores.indexOf(best));
}
