import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueTasks, queuePriority, windowFor } from './dispatch.ts';
import { LIGHT_SPANS, urgency } from './urgency.ts';

const task = (id: string, priority = 590, state = 'queued') => ({
  id,
  priority,
  state,
  kind: 'encode-video',
});
const many = (count: number, name: string) =>
  Array.from({ length: count }, (_, at) => task(`${name}-${String(at).padStart(4, '0')}`));

/** One queue, one worker: the title of each task in the order in which they are done. */
function serve(titles: Record<string, Array<ReturnType<typeof task>>>, window: number): string[] {
  const done: string[] = [];
  const queue: Array<{ title: string; id: string; priority: number }> = [];
  const sent = new Set<string>();
  for (;;) {
    for (const [title, tasks] of Object.entries(titles)) {
      for (const due of dueTasks(tasks, sent, window)) {
        queue.push({ title, id: due.id, priority: queuePriority(due, 1) });
        sent.add(due.id);
      }
    }
    const most = Math.max(...queue.map(({ priority }) => priority));
    const at = queue.findIndex(({ priority }) => priority === most);
    const [next] = at < 0 ? [] : queue.splice(at, 1);
    if (!next) return done;
    const of = (titles[next.title] ?? []).find(({ id }) => id === next.id);
    if (of) of.state = 'done';
    done.push(next.title);
  }
}

test('a short title among long ones gets its share, and so do the long ones', () => {
  const order = serve({ long: many(300, 'l'), short: many(10, 's'), other: many(300, 'o') }, 8);
  const ends = order.lastIndexOf('short');
  assert.ok(ends < 3 * 10 + 3 * 8, `the short one was done after ${ends} tasks`);
  assert.ok(order.slice(0, ends).filter((name) => name === 'long').length >= 10);
  assert.equal(order.length, 610);
});

test('what somebody waits for comes before the rest, also of its own title', () => {
  const titles = { a: [...many(50, 'a'), task('first', 900)], b: many(50, 'b') };
  assert.equal(serve(titles, 8)[0], 'a');
  const due = dueTasks([...many(50, 'a'), task('first', 900)], new Set(many(8, 'a').map(({ id }) => id)), 8);
  assert.deepEqual(
    due.map(({ id }) => id),
    ['first'],
  );
});

test('what a worker has is sent again when the queue has lost it', () => {
  assert.deepEqual(
    dueTasks([task('x', 590, 'leased'), task('y', 590, 'done')], new Set(), 8).map(({ id }) => id),
    ['x'],
  );
});

test('the line is long enough for every worker', () => {
  assert.ok(windowFor(200) >= 200);
  assert.ok(windowFor(0) >= 1);
});

test('a large fleet begins with what no number of workers makes shorter, a small one with what viewers wait for', () => {
  const chunk = queuePriority({ priority: urgency({ part: 'first-light' }), kind: 'encode-video' }, 200);
  const span = LIGHT_SPANS.priorityOf(1000);
  for (const [part, kind] of [
    ['analysis', 'analyse'],
    ['images', 'images'],
  ] as const) {
    const priority = urgency({ part });
    assert.ok(queuePriority({ priority, kind }, 2) < chunk);
    assert.ok(queuePriority({ priority, kind }, 32) > chunk);
    assert.ok(queuePriority({ priority, kind }, 32) < span, 'what a viewer watches comes first in any fleet');
  }
});
