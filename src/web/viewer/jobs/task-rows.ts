/** A job's tasks as rows of tracks, each in the order that its tasks depend on each other, and walks between them. Pure. */
import type { JobTask } from '../../../contracts/jobs.ts';

export type TaskRow = { track: string; tasks: readonly JobTask[] };

const natural = new Intl.Collator('en', { numeric: true });

/** Tracks in the order of their most urgent task; within one, what others wait for comes first, then by name. */
export function taskRows(tasks: readonly JobTask[]): TaskRow[] {
  const depths = depthsOf(tasks);
  const depth = (task: JobTask) => depths.get(task.id) ?? 0;
  const rows = [...Map.groupBy(tasks, ({ track }) => track)].map(([track, own]) => ({
    track,
    tasks: own.toSorted((a, b) => depth(a) - depth(b) || natural.compare(a.name, b.name)),
  }));
  const urgency = (row: TaskRow) => Math.max(...row.tasks.map(({ priority }) => priority));
  return rows.sort((a, b) => urgency(b) - urgency(a) || natural.compare(a.track, b.track));
}

/** How many tasks stand one behind the other before a task; a circle, which there should not be, ends the count. */
function depthsOf(tasks: readonly JobTask[]): ReadonlyMap<string, number> {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const depths = new Map<string, number>();
  const visit = (task: JobTask): number => {
    const known = depths.get(task.id);
    if (known !== undefined) return known;
    depths.set(task.id, 0);
    const before = task.dependsOn.flatMap((id) => byId.get(id) ?? []);
    const own = before.reduce((most, one) => Math.max(most, visit(one) + 1), 0);
    depths.set(task.id, own);
    return own;
  };
  for (const task of tasks) visit(task);
  return depths;
}

/** A task's name without that of its track, where the track says it already. */
export function shortName({ name, track }: Pick<JobTask, 'name' | 'track'>): string {
  const rest = name.startsWith(track) ? name.slice(track.length).replace(/^[-/.: ]+/, '') : name;
  return rest === '' ? name : rest;
}

/** The task that a key leads to from another, or undefined when it is no key for this or leads nowhere. */
export function walk(rows: readonly TaskRow[], from: string, key: string): string | undefined {
  const at = rows.findIndex(({ tasks }) => tasks.some(({ id }) => id === from));
  const row = rows[at];
  if (!row) return undefined;
  const place = row.tasks.findIndex(({ id }) => id === from);
  const beside = (other: TaskRow | undefined) => other?.tasks[Math.min(place, other.tasks.length - 1)]?.id;
  switch (key) {
    case 'ArrowRight':
      return row.tasks[place + 1]?.id;
    case 'ArrowLeft':
      return row.tasks[place - 1]?.id;
    case 'ArrowDown':
      return beside(rows[at + 1]);
    case 'ArrowUp':
      return beside(rows[at - 1]);
    case 'Home':
      return row.tasks[0]?.id;
    case 'End':
      return row.tasks.at(-1)?.id;
    default:
      return undefined;
  }
}
