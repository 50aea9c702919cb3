/** How far the tracks of a title have come, and what could be published now. Pure. */
import { isGenerated } from './generated-text.ts';
import type { Plan } from './plan.ts';
import type { TaskRow } from './tables.ts';

/** The part of a task's row that decisions are made from. */
export type TaskState = Pick<TaskRow, 'id' | 'track' | 'kind' | 'state' | 'cost' | 'progress' | 'priority'>;

export type TrackState = 'open' | 'done' | 'dropped';

export function trackState(tasks: readonly TaskState[], track: string): TrackState {
  const own = tasks.filter((task) => task.track === track);
  if (own.length === 0 || own.some(({ state }) => state === 'dropped')) return 'dropped';
  return own.every(({ state }) => state === 'done') ? 'done' : 'open';
}

export type Readiness = {
  /** Ids of tracks to publish; undefined while the first light is missing. */
  tracks: string[] | undefined;
  /** Whether no track is still open. */
  complete: boolean;
};

/** A film can be played when its lowest rung is there, with all sound (in AAC) and text, so that nothing changes under a viewer. */
export function readiness(plan: Plan, imagesTrack: string, tasks: readonly TaskState[]): Readiness {
  const rungs = plan.rungs.map(({ name }) => name);
  const isFirst = ({ codec }: Plan['audio'][number]) => codec === undefined;
  const beside = [...plan.audio.filter(isFirst), ...plan.text.filter((one) => !isGenerated(one))].map(
    ({ id }) => id,
  );
  const more = plan.audio.filter((one) => !isFirst(one)).map(({ id }) => id);
  const generated = plan.text.filter(isGenerated).map(({ id }) => id);
  const all = [...rungs, ...beside, ...more, ...generated, imagesTrack];
  const states = new Map(all.map((track) => [track, trackState(tasks, track)]));
  const lit =
    states.get(rungs[0] as string) === 'done' && beside.every((track) => states.get(track) !== 'open');
  const tracks = lit ? all.filter((track) => states.get(track) === 'done') : undefined;
  // Rungs are still to come while an analysis is under way.
  const isKnown = plan.ladder?.state !== 'pending';
  return { tracks, complete: isKnown && all.every((track) => states.get(track) !== 'open') };
}
