/**
 * What tasks and jobs of this installation took in the past beside what was expected of them, as factors for what is
 * expected next. A factor begins at one and moves with the work that was seen, first of all that kind, then of a codec and
 * preset, then of a size; it never leaves its bounds, so that one odd day cannot make an estimate absurd. Pure.
 */
import type { Rung, TaskKind } from '../../contracts/tasks.ts';

/** Names of what a record belongs to, from the general to the special, and what was expected and came. */
export type PastRecord = { keys: readonly string[]; expected: number; actual: number };
export type Factors = (keys: readonly string[]) => number;

const FACTOR_MIN = 0.25;
const FACTOR_MAX = 4;

/** `weight`: how much expected work it takes to move a factor halfway to what was seen. */
export function learnFactors(records: readonly PastRecord[], weight: number): Factors {
  const sums = new Map<string, { expected: number; actual: number }>();
  for (const { keys, expected, actual } of records) {
    if (!(expected > 0) || !(actual >= 0)) continue;
    for (const key of keys) {
      const sum = sums.get(key) ?? { expected: 0, actual: 0 };
      sums.set(key, { expected: sum.expected + expected, actual: sum.actual + actual });
    }
  }
  return (keys) =>
    keys.reduce((factor, key) => {
      const { expected, actual } = sums.get(key) ?? { expected: 0, actual: 0 };
      const learned = (actual + weight * factor) / (expected + weight);
      return Math.min(FACTOR_MAX, Math.max(FACTOR_MIN, learned));
    }, 1);
}

export const NO_FACTORS: Factors = () => 1;

/** Sizes next to each other cost alike by the pixel; smaller ones have more of what does not depend on it. */
export function workKeys(
  kind: TaskKind,
  rung?: Pick<Rung, 'codec' | 'preset' | 'width' | 'height'>,
): string[] {
  if (!rung) return [kind];
  const coded = `${kind} ${rung.codec ?? 'h264'} ${rung.preset}`;
  return [kind, coded, `${coded} ${Math.round(Math.log2(rung.width * rung.height))}`];
}
