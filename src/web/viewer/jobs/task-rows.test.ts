import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeTask } from './fake-jobs.testing.ts';
import { shortName, taskRows, walk } from './task-rows.ts';

const chunks = [1, 10, 2].map((n) => fakeTask({ name: `720p-${n}`, track: '720p' }));
const tasks = [
  fakeTask({ name: '720p-a-package', track: '720p', dependsOn: chunks.map(({ id }) => id) }),
  ...chunks,
  fakeTask({ name: 'images', track: 'images', priority: 9 }),
];

test('urgent tracks come first, a package after all that it waits for, chunks by their number', () => {
  const names = taskRows(tasks).map(({ track, tasks: own }) => [track, own.map(({ name }) => name)]);
  assert.deepEqual(names, [
    ['images', ['images']],
    ['720p', ['720p-1', '720p-2', '720p-10', '720p-a-package']],
  ]);
});

test('tasks that wait for each other in a circle are still shown', () => {
  const circle = [
    fakeTask({ name: 'a', track: 't', dependsOn: ['b'] }),
    fakeTask({ name: 'b', track: 't', dependsOn: ['a'] }),
  ];
  assert.equal(taskRows(circle)[0]?.tasks.length, 2);
});

test('keys walk along a track and to the next, and stop at the ends', () => {
  const rows = taskRows(tasks);
  assert.equal(walk(rows, '720p-1', 'ArrowRight'), '720p-2');
  assert.equal(walk(rows, '720p-1', 'ArrowLeft'), undefined);
  assert.equal(walk(rows, '720p-1', 'End'), '720p-a-package');
  assert.equal(walk(rows, '720p-10', 'ArrowUp'), 'images');
  assert.equal(walk(rows, 'images', 'ArrowDown'), '720p-1');
  assert.equal(walk(rows, 'images', 'x'), undefined);
  assert.equal(walk(rows, 'not there', 'Home'), undefined);
});

test('a name does not say its track twice', () => {
  assert.equal(shortName({ name: '720p-c0003', track: '720p' }), 'c0003');
  assert.equal(shortName({ name: 'images', track: 'images' }), 'images');
});
