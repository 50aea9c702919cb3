/** How much temporary disk a task takes at most, so that no worker is given one that it has no room for. */
import { inputTasks } from './spec-urls.ts';
import type { TaskRow, Tx } from './tables.ts';

const MEBIBYTE = 1024 * 1024;
/** Lists, small pictures, samples of an analysis. */
const BASE_BYTES = 16 * MEBIBYTE;
/** A package lies there twice: as it came or joined, and in segments. */
const PACKAGE_TIMES = 2.1;
/** The cap of a rung is of a buffer's mean; what is written over is there once more for a moment. */
const ENCODE_TIMES = 1.5;

export async function roomFor(tx: Tx, task: TaskRow): Promise<number> {
  const { spec } = task;
  if (spec.kind === 'package') return BASE_BYTES + PACKAGE_TIMES * (await inputBytes(tx, task));
  if (spec.kind === 'encode-video' || spec.kind === 'first-light') {
    const { num, den } = spec.picture.frameRate;
    const seconds = (spec.frames * den) / num;
    return BASE_BYTES + (ENCODE_TIMES * seconds * spec.rung.bitsPerSMax) / 8;
  }
  if (spec.kind === 'encode-audio') return BASE_BYTES + (ENCODE_TIMES * spec.durationS * spec.bitsPerS) / 8;
  return BASE_BYTES;
}

async function inputBytes(tx: Tx, task: TaskRow): Promise<number> {
  const inputs = await inputTasks(tx, task);
  return inputs.reduce((sum, { result }) => sum + (result && 'bytes' in result ? result.bytes : 0), 0);
}

/** The sentence for operators. */
export function roomWords(task: string, neededBytes: number, roomBytes: number): string {
  const needed = Math.ceil(neededBytes / MEBIBYTE);
  const left = Math.floor(roomBytes / MEBIBYTE);
  return `${task} needs ${needed} MiB of temporary disk, and ${left} MiB are free`;
}
