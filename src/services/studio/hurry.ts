/**
 * A viewer of a growing title waits at a position: the span there is cut out of the span that it lies in, and made
 * before all others but openings. What is done already, or in the hands of a worker, is let be.
 */
import type { Queue } from '../../ports/queue/queue.ts';
import { type LightSpec, type Span, spanTask } from './light-plan.ts';
import { insertTasks, lockTitle } from './rows.ts';
import type { Db } from './tables.ts';
import { LIGHT_SPANS } from './urgency.ts';

export type HurryDeps = { db: Db; queue: Queue; wake(title: string): void };

/** Segments that a viewer waits for together: few, so that they come soon. */
const HURRIED_SEGMENTS = 2;
/** What is likely to be wanted next goes right behind. */
const NEXT_SEGMENTS = 6;

export async function hurry(
  { db, queue, wake }: HurryDeps,
  taskQueue: string,
  id: string,
  positionS: number,
): Promise<void> {
  const cancelled = await db.transaction().execute(async (tx) => {
    const title = await lockTitle(tx, id);
    const light = title?.light;
    if (!title || light?.state !== 'growing') return [];
    const wanted = Math.min(light.plan.segments, Math.floor(positionS / light.plan.grid.segmentS) + 1);
    const queued = await tx
      .selectFrom('studio.tasks')
      .select(['id', 'spec', 'priority'])
      .where('title', '=', id)
      .where('version', '=', title.version)
      .where('kind', '=', 'first-light')
      .where('state', '=', 'queued')
      .where('priority', '<', LIGHT_SPANS.hurried)
      .execute();
    const changed = queued.flatMap(({ id, spec, priority }) => {
      const spans = spec.kind === 'first-light' ? cut(spec, wanted, priority) : [];
      return spans.every((span) => span.priority === priority) ? [] : [{ id, spans }];
    });
    const ids = changed.map((task) => task.id);
    if (ids.length === 0) return [];
    await tx.deleteFrom('studio.tasks').where('id', 'in', ids).execute();
    // A name of its own for each extent and urgency: the queue may still have the former task.
    const tasks = changed.flatMap(({ spans }) =>
      spans.map((span) => spanTask(light.plan, span, `-${span.count}-${span.priority}`)),
    );
    await insertTasks(tx, id, title.version, tasks);
    return ids;
  });
  if (cancelled.length === 0) return;
  await queue.cancel(taskQueue, cancelled);
  wake(id);
}

const countOf = ({ frames, segmentFrames }: LightSpec) => Math.ceil(frames / segmentFrames);

/** A span in up to four: what is before, what is wanted, what is wanted next, and the rest. */
function cut(spec: LightSpec, wanted: number, priority: number): Span[] {
  const { firstSegment: from } = spec;
  const end = from + countOf(spec);
  const marks = [wanted, wanted + HURRIED_SEGMENTS, wanted + HURRIED_SEGMENTS + NEXT_SEGMENTS];
  const cuts = [from, ...marks.filter((at) => at > from && at < end), end];
  return cuts.slice(0, -1).map((first, at) => {
    const count = (cuts[at + 1] as number) - first;
    const isWanted = first >= wanted && first < wanted + HURRIED_SEGMENTS;
    const isNext = !isWanted && first >= wanted && first < wanted + HURRIED_SEGMENTS + NEXT_SEGMENTS;
    const urgency = isWanted ? LIGHT_SPANS.hurried : isNext ? LIGHT_SPANS.hurried - 1 : priority;
    return { first, count, urgent: isWanted, priority: urgency };
  });
}
