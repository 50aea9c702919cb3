import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TaskSpec } from '../../contracts/tasks.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { watchFolder } from './disk-room.ts';
import { type FakeStudio, openFakeStudio, SECRET_MARK } from './fake-studio.ts';
import { FAST_X264, makeClip, printed, TEST_PICTURE } from './test-clips.ts';
import { createEncoderWorker } from './worker.ts';

let studio: FakeStudio;
let clip = '';

before(async () => {
  studio = await openFakeStudio();
  clip = join(studio.folder, 'clip.mp4');
  await makeClip(...TEST_PICTURE, '-t', '4', ...FAST_X264, clip);
});
after(() => studio[Symbol.asyncDispose]());

/** A chunk of 4 s whose slow preset and large size keep it busy for many seconds. */
function slowChunk(): TaskSpec {
  const rung = { name: '2160p', width: 3840, height: 2160, crf: 10, bitsPerSMax: 5e7, preset: 'veryslow' };
  const frameRate = { num: 30, den: 1 };
  const picture = { frameRate, startS: 0, deinterlace: false, toneMap: 'none' as const, fullRange: false };
  const range = { firstFrame: 0, frames: 120, gopFrames: 60, last: true };
  return { kind: 'encode-video', master: studio.url(clip), streamIndex: 0, rung, picture, ...range };
}

async function programsAtWork(): Promise<string> {
  const processes = await printed('ps', '-eo', 'pid,args');
  return processes
    .split('\n')
    .filter((line) => line.includes(studio.serverUrl) && line.includes('veryslow'))
    .join('\n');
}

async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await what()) return;
    await systemClock.sleep(20);
  }
  assert.fail('it did not happen within 10 s');
}

test('what an earlier run left in scratch is removed at the start', async () => {
  const scratch = join(studio.folder, 'scratch', 'tidy');
  await mkdir(join(scratch, 'task-old'), { recursive: true });
  await writeFile(join(scratch, 'task-old', 'video.mp4'), 'x');
  const stop = await studio.startWorker('tidy');
  await until(async () => (await readdir(scratch)).length === 0);
  await stop();
});

test('a lease that is lost kills the work at once and reports nothing', async () => {
  const stop = await studio.startWorker('loser');
  const run = studio.run(slowChunk(), { leaseS: 0.6 });
  let reported = false;
  void run.then(() => {
    reported = true;
  });
  await until(async () => (await programsAtWork()) !== '');
  studio.revoke(run.task);
  await until(async () => (await programsAtWork()) === '');
  const next = await studio.run({ kind: 'inspect', master: studio.url(clip), bytes: 1 });
  assert.equal(next.end, 'done');
  assert.equal(reported, false);
  assert.deepEqual(await readdir(join(studio.folder, 'scratch', 'loser')), []);
  await stop();
});

test('a worker whose machine goes gives back what it cannot finish, and takes nothing until that is taken back', async () => {
  let notice: { atMs: number } | undefined;
  const stop = await studio.startWorker('spot', { look: async () => notice });
  const run = studio.run(slowChunk());
  await until(async () => (await programsAtWork()) !== '');
  notice = { atMs: Date.now() + 12_000 };
  const end = await run;
  assert.ok(end.end === 'failed' && end.code === 'drained' && end.retry);
  assert.equal(await programsAtWork(), '');
  const next = studio.run({ kind: 'inspect', master: studio.url(clip), bytes: 1 });
  assert.equal(await Promise.race([next, systemClock.sleep(1500)]), undefined);
  notice = undefined;
  assert.equal((await next).end, 'done');
  await stop();
});

test('a stopping worker kills its program and gives the task back', async () => {
  const stop = await studio.startWorker('drainer');
  const run = studio.run(slowChunk());
  await until(async () => (await programsAtWork()) !== '');
  await stop();
  const end = await run;
  assert.ok(end.end === 'failed' && end.code === 'drained' && end.retry);
  assert.equal(await programsAtWork(), '');
});

test('a studio that is away is asked again until it answers', async () => {
  studio.away = true;
  const stop = await studio.startWorker('patient');
  const run = studio.run({ kind: 'inspect', master: studio.url(clip), bytes: 1 });
  await until(() => studio.logged.some((line) => line.includes('no lease could be asked for')));
  studio.away = false;
  assert.equal((await run).end, 'done');
  await stop();
});

test('heartbeats come with progress while the work goes on', async () => {
  const stop = await studio.startWorker('beater');
  const run = studio.run(slowChunk(), { leaseS: 0.3 });
  await until(() => studio.heartbeats.filter((beat) => beat.task === run.task).length >= 3);
  await stop();
  for (const { progress } of studio.heartbeats) assert.ok(progress >= 0 && progress < 1);
});

test('a master that cannot be reached is a failure to try again, never a refusal', async () => {
  const stop = await studio.startWorker('cut-off');
  const end = await studio.run({
    kind: 'inspect',
    master: `${studio.serverUrl}/in/none?${SECRET_MARK}`,
    bytes: 9,
  });
  assert.ok(end.end === 'failed' && end.code === 'input_unreachable' && end.retry);
  await stop();
});

test('a master that is not an HTTP URL is never opened', async () => {
  const stop = await studio.startWorker('careful');
  const end = await studio.run({ kind: 'inspect', master: '/etc/passwd', bytes: 9 });
  assert.ok(end.end === 'failed' && !end.retry);
  await stop();
});

test('no signature of a presigned URL gets into the log', () => {
  assert.ok(studio.logged.length > 0);
  assert.deepEqual(
    studio.logged.filter((line) => line.includes(SECRET_MARK)),
    [],
  );
});

test('a worker answers no requests and is not ready before it runs', async () => {
  const programs = { ffmpeg: '', ffprobe: '', packager: '' };
  const deps = { studio: studio.client, clock: systemClock, log: silentLog, programs };
  const worker = createEncoderWorker(deps, {
    name: 'idle',
    scratch: join(studio.folder, 'idle'),
    threads: 1,
  });
  const context = { rawTarget: '/x', remoteAddress: 'in-process', trusted: true };
  assert.equal((await worker.handle(new Request('http://h/x'), context)).status, 404);
  assert.equal(worker.health().ready, false);
});

test('encodes run at low priority, and the kernel takes them first when memory runs out', {
  skip: process.platform !== 'linux' && 'only Linux tells',
}, async () => {
  const stop = await studio.startWorker('modest', undefined, {}, { memoryBytesMax: 8e9 });
  const run = studio.run(slowChunk());
  await until(async () => (await programsAtWork()) !== '');
  const pid = Number((await programsAtWork()).trim().split(' ')[0]);
  assert.equal((await printed('ps', '-o', 'ni=', '-p', String(pid))).trim(), '10');
  assert.equal((await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).trim(), '500');
  await stop();
  assert.equal((await run).end === 'failed' && (await programsAtWork()), '');
});

test('a program that takes more memory than it may is ended, and the task says so', {
  skip: process.platform !== 'linux' && 'memory is watched on Linux only',
}, async () => {
  const stop = await studio.startWorker('lean', undefined, {}, { memoryBytesMax: 100 * 1024 * 1024 });
  const end = await studio.run(slowChunk());
  assert.ok(end.end === 'failed' && end.code === 'memory_exceeded', JSON.stringify(end));
  assert.match(end.message, /held \d+ MiB of memory; it may hold 100 MiB/);
  assert.equal(await programsAtWork(), '');
  assert.deepEqual(await readdir(join(studio.folder, 'scratch', 'lean')), []);
  await stop();
});

test('a worker without room for temporary files takes nothing and says why', async () => {
  const stop = await studio.startWorker('cramped', undefined, {}, { diskBytesMax: 1024 * 1024 });
  await until(() => studio.troubles.length > 0);
  assert.match(studio.troubles[0] ?? '', /disk is full: 1 MiB are left/);
  await stop();
});

test('a task that takes more temporary disk than it may is stopped with the figures', async () => {
  const folder = join(studio.folder, 'large');
  await mkdir(folder);
  await writeFile(join(folder, 'video.mp4'), Buffer.alloc(3 * 1024 * 1024));
  const over = new AbortController();
  await watchFolder(systemClock, folder, 2 * 1024 * 1024, over, over.signal);
  assert.match(over.signal.reason.message, /took 3 MiB of temporary disk; it may take 2 MiB/);
});
