/**
 * What edges should have before it is asked for: the openings of what was published lately, and all of what is
 * streamed most for its size. Announcements outlive a restart; popularity does not, and comes back with heartbeats.
 */
import {
  type FillAnnouncement,
  type FillPlan,
  type FillTitle,
  PLAN_TITLES_MAX,
  type StreamedTitles,
} from '../../contracts/fill.ts';
import { createAlarm } from '../../platform/alarm.ts';
import type { Clock } from '../../platform/clock.ts';
import type { JsonValue, Table } from '../../ports/tables/tables.ts';
import { createPopularity } from './popularity.ts';

const FILLS = 'fills';
/** Titles that are remembered; the one announced longest ago goes first. */
const KNOWN_MAX = 1000;
/** Titles whose every file is wanted at edges. */
const HOT_MAX = 20;
/** Half a film streamed within about a half-life: two or three viewers, since one streams one rendition of many. */
const HOT_MIN = 0.5;
/** How often what is hot is looked at, so that a plan does not change with every heartbeat. */
const LOOK_EVERY_MS = 10_000;

type Known = FillAnnouncement & { title: string; atMs: number };
export type FillPlans = Awaited<ReturnType<typeof openFillPlans>>;

export async function openFillPlans(table: Table, clock: Clock, ending: AbortSignal) {
  const items = (await table.query(FILLS, { limit: KNOWN_MAX })).items;
  const known = new Map(
    items
      .map(({ value }) => value as unknown as Known)
      .toSorted((a, b) => a.atMs - b.atMs)
      .map((one) => [one.title, one]),
  );
  const popularity = createPopularity(clock);
  const bell = createAlarm(clock);
  let hot: string[] = [];
  let lookedMs = Number.NEGATIVE_INFINITY;
  /** Begins with the time, so that no edge takes the plan of a steering that starts anew for one that it has. */
  let version = Math.max(1, clock.now());

  const change = () => {
    version++;
    bell.ring();
  };
  const look = () => {
    if (clock.monotonic() - lookedMs < LOOK_EVERY_MS) return;
    lookedMs = clock.monotonic();
    const next = hottest();
    if (next.join() === hot.join()) return;
    hot = next;
    change();
  };
  const hottest = (): string[] =>
    [...known.values()]
      .map(({ title, bytes }) => ({ title, score: popularity.of(title) / Math.max(1, bytes) }))
      .filter(({ score }) => score >= HOT_MIN)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, HOT_MAX)
      .map(({ title }) => title);

  const plan = (): FillPlan => {
    const isHot = new Set(hot);
    const newest = [...known.keys()].reverse().filter((title) => !isHot.has(title));
    const titles = [...hot, ...newest].slice(0, PLAN_TITLES_MAX).flatMap((title): FillTitle[] => {
      const one = known.get(title);
      if (!one) return [];
      const { atMs: _atMs, ...announced } = one;
      return [{ ...announced, whole: isHot.has(title) }];
    });
    return { version, titles };
  };

  return {
    /** An older number than the one that is known changes nothing. */
    announce: async (title: string, what: FillAnnouncement): Promise<void> => {
      if ((known.get(title)?.number ?? 0) > what.number) return;
      const one: Known = { ...what, title, atMs: clock.now() };
      await table.put({ pk: FILLS, sk: title }, one as unknown as Record<string, JsonValue>);
      known.delete(title);
      known.set(title, one);
      const [oldest] = known.keys();
      if (known.size > KNOWN_MAX && oldest !== undefined) {
        known.delete(oldest);
        await table.delete({ pk: FILLS, sk: oldest });
      }
      change();
    },

    /** What an edge has streamed since it told the last time. */
    hear: (streamed: StreamedTitles): void => {
      for (const { title, bytes } of streamed) if (known.has(title)) popularity.add(title, bytes);
      look();
    },

    plan,

    /** Resolves when the plan is another than the edge's, or after the wait. */
    take: async (theirs: number, waitMs: number): Promise<FillPlan> => {
      if (theirs !== version || waitMs === 0) return plan();
      // An end of the program lets go as well; whoever waited then hears what there is.
      await bell.wait(waitMs, ending).catch(() => undefined);
      return plan();
    },
  };
}
