/**
 * What plays tell of the future: who asks for segment n of a track will most likely ask for n+1 a segment's length
 * later, and where plays went through often, more will come. From requests alone (session and key) it estimates
 * when a segment is asked for next. It holds no bytes and evicts nothing; `play-foresight.ts` makes verdicts of the
 * estimates.
 *
 * The idea of the followers is interval caching (Dan and Sitaram, "A generalized interval caching policy", 1996).
 */
import { putLast } from './bounded-map.ts';
import { FadingCounts } from './fading-counts.ts';

export type PlayHintsOptions = {
  /** The length of a segment; only the order of estimates depends on it. */
  segmentMs: number;
  /** A play that asked for nothing for so long has ended, or went on in another track. */
  silentMs: number;
  /** Counts of passages fade by e in this time. */
  fadeMs: number;
  tracksMax: number;
  filmsMax: number;
  playsPerTrackMax: number;
};

export const PLAY_HINTS: PlayHintsOptions = {
  segmentMs: 4000,
  silentMs: 30_000,
  fadeMs: 24 * 3_600_000,
  tracksMax: 4096,
  filmsMax: 2048,
  playsPerTrackMax: 24,
};

/**
 * The passages of a film, all tracks together, say something of each of its tracks, more than the few of that track
 * alone. These are the weights that did best in `bench/eviction`; a play takes picture and sound, so it counts twice.
 */
const OWN_WEIGHT = 0.4;
const FILM_WEIGHT = 0.12;

/** `<film>/<track>/<attempt>/00042.m4s`, as the studio names segments. */
const SEGMENT = /^(\d{1,7})\.m4s$/;

export type SegmentPlace = {
  readonly film: string;
  /** The folder of the segments. */
  readonly track: string;
  readonly number: number;
  /** How many digits the number is written with. */
  readonly digits: number;
};

type Play = { readonly number: number; readonly atMs: number };
/** Plays by session, the most recent request last. */
type Track = { readonly plays: Map<string, Play>; readonly counts: FadingCounts };

/** Where a key is in its film; undefined when it is no segment. */
export function segmentPlace(key: string): SegmentPlace | undefined {
  const slash = key.lastIndexOf('/');
  const digits = SEGMENT.exec(key.slice(slash + 1))?.[1];
  if (digits === undefined) return undefined;
  const track = key.slice(0, slash);
  const film = track.slice(0, Math.max(0, track.lastIndexOf('/', track.lastIndexOf('/') - 1)));
  return { film, track, number: Number(digits), digits: digits.length };
}

/** The key of the segment that follows; it may be past the end of its track. */
export function nextSegmentKey({ track, number, digits }: SegmentPlace): string {
  return `${track}/${String(number + 1).padStart(digits, '0')}.m4s`;
}

export class PlayHints {
  readonly #options: PlayHintsOptions;
  readonly #tracks = new Map<string, Track>();
  readonly #films = new Map<string, FadingCounts>();

  constructor(options: PlayHintsOptions = PLAY_HINTS) {
    this.#options = options;
  }

  /** Takes in one request. True when it goes on where this play was, so that the next segment is as good as asked for. */
  note(session: string, { film, track, number }: SegmentPlace, nowMs: number): boolean {
    const { tracksMax, filmsMax, fadeMs, playsPerTrackMax } = this.#options;
    const known = this.#tracks.get(track) ?? { plays: new Map(), counts: new FadingCounts(fadeMs) };
    putLast(this.#tracks, track, known, tracksMax);
    const before = known.plays.get(session);
    putLast(known.plays, session, { number, atMs: nowMs }, playsPerTrackMax);
    // Ranges and repeats of one segment are one passage.
    if (before?.number === number) return false;
    known.counts.add(number, nowMs);
    const counts = this.#films.get(film) ?? new FadingCounts(fadeMs);
    counts.add(number, nowMs);
    putLast(this.#films, film, counts, filmsMax);
    return before?.number === number - 1;
  }

  /** How long until it is asked for, as far as can be told; Infinity when nothing speaks for it. */
  dueInMs({ film, track, number }: SegmentPlace, nowMs: number): number {
    const known = this.#tracks.get(track);
    const own = known?.counts.of(number, nowMs) ?? 0;
    const all = this.#films.get(film)?.of(number, nowMs) ?? 0;
    const passages = Math.max(own, OWN_WEIGHT * own + FILM_WEIGHT * all);
    const anybodyMs = passages > 0 ? this.#options.fadeMs / passages : Number.POSITIVE_INFINITY;
    return known ? Math.min(anybodyMs, this.#followerMs(known, number, nowMs)) : anybodyMs;
  }

  /** When the nearest of the plays that are before this segment reaches it. */
  #followerMs({ plays }: Track, number: number, nowMs: number): number {
    const { segmentMs, silentMs } = this.#options;
    let soonest = Number.POSITIVE_INFINITY;
    for (const play of plays.values()) {
      const silence = nowMs - play.atMs;
      if (silence > silentMs || play.number >= number) continue;
      soonest = Math.min(soonest, Math.max(0, (number - play.number) * segmentMs - silence));
    }
    return soonest;
  }
}
