import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeJob, fakeTask } from './fake-jobs.testing.ts';
import { canRetry, countsWords, formatRate, formatSeconds, jobName, taskWords } from './job-words.ts';
import { taskFacts } from './task-facts.ts';

test('counts name only what there is, and what was taken over among it', () => {
  const { tasks } = fakeJob();
  assert.equal(countsWords(tasks), 'none yet');
  const some = { ...tasks, done: 12, reused: 4, leased: 2, failed: 1 };
  assert.equal(countsWords(some), '12 done (4 taken over), 2 being made, 1 set aside');
});

test('only what ended with a failure can be tried again', () => {
  const failed = { ...fakeJob().tasks, failed: 1 };
  assert.equal(canRetry(fakeJob({ tasks: failed })), false);
  assert.equal(canRetry(fakeJob({ state: 'ready' })), false);
  assert.equal(canRetry(fakeJob({ state: 'ready', tasks: failed })), true);
  assert.equal(canRetry(fakeJob({ state: 'cancelled' })), true);
});

test('a cell is told in words: name, state, how far, by whom, what went wrong', () => {
  const task = fakeTask({
    ...{ name: '720p-3', track: '720p', state: 'leased', progress: 0.438, worker: 'one', failures: 2 },
  });
  assert.equal(taskWords(task, '3'), '3, being made, 43 %, by one, failed 2 times');
  assert.equal(
    taskWords({ ...task, state: 'done', reused: true, failures: 0 }, '3'),
    '3, taken over from an earlier job',
  );
});

test('facts tell what a task waits for and leave out what is not known', () => {
  const chunks = [1, 2, 3, 4, 5, 6, 7].map((n) => fakeTask({ name: `c${n}`, track: 'v' }));
  const first = fakeTask({ name: 'c0', track: 'v', state: 'done' });
  const ids = [first, ...chunks].map(({ id }) => id);
  const last = fakeTask({
    name: 'package',
    track: 'v',
    state: 'waiting',
    dependsOn: ids,
    lost: 1,
    attempt: 2,
  });
  const facts = new Map(taskFacts(last, [first, ...chunks, last]));
  assert.equal(facts.get('Waits for'), 'c1, c2, c3, c4, c5 and 2 more (1 of 8 are done)');
  assert.equal(facts.get('Attempts'), '2 (1 lost with their worker)');
  assert.equal(facts.has('Worker'), false);
  assert.equal(new Map(taskFacts(first, [first, last])).get('Waited for by'), 'package');
});

test('rates and short times keep the figures that matter', () => {
  assert.equal(formatRate(145_000), '145 kbit/s');
  assert.equal(formatRate(999_600), '1.00 Mbit/s');
  assert.equal(formatRate(12_340_000), '12.3 Mbit/s');
  assert.equal(formatSeconds(3.04), '3.0 s');
  assert.equal(formatSeconds(null), 'not known');
});

test('a job is called by the file of its master, whatever folder that is in', () => {
  assert.equal(jobName({ name: '01m8c0/film one.mp4' }), 'film one.mp4');
  assert.equal(jobName({ name: 'film.mp4' }), 'film.mp4');
});
