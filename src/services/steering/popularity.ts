/** Bytes streamed of each title, of which half is forgotten within a half-life. No I/O here. */
import type { Clock } from '../../platform/clock.ts';

export const HALF_LIFE_MS = 60 * 60_000;
/** What has decayed most gives way. */
const TITLES_MAX = 2000;

type Score = { bytes: number; atMs: number };

export function createPopularity(clock: Pick<Clock, 'monotonic'>, halfLifeMs = HALF_LIFE_MS) {
  /** In the order of the last change. */
  const scores = new Map<string, Score>();
  const decayed = (score: Score | undefined, nowMs: number): number =>
    score ? score.bytes * 2 ** -((nowMs - score.atMs) / halfLifeMs) : 0;

  return {
    add: (title: string, bytes: number): void => {
      const nowMs = clock.monotonic();
      const sum = decayed(scores.get(title), nowMs) + bytes;
      scores.delete(title);
      scores.set(title, { bytes: sum, atMs: nowMs });
      if (scores.size <= TITLES_MAX) return;
      let least: { title: string; bytes: number } | undefined;
      for (const [name, score] of scores) {
        const left = decayed(score, nowMs);
        if (!least || left < least.bytes) least = { title: name, bytes: left };
      }
      if (least) scores.delete(least.title);
    },
    of: (title: string): number => decayed(scores.get(title), clock.monotonic()),
  };
}
