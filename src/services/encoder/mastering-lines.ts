/** Reads HDR10's metadata from what ffmpeg's `showinfo` prints of a frame's side data. Pure. */
import type { Mastering } from '../../contracts/tasks.ts';

const POINT = '\\( *([\\d.]+)[, ] *([\\d.]+) *\\)';
const DISPLAY = new RegExp(
  `r${POINT} g${POINT} b${POINT} wp ?${POINT} min_luminance=([\\d.]+), max_luminance=([\\d.]+)`,
);

export function readMastering(line: string, into: Mastering): void {
  const light = /MaxCLL=(\d+), MaxFALL=(\d+)/.exec(line);
  if (light) into.light = { max: Number(light[1]), average: Number(light[2]) };
  const found = DISPLAY.exec(line)?.slice(1).map(Number);
  if (!found?.every(Number.isFinite)) return;
  const point = (at: number): [number, number] => [found[at] ?? 0, found[at + 1] ?? 0];
  into.display = {
    ...{ red: point(0), green: point(2), blue: point(4), white: point(6) },
    ...{ luminanceMin: found[8] ?? 0, luminanceMax: found[9] ?? 0 },
  };
}
