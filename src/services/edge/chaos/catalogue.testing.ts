/** What the viewers of the chaos tests ask for, and how often. It does no I/O. */
import type { Random } from '../fuzz.testing.ts';
import { type Thing, thing } from './truth.testing.ts';

/** Every third film must be asked for anew each second, so that each fault meets copies past their time. */
function things(kind: 'film' | 'live', from: number, count: number, size: number): Thing[] {
  return Array.from({ length: count }, (_, i) =>
    thing(kind, from + i, size, kind === 'live' || i % 3 === 0 ? 1 : 3600),
  );
}

const SMALL = things('film', 0, 120, 10_240);
const MEDIUM = things('film', 200, 50, 300_000);
const LARGE = things('film', 300, 10, 2_000_000);
const SLICED = things('film', 400, 2, 9_000_000);

/** What changes when the origin's version does, of each size. */
export const LIVE: readonly Thing[] = [
  ...things('live', 0, 2, 10_240),
  ...things('live', 10, 2, 300_000),
  ...things('live', 20, 1, 2_000_000),
  ...things('live', 30, 2, 5_000_000),
];

/** Asked for so often that they are always in memory or on the disk. */
export const WARM: readonly Thing[] = [...SMALL.slice(0, 30), ...MEDIUM.slice(0, 8)];

/** Everything; the r-th in rank is asked for in proportion to 1 / r^0.8, about as titles of a catalogue are. */
export function pickPopular(random: Random): () => Thing {
  const ranked = shuffled([...SMALL, ...MEDIUM, ...LARGE, ...SLICED, ...LIVE], random);
  const sums: number[] = [];
  for (const i of ranked.keys()) sums.push((sums.at(-1) ?? 0) + (i + 1) ** -0.8);
  return () => {
    const dice = (random(2 ** 30) / 2 ** 30) * (sums.at(-1) as number);
    return ranked[sums.findIndex((sum) => dice < sum)] as Thing;
  };
}

/** Each time what nobody has asked for yet, so that the origin takes part all the time. */
export function pickNew(): () => Thing {
  let number = 0;
  return () => thing('cold', number++, number % 2 === 0 ? 10_240 : 150_000, 3600);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random(2 ** 32) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
