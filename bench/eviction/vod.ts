/**
 * Synthetic sessions of a film service: who plays what, from where, at which rungs, until when. Keys are named as the
 * studio names them (`src/services/studio/prefixes.ts`). It models what an edge sees and nothing of players or networks.
 */
import { type Random, seededRandom, weightedDraw, zipfWeights } from './random.ts';
import type { Trace } from './trace.ts';

export type VodOptions = {
  seed: number;
  name: string;
  titles: number;
  plays: number;
  hours: number;
};

/** The studio's ladder (`src/services/studio/ladder.ts`), and one sound track. */
const RUNGS_BITS_PER_S = [400_000, 800_000, 1_400_000, 3_000_000, 6_000_000];
const SOUND_BITS_PER_S = 128_000;
const SOUND = RUNGS_BITS_PER_S.length;
const SEGMENT_S = 4;
const HOUR_MS = 3_600_000;
/** A player fetches this many segments at once before it keeps to the pace of the film. */
const BUFFER_SEGMENTS = 8;
const RELEASED_SHARE = 0.1;
/** How many times the plays of its rank a title has on the hour of its release, and how soon that wears off. */
const RELEASE_BOOST = 6;
const RELEASE_FADE_HOURS = 4;
/** What an edge would fetch ahead when a title comes out. */
const OPENING_SEGMENTS = 8;
const OPENING_RUNGS = [2, 3, 4, SOUND];

type Title = { segments: number; first: number; releasedMs: number };
type Request = { atMs: number; object: number; session: number };

export function vodTrace(options: VodOptions): Trace {
  const random = seededRandom(options.seed);
  const { titles, keys, sizes } = catalogue(options, random);
  const requests = plays(options, titles, random).sort((a, b) => a.atMs - b.atMs);
  return {
    name: options.name,
    keys,
    sizes: Uint32Array.from(sizes),
    objects: Uint32Array.from(requests, ({ object }) => object),
    sessions: Int32Array.from(requests, ({ session }) => session),
    timesMs: Float64Array.from(requests, ({ atMs }) => atMs),
    publications: titles
      .filter(({ releasedMs }) => releasedMs > 0)
      .map((title) => ({
        before: countBefore(requests, title.releasedMs),
        objects: OPENING_RUNGS.flatMap((track) =>
          Array.from({ length: Math.min(OPENING_SEGMENTS, title.segments) }, (_, i) =>
            objectOf(title, track, i),
          ),
        ),
      }))
      .sort((a, b) => a.before - b.before),
  };
}

function objectOf(title: Title, track: number, segment: number): number {
  return title.first + track * title.segments + segment;
}

function catalogue({ titles: count, hours }: VodOptions, random: Random) {
  const keys: string[] = [];
  const sizes: number[] = [];
  const titles = Array.from({ length: count }, (_, id): Title => {
    const minutes = random.unit() < 0.3 ? 80 + random.below(50) : 20 + random.below(35);
    const segments = (minutes * 60) / SEGMENT_S;
    const title = { segments, first: sizes.length, releasedMs: releaseTime(hours, random) };
    const activity = Array.from({ length: segments }, () => 0.7 * random.logNormal(0.25));
    for (let track = 0; track <= SOUND; track++) {
      const bits = RUNGS_BITS_PER_S[track];
      for (let i = 0; i < segments; i++) {
        keys.push(
          `titles/t${id}/1/${bits ? `video-${bits}` : 'sound'}/1/${String(i + 1).padStart(5, '0')}.m4s`,
        );
        const share = bits ? Math.min(1.2, activity[i] ?? 1) : 1;
        sizes.push(Math.round(((bits ?? SOUND_BITS_PER_S) * SEGMENT_S * share) / 8));
      }
    }
    return title;
  });
  return { titles, keys, sizes };
}

function releaseTime(hours: number, random: Random): number {
  return random.unit() < RELEASED_SHARE ? random.unit() * hours * HOUR_MS : Number.NEGATIVE_INFINITY;
}

function plays(options: VodOptions, titles: readonly Title[], random: Random): Request[] {
  const ranks = zipfWeights(titles.length, 0.8);
  // Which title has which rank has nothing to do with the order of the catalogue.
  for (let i = ranks.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    const weight = ranks[i] ?? 0;
    ranks[i] = ranks[other] ?? 0;
    ranks[other] = weight;
  }
  const requests: Request[] = [];
  for (const [session, startMs] of startTimes(options, random).entries()) {
    const weights = titles.map(({ releasedMs }, i) => (ranks[i] ?? 0) * novelty(startMs - releasedMs));
    const title = titles[weightedDraw(weights, random)()];
    if (title) play(title, session, startMs, random, requests);
  }
  return requests;
}

function novelty(ageMs: number): number {
  if (ageMs < 0) return 0;
  return 1 + RELEASE_BOOST * Math.exp(-ageMs / (RELEASE_FADE_HOURS * HOUR_MS));
}

/** Twice as many an hour at the height of each evening as in the mean, few in the morning. */
function startTimes({ plays: count, hours }: VodOptions, random: Random): number[] {
  const times: number[] = [];
  while (times.length < count) {
    const atHour = random.unit() * hours;
    const demand = 1 + 0.9 * Math.sin((2 * Math.PI * (atHour - 6)) / 24);
    if (random.unit() * 1.9 < demand) times.push(atHour * HOUR_MS);
  }
  return times.sort((a, b) => a - b);
}

function play(title: Title, session: number, startMs: number, random: Random, requests: Request[]): void {
  // Most begin at the beginning, some where they left off.
  let at = random.unit() < 0.75 ? 0 : random.below(title.segments);
  const stay = stayedSegments(title, random);
  const best = [1, 2, 3, 4, 4, 4][random.below(6)] ?? 4;
  let rung = Math.min(best, 2);
  let clockMs = startMs;
  for (let played = 0; played < stay && at < title.segments; played++, at++) {
    requests.push({ atMs: clockMs, object: objectOf(title, rung, at), session });
    requests.push({ atMs: clockMs + 1, object: objectOf(title, SOUND, at), session });
    clockMs += played < BUFFER_SEGMENTS ? 400 : SEGMENT_S * 1000;
    rung = nextRung(rung, best, random);
    if (random.unit() < 0.002) at = random.below(title.segments);
  }
}

/** A quarter tries a title for up to two minutes, a third sees it through, the others leave in between. */
function stayedSegments(title: Title, random: Random): number {
  const kind = random.unit();
  if (kind < 0.25) return 1 + random.below(120 / SEGMENT_S);
  if (kind < 0.6) return title.segments;
  return 1 + random.below(title.segments);
}

/** Climbs to the best that device and line can do, falls now and then. */
function nextRung(rung: number, best: number, random: Random): number {
  if (rung < best) return random.unit() < 0.3 ? rung + 1 : rung;
  return random.unit() < 0.02 ? Math.max(0, rung - 1 - random.below(2)) : rung;
}

function countBefore(sorted: readonly Request[], atMs: number): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.atMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
