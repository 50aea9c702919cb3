import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createFakeDeps,
  createFakeServer,
  createFakeStorage,
  fakeFile,
  TEXT_45,
} from './fake-server.testing.ts';
import { PartFailure } from './send-part.ts';
import { createUploadList, isUnderWay, type UploadList, type UploadPhase } from './upload-list.ts';

async function until(list: UploadList, index: number, phase: UploadPhase): Promise<void> {
  for (let turns = 0; turns < 500; turns++) {
    if (list.views()[index]?.phase === phase) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never ${phase}: ${JSON.stringify(list.views())}`);
}

function setUp(storage = createFakeStorage(), server = createFakeServer()) {
  const { deps, endShown } = createFakeDeps(server, storage);
  return { server, storage, deps, endShown, list: createUploadList(deps) };
}

/** Holds every part after the first one until it is let go. */
function holdParts(server: ReturnType<typeof createFakeServer>) {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  server.order((what) => (what.startsWith('part') && what !== 'part 1' ? held : undefined));
  return () => {
    server.order(() => undefined);
    letGo();
  };
}

test('files go one after the other and end with their titles', async () => {
  const { list, server } = setUp();
  const letGo = holdParts(server);
  assert.deepEqual(list.add([fakeFile('a.mp4', TEXT_45), fakeFile('b.mp4', 'short')]), []);
  await until(list, 0, 'sending');
  assert.equal(list.views()[1]?.phase, 'queued');
  assert.ok(list.views().every(isUnderWay));
  letGo();
  await until(list, 1, 'done');
  assert.deepEqual([...server.stored.keys()], ['a.mp4', 'b.mp4']);
  assert.ok(list.views().every(({ titleId, sent, size }) => titleId !== null && sent === size));
});

test('a pause stops the bytes; going on sends what is missing', async () => {
  const { list, server } = setUp();
  const letGo = holdParts(server);
  list.add([fakeFile('a.mp4', TEXT_45)]);
  await until(list, 0, 'sending');
  while (server.sentParts.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const key = list.views()[0]?.key as string;
  list.pause(key);
  await until(list, 0, 'paused');
  letGo();
  assert.equal(list.views().some(isUnderWay), false);
  list.resume(key);
  await until(list, 0, 'done');
  assert.equal(server.stored.get('a.mp4'), TEXT_45);
  assert.equal(server.sentParts.filter((part) => part === 1).length, 1);
});

test('an upload that went well leaves the list after a while', async () => {
  const { list, endShown } = setUp();
  list.add([fakeFile('a.mp4', 'short')]);
  await until(list, 0, 'done');
  endShown();
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(list.views(), []);
});

test('giving one up frees its parts at the server and starts the next', async () => {
  const { list, server, deps } = setUp();
  const letGo = holdParts(server);
  list.add([fakeFile('a.mp4', TEXT_45), fakeFile('b.mp4', 'short')]);
  await until(list, 0, 'sending');
  while (server.uploads.size === 0) await new Promise((resolve) => setImmediate(resolve));
  await list.remove(list.views()[0]?.key as string);
  letGo();
  await until(list, 0, 'done');
  assert.deepEqual([...server.stored.keys()], ['b.mp4']);
  assert.equal(server.uploads.size, 0);
  assert.deepEqual(deps.remembered.all(), []);
});

test('the next visit shows what was left, and the same file goes on with it', async () => {
  const first = setUp();
  holdParts(first.server);
  first.list.add([fakeFile('a.mp4', TEXT_45)]);
  while (first.server.sentParts.length === 0) await new Promise((resolve) => setImmediate(resolve));

  const { list, server } = setUp(first.storage, first.server);
  server.order(() => undefined);
  await list.recall(new AbortController().signal);
  const [left] = list.views();
  assert.equal(left?.phase, 'interrupted');
  assert.equal(left?.sent, 10);
  list.add([fakeFile('a.mp4', TEXT_45)]);
  assert.equal(list.views().length, 1);
  await until(list, 0, 'done');
  assert.equal(server.stored.get('a.mp4'), TEXT_45);
});

test('what the server has swept is not offered', async () => {
  const { list, deps } = setUp();
  deps.remembered.keep({ uploadId: 'x', titleId: 't', name: 'a', size: 1, lastModified: 1, at: 999_999 });
  await list.recall(new AbortController().signal);
  assert.deepEqual([list.views(), deps.remembered.all()], [[], []]);
});

test('a broken connection shows as waiting, in words, and passes', async () => {
  const { list, server } = setUp();
  let left = 3;
  server.order((what) => {
    if (what === 'part 1' && left-- > 0) throw new PartFailure('connection', 'lost');
  });
  const phases = new Set<UploadPhase>();
  list.subscribe(() => phases.add(list.views()[0]?.phase as UploadPhase));
  list.add([fakeFile('a.mp4', 'short')]);
  await until(list, 0, 'done');
  assert.deepEqual(
    [...phases],
    ['queued', 'sending', 'waiting', 'sending', 'finishing', 'done'].filter(unique),
  );
});

test('a failure is told in words and can be tried again; an empty file is refused', async () => {
  const { list, server } = setUp();
  server.order((what) => {
    if (what === 'part 1') throw new PartFailure('refused', 'EntityTooLarge');
  });
  assert.equal(list.add([fakeFile('empty', ''), fakeFile('a.mp4', TEXT_45)]).length, 1);
  await until(list, 0, 'failed');
  assert.match(list.views()[0]?.words ?? '', /did not take it/);
  server.order(() => undefined);
  list.resume(list.views()[0]?.key as string);
  await until(list, 0, 'done');
});

function unique<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}
