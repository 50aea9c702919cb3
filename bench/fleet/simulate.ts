/**
 * A fleet in simulated time: the studio's own planner, ladder, dispatch and order of work, with workers that take as long
 * as a model says and encode nothing. The queue is one list in the order of the port's contract; publishing and the first
 * light, whose spans stand for the chunks of the lowest rung, are left out.
 */
import type { PictureAnalysis } from '../../src/contracts/analysis.ts';
import type { Inspection } from '../../src/contracts/tasks.ts';
import { chooseLadder } from '../../src/services/studio/choose-ladder.ts';
import { dueTasks, queuePriority, windowFor } from '../../src/services/studio/dispatch.ts';
import type { GridConfig } from '../../src/services/studio/grid.ts';
import { type Plan, type PlannedTask, planFilm } from '../../src/services/studio/plan.ts';
import type { LadderPreset } from '../../src/services/studio/presets.ts';
import { INSPECT } from '../../src/services/studio/urgency.ts';
import { createTimeline } from './timeline.ts';

export type Film = { found: Inspection; analysis: PictureAnalysis };
/** Milliseconds that a worker needs from lease to report. */
export type Model = (task: Pick<PlannedTask, 'kind' | 'cost' | 'name'>, film: Film) => number;
export type Fleet = {
  films: readonly Film[];
  workers: number;
  model: Model;
  grid: GridConfig;
  preset: Extract<LadderPreset, { kind: 'per-title' }>;
};
export type Outcome = {
  /** From the arrival of all films to the end of the last. */
  wallMs: number;
  /** Sum of what all tasks took. */
  workMs: number;
  tasks: number;
  /** What ended last, from the end backwards: each task with the one whose end it waited for. */
  path: Array<{ name: string; kind: string; ms: number }>;
};

type Task = PlannedTask & { id: string; state: 'waiting' | 'queued' | 'leased' | 'done'; cause?: Task };
type Title = { film: Film; plan: Plan | undefined; tasks: Task[]; isWoken: boolean };

/** From a report to the studio's look at the title, and from there to the workers that wait. */
const LOOK_MS = 50;

export function simulate({ films, workers, model, grid, preset }: Fleet): Outcome {
  const time = createTimeline();
  const sent = new Set<string>();
  const line: Array<{ task: Task; title: Title; priority: number }> = [];
  let idle = workers;
  let workMs = 0;
  let count = 0;
  let last: Task | undefined;

  const titles = films.map((film, at): Title => {
    const inspect = taskOf({
      name: 'inspect',
      track: 'inspect',
      kind: 'inspect',
      priority: INSPECT,
      cost: 0,
    });
    return { film, plan: undefined, isWoken: false, tasks: [{ ...inspect, id: `${at}-inspect` }] };
  });

  function add(title: Title, planned: readonly PlannedTask[], cause: Task): void {
    const at = titles.indexOf(title);
    for (const task of planned) {
      const state = task.waits ? ('waiting' as const) : ('queued' as const);
      title.tasks.push({ ...task, id: `${at}-${task.name}`, state, cause });
    }
  }

  function wake(title: Title): void {
    if (title.isWoken) return;
    title.isWoken = true;
    time.after(LOOK_MS, () => {
      title.isWoken = false;
      for (const task of dueTasks(title.tasks, sent, windowFor(workers))) {
        line.push({ task, title, priority: queuePriority(task, workers) });
        sent.add(task.id);
      }
      serve();
    });
  }

  function serve(): void {
    while (idle > 0 && line.length > 0) {
      // Equal ones in the order in which they came.
      let best = 0;
      for (let at = 1; at < line.length; at++) {
        if ((line[at]?.priority ?? 0) > (line[best]?.priority ?? 0)) best = at;
      }
      const [next] = line.splice(best, 1);
      if (next) start(next.task, next.title);
    }
  }

  function start(task: Task, title: Title): void {
    task.state = 'leased';
    idle -= 1;
    const ms = model(task, title.film);
    workMs += ms;
    count += 1;
    time.after(ms, () => {
      idle += 1;
      task.state = 'done';
      last = task;
      follow(task, title);
      wake(title);
      serve();
    });
  }

  /** What `results.ts` of the studio does in its rows. */
  function follow(task: Task, title: Title): void {
    const { found, analysis } = title.film;
    if (task.kind === 'inspect') {
      const { plan, tasks } = planFilm(found, grid, { name: 'per-title', preset });
      title.plan = plan;
      add(title, tasks, task);
    } else if (task.kind === 'analyse' && title.plan) {
      const { plan, tasks } = chooseLadder(found, title.plan, grid, preset, analysis);
      title.plan = plan;
      add(title, tasks, task);
    }
    const open = title.tasks.filter(({ track, state }) => track === task.track && state !== 'done');
    const [wrap] = open;
    if (open.length === 1 && wrap?.state === 'waiting') {
      wrap.state = 'queued';
      wrap.cause = task;
    }
  }

  for (const title of titles) wake(title);
  time.run();
  const path: Outcome['path'] = [];
  for (let task = last; task; task = task.cause) {
    path.push({
      name: task.name,
      kind: task.kind,
      ms: model(task, (titles[Number.parseInt(task.id, 10)] as Title).film),
    });
  }
  return { wallMs: time.nowMs(), workMs, tasks: count, path: path.reverse() };
}

/** The inspection's, which the studio makes before there is a plan. */
function taskOf(of: Pick<PlannedTask, 'name' | 'track' | 'kind' | 'priority' | 'cost'>): Omit<Task, 'id'> {
  const spec = { kind: 'inspect', master: '', bytes: 0 } as const;
  return { ...of, spec, waits: false, state: 'queued' };
}
