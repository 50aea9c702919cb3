/**
 * Takes titles forward. A look at a title computes from its rows what is missing and does just that: sends tasks,
 * publishes, ends, tells. Nothing is remembered between looks that a restart would miss, so after any crash the next
 * look goes on where the last one was.
 */
import { isMatineeError } from '../../platform/errors.ts';
import type { Queue } from '../../ports/queue/queue.ts';
import { dueTasks, queuePriority, windowFor } from './dispatch.ts';
import { growLight } from './grow.ts';
import { dismissLight } from './light.ts';
import { IMAGES_TRACK } from './plan.ts';
import { intend, type PublishDeps, publish } from './publish.ts';
import { isActive, lockTitle, readTitle, updateTitle } from './rows.ts';
import { mayLeave } from './sidecars.ts';
import type { TitleRow } from './tables.ts';
import type { Teller } from './teller.ts';
import { stopTitle } from './title-removal.ts';
import { readiness, type TaskState } from './tracks.ts';
import type { Wakeups } from './wakeups.ts';
import type { WorkerBoard } from './worker-board.ts';

export type ConductorDeps = PublishDeps & {
  queue: Queue;
  teller: Teller;
  wakeups: Wakeups;
  board: WorkerBoard;
};
export type ConductorConfig = { mediaBucket: string; taskQueue: string };

const TITLES_AT_ONCE = 4;
const COUNT_EVERY_MS = 5000;
const SEND_JOBS = 500;
/** How often every title with open ends is looked at, whether or not something is known to have happened. */
const SURVEY_MS = 10_000;
/** How often tasks are sent again; the queue takes those only that it has lost. */
const RESEND_MS = 60_000;
/** Trouble that goes on is logged this often. */
const LOG_EVERY_MS = 30_000;

export type Conductor = ReturnType<typeof createConductor>;

export function createConductor(deps: ConductorDeps, config: ConductorConfig) {
  const { db, queue, clock, log, teller, wakeups } = deps;
  const { mediaBucket, taskQueue } = config;
  const sent = new Set<string>();
  let fleet = { atMs: Number.NEGATIVE_INFINITY, workers: 0 };
  let loggedAtMs = Number.NEGATIVE_INFINITY;

  /** Asked for now and then. */
  async function workersNow(): Promise<number> {
    if (clock.monotonic() - fleet.atMs >= COUNT_EVERY_MS) {
      fleet = { atMs: clock.monotonic(), workers: await deps.board.count() };
    }
    return fleet.workers;
  }

  async function look(id: string, signal: AbortSignal): Promise<void> {
    const title = await readTitle(db, id);
    if (!title || title.state === 'removed') return;
    try {
      const tasks = isActive(title) ? await readTasks(title) : [];
      await sendTasks(title, tasks);
      // What the catalog still believes to play is taken back before it hears of a refusal.
      let trouble: unknown;
      const isNews = await growLight(deps, mediaBucket, title, signal).catch((error: unknown) => {
        if (title.state === 'refused' || isMatineeError(error, 'not_found')) throw error;
        trouble = error;
        return false;
      });
      const now = isNews ? ((await readTitle(db, id)) ?? title) : title;
      // The stage is told before the work, since both may take a while.
      if (await teller.tell(now, tasks, signal)) wakeups.nudge(id);
      if (now.state === 'encoding') await publishOrEnd(now, tasks, signal);
      if (trouble !== undefined) throw trouble;
      if (!isActive(title) && title.state !== 'uploading') teller.forget(id);
    } catch (error) {
      if (!isMatineeError(error, 'not_found')) throw error;
      log.info('the catalog does not have a title any more; its work stops', { title: id });
      teller.forget(id);
      await stopTitle(deps, taskQueue, id);
    }
  }

  function readTasks({ title, version }: TitleRow): Promise<TaskState[]> {
    return db
      .selectFrom('studio.tasks')
      .select(['id', 'track', 'kind', 'state', 'cost', 'progress', 'priority'])
      .where('title', '=', title)
      .where('version', '=', version)
      .execute();
  }

  /** Sends what the queue may not have. A key that it has already is not taken twice. */
  async function sendTasks({ title }: TitleRow, tasks: readonly TaskState[]): Promise<void> {
    for (const { id, state } of tasks) if (state !== 'queued' && state !== 'leased') sent.delete(id);
    const workers = await workersNow();
    const due = dueTasks(tasks, sent, windowFor(workers));
    for (let at = 0; at < due.length; at += SEND_JOBS) {
      const batch = due.slice(at, at + SEND_JOBS);
      const jobs = batch.map((task) => {
        return { payload: { task: task.id, title }, key: task.id, priority: queuePriority(task, workers) };
      });
      await queue.send(taskQueue, jobs);
      for (const { id } of batch) sent.add(id);
    }
  }

  async function publishOrEnd(
    title: TitleRow,
    tasks: readonly TaskState[],
    signal: AbortSignal,
  ): Promise<void> {
    if (!title.plan) return;
    const { tracks, complete } = readiness(title.plan, IMAGES_TRACK, tasks);
    const isNews = tracks && !isPublished(title, tracks);
    const pending = title.pending ?? (isNews ? await intend(db, title, tracks) : undefined);
    if (pending) {
      // A replaced master's event comes by itself and starts over, so nothing is left to do here.
      if (await publish(deps, mediaBucket, title, pending, signal)) wakeups.wake(title.title);
      return;
    }
    if (complete && tracks) await end(title);
  }

  async function end(title: TitleRow): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const now = await lockTitle(tx, title.title);
      if (now?.state !== 'encoding' || now.version !== title.version) return;
      await updateTitle(tx, title.title, { state: 'ready' });
      await dismissLight(tx, clock, now);
    });
    wakeups.wake(title.title);
  }

  async function lookSafely(id: string, signal: AbortSignal): Promise<void> {
    try {
      await look(id, signal);
    } catch (error) {
      if (signal.aborted) return;
      wakeups.nudge(id);
      const nowMs = clock.monotonic();
      if (nowMs - loggedAtMs < LOG_EVERY_MS) return;
      loggedAtMs = nowMs;
      log.warn('a title could not be taken forward; it is tried again', { title: id, error });
    }
  }

  /** Looks at titles as they are woken. */
  async function conduct(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const titles = await wakeups.take(signal);
      for (let at = 0; at < titles.length; at += TITLES_AT_ONCE) {
        const batch = titles.slice(at, at + TITLES_AT_ONCE);
        await Promise.all(batch.map((id) => lookSafely(id, signal)));
      }
    }
  }

  /** Wakes every title with open ends, at the start and every few seconds. */
  async function survey(signal: AbortSignal): Promise<void> {
    let resentAtMs = clock.monotonic();
    while (!signal.aborted) {
      try {
        if (clock.monotonic() - resentAtMs >= RESEND_MS) {
          sent.clear();
          resentAtMs = clock.monotonic();
        }
        const rows = await db
          .selectFrom('studio.titles')
          .select('title')
          .where('state', '!=', 'removed')
          .where(({ or, eb }) => or([eb('state', 'in', ['inspecting', 'encoding']), eb('told', 'is', null)]))
          .orderBy('created_ms')
          .execute();
        for (const { title } of rows) wakeups.wake(title);
      } catch (error) {
        if (!signal.aborted) log.warn('the open titles could not be read', { error });
      }
      await clock.sleep(SURVEY_MS, signal).catch(() => undefined);
    }
  }

  return { conduct, survey };
}

/** Whether all of it is published, and nothing that the plan has no longer. */
function isPublished({ published, plan, version }: TitleRow, tracks: readonly string[]): boolean {
  if (published?.version !== version) return false;
  const texts = plan?.text.map(({ id }) => id) ?? [];
  const isGone = (track: string) => mayLeave(track) && !texts.includes(track);
  return tracks.every((track) => published.tracks.includes(track)) && !published.tracks.some(isGone);
}
