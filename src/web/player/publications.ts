/**
 * Follows the publications of the film that plays. A newer one is joined, which nobody notices. One that differs
 * in more than what was added has to be loaded instead, and that waits for a moment at which the picture stands
 * still anyway: a pause, a jump, the end of what is known of the film.
 */
import type { Play } from '../../contracts/plays.ts';
import type { Joined } from './manifest-join.ts';

export type PlayingMoment = {
  paused: boolean;
  seeking: boolean;
  /** Seconds until the end of what the present manifest knows. */
  remainingS: number;
};

export type PublicationDeps = {
  join(play: Play, present: Play): Promise<Joined>;
  reload(play: Play): Promise<void>;
  moment(): PlayingMoment;
  onJoined(play: Play): void;
  onReloadFailed(error: unknown): void;
};

export type Publications = {
  /** The manifest of this play has been loaded. */
  loaded(play: Play): void;
  /** Whether a play with that publication is worth asking for. */
  wants(publication: number): boolean;
  /** Takes a newer publication in, now or when the moment comes. */
  offer(play: Play): Promise<void>;
  /** The film was paused, jumped or moved on. */
  moved(): void;
};

/** So near to the end of what is known there is no better moment to come. */
const REMAINING_MIN_S = 3;
/** A publication that cannot be joined is asked for again, but not at every heartbeat. */
const TRIES_MAX = 3;

/** More than what two ways of measuring one film differ by. */
function isLonger(next: Play, present: Play): boolean {
  return next.durationS > present.durationS + 1;
}

export function createPublications(deps: PublicationDeps): Publications {
  /** Until a manifest has been loaded there is nothing to join to. */
  let loaded: Play | undefined;
  let present = Number.POSITIVE_INFINITY;
  let awaiting: Play | undefined;
  const tries = new Map<number, number>();
  const wants = (publication: number) =>
    publication > present &&
    publication > (awaiting?.publication ?? 0) &&
    (tries.get(publication) ?? 0) < TRIES_MAX;
  const moved = () => {
    if (!awaiting || !loaded) return;
    const { paused, seeking, remainingS } = deps.moment();
    const runsOut = remainingS < REMAINING_MIN_S && isLonger(awaiting, loaded);
    if (!paused && !seeking && !runsOut) return;
    const play = awaiting;
    awaiting = undefined;
    deps.reload(play).catch(deps.onReloadFailed);
  };
  return {
    loaded: (play) => {
      loaded = play;
      present = play.publication;
      awaiting = undefined;
      tries.clear();
    },
    wants,
    offer: async (play) => {
      if (!loaded || !wants(play.publication)) return;
      tries.set(play.publication, (tries.get(play.publication) ?? 0) + 1);
      const joined = await deps.join(play, loaded).catch(() => undefined);
      if (joined?.way === 'reload') {
        awaiting = play;
        moved();
      } else if (joined) {
        present = Math.max(present, play.publication);
        deps.onJoined(play);
      }
    },
    moved,
  };
}
