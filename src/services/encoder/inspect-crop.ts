/**
 * Finds black bars. They are cut off only when looks all over the film agree on them: what any look shows lit is
 * kept, dark scenes have no say, and bars that come and go stay.
 */
import type { Crop } from '../../contracts/tasks.ts';
import { decodeSample, type Sample } from './inspect-samples.ts';
import { rotationOf } from './inspect-streams.ts';
import { numberOf, type ProbedStream } from './probe.ts';
import type { TaskContext } from './task-context.ts';

const LOOKS = 10;
/** Of each side; thinner bars are not worth it, and are often a careless edge. */
const BAR_MIN = 0.02;
const LIT_LOOKS_MIN = 5;
const AGREEING_MIN = 0.6;
/** A shorter film gives no ten places to look at. */
const LENGTH_S_MIN = 3;

type Seen = { samples: readonly Sample[]; lastS: number };

export async function agreedCrop(
  context: TaskContext,
  master: string,
  video: ProbedStream,
  { samples, lastS }: Seen,
): Promise<Crop | null> {
  const size = { width: video.width ?? 0, height: video.height ?? 0 };
  const startS = numberOf(video.start_time) ?? 0;
  const looks = samples.map(({ lit }) => lit);
  // What the samples show lit up to the edge needs no further look.
  if (!cropOf(looks, size, 1)) return null;
  if (lastS - startS < LENGTH_S_MIN || rotationOf(video) !== 0) return null;
  for (let at = 0; at < LOOKS; at++) {
    const atS = startS + ((at + 0.5) / LOOKS) * (lastS - startS);
    looks.push((await decodeSample(context, master, { index: video.index, atS, frames: 6 })).lit);
  }
  return cropOf(looks, size, LIT_LOOKS_MIN);
}

/** Undefined looks are of black pictures. */
export function cropOf(
  looks: ReadonlyArray<Crop | undefined>,
  size: { width: number; height: number },
  litMin: number,
): Crop | null {
  const lit = looks.filter((look) => look !== undefined);
  if (lit.length < litMin) return null;
  const x = even(Math.min(...lit.map((look) => look.x)));
  const y = even(Math.min(...lit.map((look) => look.y)));
  const right = Math.max(...lit.map((look) => look.x + look.width));
  const bottom = Math.max(...lit.map((look) => look.y + look.height));
  const width = Math.min(even(right - x + 1), even(size.width - x));
  const height = Math.min(even(bottom - y + 1), even(size.height - y));
  const thin = size.width - width < BAR_MIN * size.width && size.height - height < BAR_MIN * size.height;
  if (thin || width < size.width / 2 || height < size.height / 2) return null;
  const agreeing = lit.filter(
    (look) => Math.abs(look.width - width) <= 4 && Math.abs(look.height - height) <= 4,
  );
  return agreeing.length >= AGREEING_MIN * lit.length ? { x, y, width, height } : null;
}

function even(side: number): number {
  return 2 * Math.floor(side / 2);
}
