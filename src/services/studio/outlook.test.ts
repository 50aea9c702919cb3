import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outlookOf } from './outlook.ts';
import { planFilm } from './plan.ts';
import { STANDARD, someAudio, someInspection } from './studio.testing.ts';
import type { TitleRow } from './tables.ts';
import type { TaskState } from './tracks.ts';

const inspection = someInspection({ durationS: 50, audio: [someAudio({ index: 1 })] });
const { plan, tasks: planned } = planFilm(inspection, { segmentS: 4, chunkS: 24, gopS: 2 }, STANDARD);

function row(of: Partial<TitleRow>): TitleRow {
  return {
    ...{ title: 't', bucket: 'b', key: 'k', state: 'encoding', created_ms: 0, last_sequence: 0 },
    ...{ upload_id: null, received: null, expected: null },
    ...{ etag: '"e"', master_bytes: 9, master_modified_ms: 0, version: 1 },
    ...{ inspection, plan, light: null, published: null, pending: null, publications: 0 },
    ...{ progress: 0, reason: null, reason_code: null, told: null, expected_views: null, preset: '' },
    ...{ encryption: '', content_keys: null },
    ...of,
  };
}
const fresh = (): TaskState[] =>
  planned.map((task) => ({ ...task, id: task.name, state: 'queued', progress: 0 }));
const start = { ms: 0, share: 0 };
const published = { number: 1, version: 1, tracks: ['240p'] };

test('progress goes from the first byte to ready and the stage says what is worked on', () => {
  const seen: Array<[string, number]> = [];
  const look = (of: Partial<TitleRow>, tasks: TaskState[] = []) => {
    const { stage, progress } = outlookOf(row(of), tasks, start, 0);
    seen.push([stage, progress]);
  };
  look({ state: 'uploading', received: 0, expected: 10 });
  look({ state: 'uploading', received: 10, expected: 10 });
  look({ state: 'inspecting' });
  const tasks = fresh();
  look({}, tasks);
  for (const match of [
    '240p-0001',
    '240p-0002',
    '240p-package',
    'a1-encode',
    'a1-package',
    '360p',
    'images',
  ]) {
    for (const task of tasks) if (task.id.startsWith(match)) task.state = 'done';
    look({}, tasks);
  }
  look({ state: 'ready' });
  const stages = [...new Set(seen.map(([stage]) => stage))];
  assert.deepEqual(stages, [
    ...['Uploading', 'Inspecting', 'Encoding 240p', 'Encoding sound', 'Encoding 360p'],
    ...['Publishing', 'Ready'],
  ]);
  const progress = seen.map(([, value]) => value);
  assert.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  );
  assert.deepEqual([progress[0], progress[1], progress.at(-1)], [0, 0.2, 1]);
});

test('progress that was told is never taken back', () => {
  assert.equal(outlookOf(row({ progress: 0.7 }), fresh(), start, 0).progress, 0.7);
});

test('the time left comes from the work done since the studio began to watch', () => {
  const tasks = fresh();
  assert.equal(outlookOf(row({}), tasks, start, 5000).etaS, null);
  for (const task of tasks) Object.assign(task, { state: 'leased', progress: 0.25 });
  assert.equal(outlookOf(row({}), tasks, start, 10_000).etaS, 30);
  assert.equal(outlookOf(row({}), tasks, { ms: 8000, share: 0.2 }, 10_000).etaS, 30);
});

test('a film that plays stays in the state of one, whatever becomes of a newer master', () => {
  const look = (of: Partial<TitleRow>) => outlookOf(row({ published, version: 2, ...of }), fresh(), start, 0);
  assert.equal(look({ state: 'inspecting' }).state, 'playable');
  assert.equal(look({ state: 'encoding' }).state, 'playable');
  assert.equal(
    look({ state: 'encoding' }).durationS,
    undefined,
    'the older film plays, which is told already',
  );
  const refused = look({ state: 'refused', reason: 'why', reason_code: 'truncated' });
  assert.deepEqual([refused.state, refused.reason, refused.progress], ['ready', 'why', 1]);
});
