import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Lease } from '../../contracts/tasks.ts';
import { isEncode, isReady, isRefused, isRung, openRig, type Rig } from './rig.testing.ts';
import { someAudio, someText } from './studio.testing.ts';

let rig: Rig;
before(async () => {
  rig = await openRig();
});
after(() => rig?.[Symbol.asyncDispose]());
beforeEach(() => {
  rig.fleet.conduct = () => 'do';
  rig.fleet.leases.length = 0;
  rig.fleet.refusals.length = 0;
  rig.catalog.failPublish = false;
  rig.catalog.away = false;
});

test('a worker that dies loses its task and nothing else; the late finisher is refused', async () => {
  let dead: Lease | undefined;
  rig.fleet.conduct = (lease) => {
    if (dead || !isRung(lease, '240p')) return 'do';
    dead = lease;
    return 'vanish';
  };
  await rig.put('dead.mp4', { durationS: 50 });
  const title = await rig.until('dead.mp4', ({ now }) => dead !== undefined && now.stage === 'Encoding 240p');
  await rig.until('dead.mp4', () =>
    rig.fleet.leases.some(({ task, attempt }) => task === dead?.task && attempt === 2),
  );
  const lost = dead ?? assert.fail();
  const params = { task: lost.task };
  const result = { kind: 'encode-video' as const, file: 'video.mp4', bytes: 1, frames: 576, cpuS: 1 };
  const stale = /stale_attempt|not_found/;
  await assert.rejects(rig.studio.completeTask({ params, body: { attempt: 1, result } }), ({ code }) =>
    stale.test(code),
  );
  await assert.rejects(rig.studio.heartbeatTask({ params, body: { attempt: 1, progress: 1 } }), ({ code }) =>
    stale.test(code),
  );
  await assert.rejects(rig.studio.signOutputs({ params, body: { attempt: 1, names: ['a'] } }), ({ code }) =>
    stale.test(code),
  );
  const failure = { attempt: 1, code: 'x', message: 'x', retry: false };
  await assert.rejects(rig.studio.failTask({ params, body: failure }), ({ code }) => stale.test(code));
  await rig.until('dead.mp4', isReady);
  assert.equal(title.now.reason, null);
  assert.equal(
    rig.fleet.leases.filter(({ task }) => task.startsWith(title.id)).length,
    2 + kindCount(title.id),
  );
});

const kindCount = (id: string) =>
  new Set(rig.fleet.leases.filter(({ task }) => task.startsWith(id)).map(({ task }) => task)).size - 1;

test('a result that does not answer its task is refused', async () => {
  const held = Promise.withResolvers<void>();
  let lease: Lease | undefined;
  rig.fleet.conduct = (granted) => {
    if (granted.spec.kind !== 'encode-video' || granted.spec.last) return 'do';
    lease ??= granted;
    return { wait: held.promise };
  };
  await rig.put('wrong.mp4', { durationS: 50 });
  await rig.until('wrong.mp4', () => lease !== undefined);
  const { task, attempt } = lease as Lease;
  const complete = (result: Parameters<typeof rig.studio.completeTask>[0]['body']['result']) =>
    rig.studio.completeTask({ params: { task }, body: { attempt, result } });
  await assert.rejects(complete({ kind: 'extract-text', file: null, cues: 0 }), { code: 'invalid_request' });
  const short = { kind: 'encode-video' as const, file: 'video.mp4', bytes: 1, frames: 3, cpuS: 1 };
  await assert.rejects(complete(short), { code: 'invalid_request' });
  held.resolve();
  await rig.until('wrong.mp4', isReady);
});

test('a lowest rung that cannot be encoded refuses the film, and the same bytes may be tried again', async () => {
  rig.fleet.conduct = (lease) => (isRung(lease, '240p') ? { fail: 'program_failed', retry: false } : 'do');
  await rig.put('broken.mp4', {});
  const title = await rig.until('broken.mp4', isRefused);
  assert.equal(title.now.reasonCode, 'undecodable');
  assert.equal((await rig.queue.depth('tasks')).waiting, 0);
  rig.fleet.conduct = () => 'do';
  await rig.put('broken.mp4', {});
  await rig.until('broken.mp4', isReady);
  assert.equal(title.now.reason, null);
});

test('a failure that passes is tried again, and does not cost the film', async () => {
  const failed = new Set<string>();
  rig.fleet.conduct = (lease) => {
    if (failed.has(lease.task) || lease.spec.kind === 'inspect') return 'do';
    failed.add(lease.task);
    return { fail: 'drained', retry: true };
  };
  await rig.put('drained.mp4', { audio: [someAudio({ index: 1 })] });
  const title = await rig.until('drained.mp4', isReady);
  assert.ok(failed.size >= 5);
  assert.equal(title.now.reason, null);
});

test('the film goes on without what nobody needs to see it', async () => {
  rig.fleet.conduct = (lease) => {
    const { spec } = lease;
    const lost = spec.kind === 'images' || spec.kind === 'extract-text' || isRung(lease, '360p');
    const language = spec.kind === 'encode-audio' && spec.streamIndex === 2;
    return lost || language ? { fail: 'wrong_output', retry: false } : 'do';
  };
  const audio = [someAudio({ index: 1, language: 'en' }), someAudio({ index: 2, language: 'de' })];
  await rig.put('less.mp4', { audio, text: [someText({ index: 3 })] });
  const title = await rig.until('less.mp4', isReady);
  const last = title.publications.at(-1);
  assert.deepEqual(
    [last?.renditions, last?.audioLanguages, last?.captionLanguages, last?.poster],
    [['240p'], ['en'], [], null],
  );
  assert.match(title.now.reason ?? '', /could not be made/);
});

test('a stream without sound and captions without cues are left out silently', async () => {
  rig.fleet.conduct = ({ spec }) => {
    if (spec.kind === 'encode-audio' && spec.streamIndex === 1) {
      return { result: { kind: 'encode-audio', file: null, bytes: 0, cpuS: 0 } };
    }
    if (spec.kind === 'extract-text') return { result: { kind: 'extract-text', file: null, cues: 0 } };
    return 'do';
  };
  await rig.put('silent.mp4', { audio: [someAudio({ index: 1 })], text: [someText({ index: 2 })] });
  const title = await rig.until('silent.mp4', isReady);
  const last = title.publications.at(-1);
  assert.deepEqual([last?.audioLanguages, last?.captionLanguages, title.now.reason], [[], [], null]);
});

test('tasks that the queue has lost are sent again', async () => {
  const held = Promise.withResolvers<void>();
  rig.fleet.conduct = ({ spec }) =>
    isEncode(spec) && !(spec.kind === 'first-light' && spec.firstSegment === 1)
      ? { wait: held.promise }
      : 'do';
  await rig.put('requeued.mp4', { durationS: 200 });
  const title = await rig.until('requeued.mp4', ({ now }) => now.stage === 'Encoding 240p');
  const rows = await rig.db.selectFrom('studio.tasks').select('id').where('title', '=', title.id).execute();
  await rig.queue.cancel(
    'tasks',
    rows.map(({ id }) => id),
  );
  await rig.crash();
  held.resolve();
  await rig.until('requeued.mp4', isReady);
});
