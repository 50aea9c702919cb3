import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MatineeError } from '../../../platform/errors.ts';
import { createFakeDeps, createFakeServer, fakeFile, TEXT_45 } from './fake-server.testing.ts';
import { PartFailure } from './send-part.ts';
import { FileUnreadable, type RunListener, runUpload, type SourceFile } from './upload-run.ts';

const never = new AbortController().signal;

function listener(): RunListener & { waits: unknown[]; sent: number[] } {
  const waits: unknown[] = [];
  const sent: number[] = [];
  return {
    ...{ waits, sent },
    onOpened: () => undefined,
    onSent: (bytes) => sent.push(bytes),
    onWait: (error) => waits.push(error),
    onFinishing: () => undefined,
  };
}

/** A fault that strikes the first `times` of one kind of request. */
function strike(what: string, times: number, error: () => unknown) {
  let left = times;
  return (asked: string) => {
    if (asked === what && left-- > 0) throw error();
  };
}

test('a file arrives whole, in parts, at most three at a time', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  const heard = listener();
  server.order((what) =>
    what.startsWith('part') ? new Promise((resolve) => setTimeout(resolve, 10)) : undefined,
  );
  const title = await runUpload(fakeFile('film.mp4', TEXT_45), deps, heard, never);
  assert.equal(server.stored.get('film.mp4'), TEXT_45);
  assert.equal(server.titles.get(title), 'ingesting');
  assert.deepEqual(server.sentParts.toSorted(), [1, 2, 3, 4, 5]);
  assert.equal(server.concurrentMax(), 3);
  assert.equal(heard.sent.at(-1), 45);
  assert.deepEqual(deps.remembered.all(), []);
});

test('a part is sent again after waits that grow, and only that part', async () => {
  const server = createFakeServer();
  const { deps, slept } = createFakeDeps(server);
  server.order(strike('part 2', 3, () => new PartFailure('connection', 'lost')));
  await runUpload(fakeFile('film.mp4', TEXT_45), deps, listener(), never);
  assert.equal(server.stored.get('film.mp4'), TEXT_45);
  assert.deepEqual(slept, [375, 750, 1500]);
  assert.equal(server.sentParts.length, 5);
});

test('an expired URL is signed anew', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  const signed: string[] = [];
  const expire = strike('part 1', 1, () => new PartFailure('expired', 'too late'));
  server.order((what) => {
    if (what === 'POST uploads parts') signed.push(what);
    expire(what);
  });
  await runUpload(fakeFile('film.mp4', TEXT_45), deps, listener(), never);
  assert.equal(server.stored.get('film.mp4'), TEXT_45);
  assert.equal(signed.length, 2);
});

test('after a reload the same file sends only what is missing', async () => {
  const server = createFakeServer();
  const first = createFakeDeps(server);
  const stop = new AbortController();
  server.order((what) => {
    if (what === 'part 4') stop.abort(new Error('tab closed'));
  });
  await assert.rejects(runUpload(fakeFile('film.mp4', TEXT_45), first.deps, listener(), stop.signal));
  server.order(() => undefined);
  const before = server.sentParts.splice(0);
  assert.ok(before.length > 0 && before.length < 5);

  const second = createFakeDeps(server, first.storage);
  const heard = listener();
  await runUpload(fakeFile('film.mp4', TEXT_45), second.deps, heard, never);
  assert.equal(server.stored.get('film.mp4'), TEXT_45);
  assert.deepEqual([...before, ...server.sentParts].toSorted(), [1, 2, 3, 4, 5]);
  assert.ok((heard.sent[0] ?? 0) >= before.length * 5, 'progress starts from what is there');
  assert.equal(server.titles.size, 1, 'it is still the same title');
});

test('a remembered upload that the server has swept is begun anew', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  const file = fakeFile('film.mp4', TEXT_45);
  const { name, size, lastModified } = file;
  deps.remembered.keep({ uploadId: 'swept', titleId: 't', name, size, lastModified, at: 999_999 });
  await runUpload(file, deps, listener(), never);
  assert.equal(server.stored.get('film.mp4'), TEXT_45);
});

test('an upload that is taken away while it runs fails, and is not begun again by itself', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  server.order((what) => {
    if (what === 'part 3') server.uploads.clear();
  });
  const running = runUpload(fakeFile('film.mp4', TEXT_45), deps, listener(), never);
  await assert.rejects(running, (error) => error instanceof PartFailure && error.kind === 'gone');
  assert.deepEqual(deps.remembered.all(), []);
});

test('a lost reply to the joining counts as joined', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  server.order(strike('completed', 1, () => new TypeError('network')));
  const title = await runUpload(fakeFile('film.mp4', TEXT_45), deps, listener(), never);
  assert.equal(server.titles.get(title), 'ingesting');
});

test('a part that the store lost is found at the joining and sent again', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  const lose = strike('POST uploads complete', 1, () => 'lose');
  server.order((what) => {
    try {
      lose(what);
    } catch {
      for (const { parts } of server.uploads.values()) parts.delete(2);
    }
  });
  await runUpload(fakeFile('film.mp4', TEXT_45), deps, listener(), never);
  assert.equal(server.stored.get('film.mp4'), TEXT_45);
  assert.deepEqual(server.sentParts.slice(5), [2]);
});

test('a server that keeps failing is given up on, and what it said is the reason', async () => {
  const server = createFakeServer();
  const { deps, slept } = createFakeDeps(server);
  server.order(strike('POST uploads', 100, () => new MatineeError('unavailable', 'starting')));
  const heard = listener();
  const running = runUpload(fakeFile('film.mp4', TEXT_45), deps, heard, never);
  await assert.rejects(running, (error) => (error as MatineeError).code === 'unavailable');
  assert.equal(slept.length, 5);
  assert.equal(heard.waits.length, 5);
});

test('a refusal ends it at once, in every lane', async () => {
  const server = createFakeServer();
  const { deps, slept } = createFakeDeps(server);
  server.order((what) => {
    if (what === 'part 1') throw new PartFailure('refused', 'EntityTooLarge');
    if (what.startsWith('part')) return new Promise(() => undefined);
  });
  const running = runUpload(fakeFile('film.mp4', TEXT_45), deps, listener(), never);
  await assert.rejects(running, (error) => (error as PartFailure).kind === 'refused');
  assert.deepEqual(slept, []);
});

test('a file that cannot be read any more is told apart from a broken connection', async () => {
  const server = createFakeServer();
  const { deps } = createFakeDeps(server);
  server.order(strike('part 1', 100, () => new PartFailure('connection', 'lost')));
  const file = fakeFile('film.mp4', TEXT_45);
  const unreadable = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
  const moved = { name: file.name, size: file.size, type: '', lastModified: 1 } as SourceFile;
  moved.slice = (from, to) => Object.assign(file.slice(from, to), { arrayBuffer: unreadable });
  await assert.rejects(runUpload(moved, deps, listener(), never), FileUnreadable);
});
