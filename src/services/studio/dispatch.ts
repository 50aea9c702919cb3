/**
 * What goes to the queue next, so that titles share the fleet: of each title only so many tasks wait in the queue at a
 * time, and among the higher renditions the queue knows no order but age. A film of two hours thus stands in line with
 * a few chunks, like everybody else, and its next ones go to the end of the line. Pure.
 */
import { HIGHER_RUNGS, WHOLE_FILM } from './urgency.ts';

type Waiting = { id: string; state: string; priority: number };

const WINDOW_MIN = 8;
const CLASS = 100;
/** Tasks that no number of workers makes shorter: a large fleet would wait for them at the end. */
const WHOLE_KINDS: readonly string[] = ['analyse', 'encode-audio', 'images'];
/** From so many workers on, one at such a task is not missed by the chunks that viewers wait for. */
const LARGE_FLEET = 8;

/** Enough that no worker waits for the studio, few enough that a newcomer is served soon. */
export const windowFor = (workers: number) => Math.max(WINDOW_MIN, 2 * workers);

/** Titles are equals at their higher renditions; what somebody waits for keeps its order among all titles. */
export function queuePriority(
  { priority, kind }: { priority: number; kind: string },
  workers: number,
): number {
  const isEarly = workers >= LARGE_FLEET && WHOLE_KINDS.includes(kind);
  return Math.max(priority, isEarly ? WHOLE_FILM : HIGHER_RUNGS);
}

/** Tasks to send, most urgent first. `sent`: what the queue has already. */
export function dueTasks<T extends Waiting>(
  tasks: readonly T[],
  sent: ReadonlySet<string>,
  window: number,
): T[] {
  // What a worker has is sent again when the queue lost it; its place in the line is not counted.
  const due = tasks.filter(({ id, state }) => state === 'leased' && !sent.has(id));
  const room = new Map<number, number>();
  const roomOf = ({ priority }: T) => room.get(classOf(priority)) ?? window;
  const queued = tasks.filter(({ state }) => state === 'queued');
  for (const task of queued) {
    if (sent.has(task.id)) room.set(classOf(task.priority), roomOf(task) - 1);
  }
  for (const task of queued.toSorted(byUrgency)) {
    if (sent.has(task.id) || roomOf(task) <= 0) continue;
    room.set(classOf(task.priority), roomOf(task) - 1);
    due.push(task);
  }
  return due;
}

const classOf = (priority: number) => Math.ceil(priority / CLASS);
const byUrgency = (a: Waiting, b: Waiting) =>
  b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
