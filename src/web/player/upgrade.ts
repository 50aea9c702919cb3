/**
 * Decides what to do about a newer publication of the film that plays. Joining it is always worth it and cannot be
 * noticed. When it has to be loaded instead, that waits for a moment at which the picture stands still anyway:
 * a pause, a seek, the end. A film whose known part is about to run out is the one case that cannot wait.
 */
export type UpgradeMoment = {
  paused: boolean;
  seeking: boolean;
  /** Seconds until the end of what the present manifest knows. */
  remainingS: number;
};

const REMAINING_MIN_S = 3;

export function mayReload({ paused, seeking, remainingS }: UpgradeMoment): boolean {
  return paused || seeking || remainingS < REMAINING_MIN_S;
}

/** Publications are asked for again when joining one failed, but not at every heartbeat. */
const TRIES_MAX = 3;

export type UpgradeTracker = {
  /** True when that publication should be fetched now. */
  wants(publication: number): boolean;
  done(publication: number): void;
  failed(publication: number): void;
};

export function createUpgradeTracker(present: number): UpgradeTracker {
  let shown = present;
  const tries = new Map<number, number>();
  return {
    wants: (publication) => publication > shown && (tries.get(publication) ?? 0) < TRIES_MAX,
    done: (publication) => {
      shown = Math.max(shown, publication);
      tries.clear();
    },
    failed: (publication) => {
      tries.set(publication, (tries.get(publication) ?? 0) + 1);
    },
  };
}
