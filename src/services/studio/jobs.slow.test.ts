import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { Lease } from '../../contracts/tasks.ts';
import { systemClock } from '../../platform/clock.ts';
import { refOf } from './fake-fleet.ts';
import { isReady, isRefused, isRung, openRig, type Rig } from './rig.testing.ts';
import { someAudio } from './studio.testing.ts';

let rig: Rig;
before(async () => {
  const prices = { coreHour: 0.05, egressGb: 0.02 };
  const codecs = ['av1'] as const;
  rig = await openRig({ workKeptS: 3600, codecs, prices, coreHour: prices.coreHour, expectedViews: 1 });
});
after(() => rig?.[Symbol.asyncDispose]());
beforeEach(() => {
  rig.fleet.conduct = () => 'do';
  rig.fleet.leases.length = 0;
  rig.fleet.refusals.length = 0;
});

const encodes = () =>
  rig.fleet.leases
    .filter(({ spec }) => spec.kind === 'encode-video' || spec.kind === 'encode-audio')
    .map(({ task }) => task);

async function until<T>(
  what: string,
  get: () => Promise<T | undefined | false>,
  waitMs = 15_000,
): Promise<T> {
  for (const end = Date.now() + waitMs; ; ) {
    const found = await get();
    if (found) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await systemClock.sleep(30);
  }
}
const jobIs = (job: string, state: string) =>
  until(`${job} ${state}`, async () => {
    const detail = await rig.jobs.getJob({ params: { job } });
    return detail.job.state === state ? detail : undefined;
  });

test('a job is shown in full, and what it took when it has ended', async () => {
  await rig.put('shown.mp4', { durationS: 50, audio: [someAudio({ index: 1 })] });
  const { id } = await rig.until('shown.mp4', isReady);
  const { job, tasks, workers, inspection } = await jobIs(`${id}-1`, 'ready');
  assert.equal(job.name, 'shown.mp4');
  assert.ok(job.endedAt !== null && job.progress === 1 && (job.actual.cpuS ?? 0) > 0);
  assert.equal(job.tasks.done, tasks.length);
  const { estimate, actual } = job;
  assert.ok((estimate.cpuS ?? 0) > 1 && (estimate.wallS ?? 0) > 1 && (estimate.bytes ?? 0) > 1e6);
  assert.ok((actual.bytes ?? 0) > 0 && (estimate.money ?? 0) > 0 && actual.money !== undefined);
  const report = await (await rig.ask(`/api/jobs/${job.id}/report?format=html`)).text();
  assert.match(report, /Off by[\s\S]*Bytes published/);
  const pack = tasks.find(({ kind, track }) => kind === 'package' && track === '360p');
  assert.deepEqual(pack?.dependsOn.toSorted(), [`${id}-1-360p-0001`, `${id}-1-360p-0002`]);
  // The package of the first light is put together from its spans, without a worker.
  const worked = tasks.filter(({ attempt }) => attempt > 0);
  assert.equal(worked.length, tasks.length - 1);
  assert.ok(worked.every(({ worker, startedAt, endedAt }) => worker && startedAt && endedAt));
  assert.deepEqual(
    workers.map(({ name }) => name),
    ['worker-1', 'worker-2'],
  );
  assert.equal(inspection?.durationS, 50);
  const master = await rig.jobs.getMasterReport({ params: { id } });
  assert.deepEqual([master.job, master.inspection], [`${id}-1`, inspection]);
  const { jobs } = await rig.jobs.listJobs({ query: { title: id } });
  assert.deepEqual(
    jobs.map((each) => each.id),
    [`${id}-1`],
  );
});

test('expected views of an object or of an operator decide on newer codecs, and the decision is shown', async () => {
  await rig.put('wide.mp4', { durationS: 10, width: 1280, height: 720 }, { 'expected-views': '7' });
  const { id } = await rig.until('wide.mp4', isReady);
  const first = await jobIs(`${id}-1`, 'ready');
  const [decision] = first.codecs ?? [];
  assert.deepEqual([decision?.codec, decision?.made, decision?.views], ['av1', false, 7]);
  const expectedViews = decision?.viewsNeeded ?? 0;
  const { job } = await rig.jobs.reencodeTitle({ body: { title: id, expectedViews } });
  const second = await jobIs(job, 'ready');
  assert.deepEqual([second.codecs?.[0]?.made, second.codecs?.[0]?.views], [true, expectedViews]);
  assert.ok(second.tasks.some(({ track }) => track === '720p-av1'));
  assert.match(await (await rig.ask(`/api/jobs/${job}/report?format=html`)).text(), /AV1 is made/);
  // It stays what is expected of the title.
  const again = await rig.jobs.reencodeTitle({ body: { title: id } });
  assert.equal((await jobIs(again.job, 'ready')).codecs?.[0]?.views, expectedViews);
});

test('a re-encode of the same encodes nothing; of a changed parameter, only what it changes', async () => {
  await rig.put('again.mp4', { durationS: 50, audio: [someAudio({ index: 1 })] });
  const { id } = await rig.until('again.mp4', isReady);
  assert.equal(
    encodes().length,
    3,
    'two chunks of a rung and the sound; the lowest rung came as the first light',
  );
  // The lowest rung is made in chunks now, once.
  const whole = await rig.jobs.reencodeTitle({ body: { title: id } });
  await jobIs(whole.job, 'ready');
  assert.equal(encodes().length, 5);
  rig.fleet.leases.length = 0;
  const { job } = await rig.jobs.reencodeTitle({ body: { title: id } });
  const same = await jobIs(job, 'ready');
  assert.deepEqual([encodes(), same.job.tasks.reused], [[], 5]);
  // What an older way of encoding would have left: other digests for the lower rung.
  await rig.db
    .updateTable('studio.results')
    .set({ digest: sql`digest || '-other'` })
    .where('title', '=', id)
    .where('prefix', 'like', '%240p%')
    .execute();
  const changed = await rig.jobs.reencodeTitle({ body: { title: id } });
  await jobIs(changed.job, 'ready');
  assert.deepEqual(
    encodes().toSorted(),
    ['0001', '0002'].map((chunk) => `${changed.job}-240p-${chunk}`),
  );
});

test('a task that always fails is set aside with its evidence, and made when it is tried again by hand', async () => {
  rig.fleet.conduct = (lease) => (isRung(lease, '360p') ? { fail: 'program_failed', retry: false } : 'do');
  await rig.put('poison.mp4', {});
  const { id } = await rig.until('poison.mp4', isReady);
  const { job, tasks } = await jobIs(`${id}-1`, 'ready');
  assert.equal(job.tasks.failed, 1);
  const poison = tasks.find(({ state }) => state === 'failed') ?? assert.fail();
  assert.equal(poison.lastFailure?.code, 'program_failed');
  const params = { job: job.id, task: poison.id };
  const { evidence } = await rig.jobs.getTaskEvidence({ params });
  assert.deepEqual(
    evidence.map(({ code, message, attempt }) => [code, message, attempt]),
    [['program_failed', 'it was program_failed', 1]],
  );
  rig.fleet.conduct = () => 'do';
  await rig.jobs.retryTask({ params });
  await until('the rung that was missing', async () =>
    rig.catalog.titleOf('poison.mp4')?.publications.at(-1)?.renditions.includes('360p'),
  );
  const after = await jobIs(`${id}-1`, 'ready');
  assert.deepEqual([after.job.tasks.failed, after.job.reason], [0, null]);
  await assert.rejects(rig.jobs.retryJob({ params: { job: job.id } }), { code: 'conflict' });
});

test('a cancelled job stops its workers, and goes on from what was done when it is tried again', async () => {
  const held = Promise.withResolvers<void>();
  // One chunk alone: were all workers held, none would be left for the sound.
  const isHeld = (lease: Lease) =>
    isRung(lease, '360p') && lease.spec.kind === 'encode-video' && lease.spec.firstFrame === 0;
  rig.fleet.conduct = (lease) => (isHeld(lease) ? { wait: held.promise } : 'do');
  await rig.put('cancelled.mp4', { durationS: 50, audio: [someAudio({ index: 1 })] });
  const { id } = await rig.until(
    'cancelled.mp4',
    () => rig.fleet.leases.some(({ task }) => task.endsWith('-a1-package')) && rig.fleet.leases.some(isHeld),
  );
  const params = { job: `${id}-1` };
  await rig.jobs.cancelJob({ params });
  const { job } = await rig.jobs.getJob({ params });
  assert.deepEqual([job.state, job.tasks.leased, job.tasks.queued], ['cancelled', 0, 0]);
  held.resolve();
  await until('the worker hears of it', async () => rig.fleet.refusals.includes('stale_attempt'));
  rig.fleet.conduct = () => 'do';
  rig.fleet.leases.length = 0;
  await rig.jobs.retryJob({ params });
  await jobIs(`${id}-2`, 'ready');
  assert.ok(
    encodes().length > 0 && !encodes().some((task) => task.endsWith('-a1-encode')),
    String(encodes()),
  );
  await assert.rejects(rig.jobs.cancelJob({ params }), { code: 'conflict' });
});

test('a re-encode with another preset makes the other ladder, and one with an unknown preset is refused', async () => {
  await rig.put('preset.mp4', {});
  const { id } = await rig.until('preset.mp4', isReady);
  const { job } = await rig.jobs.reencodeTitle({ body: { title: id, preset: 'per-title' } });
  const { job: done, tasks, ladder } = await jobIs(job, 'ready');
  assert.equal(done.preset, 'per-title');
  assert.ok(ladder && ladder.metric === 'ssim' && ladder.points.length > 0 && ladder.hull.length > 0);
  assert.deepEqual(
    ladder.chosen.map(({ name }) => name).toSorted(),
    [...new Set(tasks.filter(({ kind }) => kind === 'encode-video').map(({ track }) => track))].toSorted(),
  );
  assert.ok(tasks.some(({ kind }) => kind === 'analyse'));
  rig.fleet.leases.length = 0;
  const again = await rig.jobs.reencodeTitle({ body: { title: id } });
  await jobIs(again.job, 'ready');
  assert.ok(!rig.fleet.leases.some(({ spec }) => spec.kind === 'analyse' || spec.kind === 'encode-video'));
  const unknown = rig.jobs.reencodeTitle({ body: { title: id, preset: 'no-such' } });
  await assert.rejects(unknown, { code: 'invalid_request' });
});

test('a refused film can be tried again by hand', async () => {
  rig.fleet.conduct = ({ spec }) =>
    spec.kind === 'glance' || spec.kind.startsWith('encode')
      ? { fail: 'program_failed', retry: false }
      : 'do';
  await rig.put('refused.mp4', {});
  const { id } = await rig.until('refused.mp4', isRefused);
  rig.fleet.conduct = () => 'do';
  await rig.jobs.retryJob({ params: { job: `${id}-1` } });
  await rig.until('refused.mp4', isReady);
});

test('a lost worker is noticed within ten seconds, and its task is another’s', async () => {
  let lostAt = 0;
  let task = '';
  rig.fleet.conduct = (lease) => {
    if (lostAt > 0 || !isRung(lease, '360p')) return 'do';
    lostAt = Date.now();
    task = lease.task;
    return 'vanish';
  };
  await rig.put('lost.mp4', {});
  await until('a second attempt', async () =>
    rig.fleet.leases.some((l) => l.task === task && l.attempt === 2),
  );
  assert.ok(Date.now() - lostAt < 10_500, `${Date.now() - lostAt} ms`);
  const { id } = await rig.until('lost.mp4', isReady);
  const { tasks } = await jobIs(`${id}-1`, 'ready');
  const found = tasks.find((each) => each.id === task);
  assert.deepEqual([found?.lost, found?.lastFailure?.code], [1, 'lost']);
});

test('a worker without room for a task is not given it, and operators see why', async () => {
  await using rig = await openRig();
  await rig.fleet.stop();
  await rig.put('small.mp4', {});
  const ask = (more: { roomBytes?: number; trouble?: string }) =>
    rig.studio.leaseTask({ body: { worker: 'small', waitS: 2, ...more } });
  const trouble = async (title: string) => {
    const { job } = await rig.jobs.getJob({ params: { job: `${title}-1` } });
    assert.ok(job);
    const { workers } = await rig.jobs.getJob({ params: { job: `${title}-1` } });
    return workers.find(({ name }) => name === 'small')?.trouble;
  };
  const { id } = await rig.until('small.mp4', ({ now }) => now.state === 'ingesting');
  assert.equal((await ask({ roomBytes: 1024 })).lease, null);
  assert.match(
    (await trouble(id)) ?? '',
    /^(glance|inspect) needs 16 MiB of temporary disk, and 0 MiB are free$/,
  );
  assert.equal((await ask({ trouble: 'its disk is full' })).lease, null);
  assert.equal(await trouble(id), 'its disk is full');
  let lease = (await ask({ roomBytes: 1e9 })).lease;
  for (let tries = 0; !lease && tries < 5; tries++) lease = (await ask({ roomBytes: 1e9 })).lease;
  assert.ok(lease);
  assert.equal(await trouble(id), null);
  const beat = (trouble: string | null) =>
    rig.studio.heartbeatTask({
      params: { task: lease.task },
      body: { attempt: lease.attempt, progress: 0, trouble },
    });
  await beat('the store is full');
  assert.equal(await trouble(id), 'the store is full');
  await beat(null);
  assert.equal(await trouble(id), null);
});

test('an encoded chunk that is gone from the store is made again', async () => {
  let broken = false;
  rig.fleet.conduct = (lease) => {
    if (broken || lease.spec.kind !== 'package' || lease.spec.inputs.length !== 2) return 'do';
    broken = true;
    const { key } = refOf(lease.spec.inputs[1] as string);
    return { remove: key, fail: 'input_corrupted', retry: true, badInputs: [1] };
  };
  await rig.put('chunk.mp4', { durationS: 50 });
  const { id } = await rig.until('chunk.mp4', isReady);
  assert.ok(broken);
  const again = rig.fleet.leases.filter(({ task, attempt }) => task.startsWith(id) && attempt > 1);
  assert.deepEqual(
    again.map(({ task }) => task.replace(/.*-1-/, '')),
    ['360p-0002', '360p-package'],
  );
});

test('a poll that brings no news costs a 304', async () => {
  const first = await rig.ask('/api/jobs');
  const etag = first.headers.get('etag') ?? '';
  const second = await rig.ask('/api/jobs', { headers: { 'if-none-match': etag } });
  assert.deepEqual([first.status, second.status], [200, 304]);
  const { jobs } = (await first.json()) as { jobs: Array<{ id: string }> };
  const report = await rig.ask(`/api/jobs/${jobs[0]?.id}/report?format=html`);
  assert.match(report.headers.get('content-type') ?? '', /text.html/);
  assert.match(await report.text(), /<h1>Encoding of .*mp4/);
  assert.equal((await rig.ask(`/api/jobs/${'0'.repeat(26)}-1`)).status, 404);
});
