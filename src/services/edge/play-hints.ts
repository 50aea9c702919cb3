/**
 * What plays tell of the future: who asks for segment n of a track is most likely to ask for n+1 a segment's length
 * later, and where plays went through often, more will come. From requests alone (session and key) it estimates
 * when a segment is asked for next. It holds no bytes and evicts nothing; `play-foresight.ts` makes verdicts of
 * the estimates.
 *
 * The idea of the followers is interval caching (Dan and Sitaram, "A generalized interval caching policy", 1996).
 */
export type PlayHintsOptions = {
  /** The length of a segment; only the order of estimates depends on it. */
  segmentMs: number;
  /** A play that asked for nothing for so long has ended, or went on in another track. */
  silentMs: number;
  /** Counts of passages fade by e in this time. */
  memoryMs: number;
  tracksMax: number;
  playsPerTrackMax: number;
};

export const PLAY_HINTS: PlayHintsOptions = {
  segmentMs: 4000,
  silentMs: 30_000,
  memoryMs: 24 * 3_600_000,
  tracksMax: 4096,
  playsPerTrackMax: 24,
};

/** Passages are counted for stretches of this many segments, so that an opening may be worth more than a tail. */
const STRETCH = 16;
const STRETCHES_MAX = 512;
/** `…/<track>/<attempt>/00042.m4s`: the folder is the track, the digits are the place in it. */
const SEGMENT = /^(\d{1,7})\.m4s$/;

type Play = { number: number; atMs: number };
type Track = {
  /** The most recent request last. */
  readonly plays: Map<string, Play>;
  /** For each stretch how many passages there were, fading, and when that was counted. */
  readonly counts: number[];
  readonly countedMs: number[];
};

/** `digits` is how many digits the number is written with. */
export type SegmentPlace = { readonly track: string; readonly number: number; readonly digits: number };

/** Where a key is in its track; undefined when it is no segment. */
export function segmentPlace(key: string): SegmentPlace | undefined {
  const slash = key.lastIndexOf('/');
  const digits = SEGMENT.exec(key.slice(slash + 1))?.[1];
  return digits === undefined
    ? undefined
    : { track: key.slice(0, slash), number: Number(digits), digits: digits.length };
}

/** The key of the segment that follows; it may be past the end of its track. */
export function nextSegmentKey({ track, number, digits }: SegmentPlace): string {
  return `${track}/${String(number + 1).padStart(digits, '0')}.m4s`;
}

export class PlayHints {
  readonly #options: PlayHintsOptions;
  readonly #tracks = new Map<string, Track>();

  constructor(options: PlayHintsOptions = PLAY_HINTS) {
    this.#options = options;
  }

  /** Takes in one request. True when it goes on where this play was, so that the next segment is as good as asked for. */
  note(session: string, { track: name, number }: SegmentPlace, nowMs: number): boolean {
    const track = this.#track(name);
    const before = track.plays.get(session);
    track.plays.delete(session);
    track.plays.set(session, { number, atMs: nowMs });
    if (track.plays.size > this.#options.playsPerTrackMax) {
      const [oldest] = track.plays.keys();
      if (oldest !== undefined) track.plays.delete(oldest);
    }
    // Ranges and repeats of one segment are one passage.
    if (before?.number === number) return false;
    const stretch = Math.floor(number / STRETCH);
    if (stretch < STRETCHES_MAX) {
      track.counts[stretch] = this.#count(track, stretch, nowMs) + 1 / STRETCH;
      track.countedMs[stretch] = nowMs;
    }
    return before?.number === number - 1;
  }

  /** How long until it is asked for, as far as can be told; Infinity when nothing speaks for it. */
  dueInMs({ track: name, number }: SegmentPlace, nowMs: number): number {
    const track = this.#tracks.get(name);
    if (!track) return Number.POSITIVE_INFINITY;
    const stretch = Math.floor(number / STRETCH);
    const count = this.#count(track, stretch, nowMs);
    const anybodyMs = count > 0 ? this.#options.memoryMs / count : Number.POSITIVE_INFINITY;
    return Math.min(this.#followerMs(track, number, nowMs), anybodyMs);
  }

  #followerMs(track: Track, number: number, nowMs: number): number {
    const { segmentMs, silentMs } = this.#options;
    let soonest = Number.POSITIVE_INFINITY;
    for (const play of track.plays.values()) {
      const silence = nowMs - play.atMs;
      if (silence > silentMs || play.number >= number) continue;
      soonest = Math.min(soonest, Math.max(0, (number - play.number) * segmentMs - silence));
    }
    return soonest;
  }

  #count(track: Track, stretch: number, nowMs: number): number {
    const count = track.counts[stretch] ?? 0;
    if (count === 0) return 0;
    return count * Math.exp(((track.countedMs[stretch] ?? nowMs) - nowMs) / this.#options.memoryMs);
  }

  #track(name: string): Track {
    let track = this.#tracks.get(name);
    if (track) this.#tracks.delete(name);
    else track = { plays: new Map(), counts: [], countedMs: [] };
    this.#tracks.set(name, track);
    if (this.#tracks.size > this.#options.tracksMax) {
      const [oldest] = this.#tracks.keys();
      if (oldest !== undefined) this.#tracks.delete(oldest);
    }
    return track;
  }
}
