/**
 * Workers, the planner and the whole program killed at random moments of an encode, and an encoded chunk whose bytes
 * change in the store: the title becomes ready each time with the same decoded frames as an undisturbed run, and no
 * temporary file is left.
 *
 * MATINEE_KILLS=20 kills so often; MATINEE_KILL_SEED begins with the seed that a failure printed.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { JobDetail } from '../../src/contracts/jobs.ts';
import { getJson, play, postJson, titleOf, waitForState } from '../api.ts';
import { makeClip } from '../clips.ts';
import { type Installation, startInstallation } from '../installation.ts';
import { findUnit } from '../processes.ts';

const BUCKET = 'films';
const MEDIA_BUCKET = 'matinee-media';
const KILLS = Number(process.env.MATINEE_KILLS ?? 1);
const SEED = Number(process.env.MATINEE_KILL_SEED ?? 1);
/** The program takes names that begin like this for its settings, and these are none. */
const CLEARED = { MATINEE_KILLS: undefined, MATINEE_KILL_SEED: undefined };
const READY_MS = 240_000;

const run = promisify(execFile);
let installation: Installation;
let folder: string;
let s3: S3Client;
let clip: Buffer;
let undisturbed: string[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-clips-'));
  installation = await startInstallation({
    env: { ...CLEARED, MATINEE_ENCODERS: '2', MATINEE_LADDER: 'standard' },
  });
  const credentials = await installation.credentials();
  const at = { endpoint: installation.door, region: 'us-east-1', forcePathStyle: true, credentials };
  s3 = new S3Client({ ...at, maxAttempts: 5 });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  clip = await readFile(
    await makeClip(join(folder, 'clip.mp4'), { seconds: 50, size: '640x360', rate: '10' }),
  );
  await put('undisturbed.mp4');
  undisturbed = await framesOf('undisturbed.mp4');
});
after(async () => {
  s3?.destroy();
  await installation?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function put(key: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: clip }));
}

/** Waits until the title is ready; gives a digest of the decoded pictures and sound of each rendition. */
async function framesOf(key: string): Promise<string[]> {
  const { title } = await waitForState(
    installation.web,
    { bucket: BUCKET, key },
    ['ready', 'refused'],
    READY_MS,
  );
  assert.equal(title.state, 'ready', title.reason ?? '');
  const { manifests } = await play(installation.web, title.id);
  const args = ['-v', 'error', '-i', manifests.hls, '-map', '0:v', '-map', '0:a', '-f', 'streamhash', '-'];
  const { stdout, stderr } = await run('ffmpeg', ['-nostdin', ...args], { timeout: 120_000 });
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
}

async function untilEncoding(key: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const title = await titleOf(installation.web, BUCKET, key);
    if (title && title.state !== 'uploading') return;
  }
  throw new Error('never taken in');
}

function randomOf(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const VICTIMS = ['--name=encoder-1', '--name=encoder-2', '--unit=control', 'all'] as const;

async function kill(victim: (typeof VICTIMS)[number]): Promise<void> {
  if (victim === 'all') {
    await installation.killAll();
    await installation.start();
    return;
  }
  process.kill(await findUnit(installation.pids(), victim), 'SIGKILL');
  if (victim !== '--unit=control') return;
  // It is started again by the supervisor; viewers and uploaders find nobody until then.
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
    const isReady = await fetch(`${installation.web}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
  }
  throw new Error('the control process did not come back');
}

test(`${KILLS} kills at random moments: each time ready, with the same frames, and nothing left behind`, async (t) => {
  for (let at = 0; at < KILLS; at++) {
    const seed = SEED + at;
    const random = randomOf(seed);
    const victim = VICTIMS[(SEED + at) % VICTIMS.length] ?? 'all';
    const key = `killed-${seed}.mp4`;
    await put(key);
    await untilEncoding(key);
    const waitMs = Math.floor(random() * 6000);
    await sleep(waitMs);
    await kill(victim);
    const what = `MATINEE_KILL_SEED=${seed}: ${victim} killed after ${waitMs} ms`;
    assert.deepEqual(await framesOf(key), undisturbed, what);
    t.diagnostic(what);
  }
  await nothingLeft();
});

/** Workers tidy up when a task ends, and what a killed one left when they start. */
async function nothingLeft(): Promise<void> {
  const scratch = join(installation.folder, 'scratch');
  const left = async () =>
    (await Promise.all((await readdir(scratch)).map((name) => readdir(join(scratch, name))))).flat();
  for (const end = Date.now() + 10_000; (await left()).length > 0 && Date.now() < end; ) await sleep(200);
  assert.deepEqual(await left(), []);
}

test('an encoded chunk whose bytes change in the store is noticed and made again', async () => {
  const key = 'undisturbed.mp4';
  const id = (await titleOf(installation.web, BUCKET, key))?.id ?? '';
  const encodeAnew = async (): Promise<JobDetail> => {
    const { job } = await postJson<{ job: string }>(`${installation.web}/api/jobs`, { title: id }, 202);
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(200)) {
      const detail = await getJson<JobDetail>(`${installation.web}/api/jobs/${job}`);
      if (detail.job.state === 'ready') return detail;
    }
    throw new Error(`${job} never became ready`);
  };
  // The lowest rendition was a first light and is made in chunks now; the rest is taken over.
  const first = await encodeAnew();
  assert.ok(first.job.tasks.reused > 0);
  const expected = await framesOf(key);
  const list = new ListObjectsV2Command({ Bucket: MEDIA_BUCKET, Prefix: `work/${id}/1/360p-0001/` });
  const chunk = (await s3.send(list)).Contents?.[0]?.Key;
  assert.ok(chunk, 'chunks are kept when a job has ended');
  await s3.send(new PutObjectCommand({ Bucket: MEDIA_BUCKET, Key: chunk, Body: Buffer.alloc(5000, 7) }));
  const { tasks } = await encodeAnew();
  assert.equal(tasks.find(({ name }) => name === '360p-package')?.lastFailure?.code, 'input_corrupted');
  const remade = tasks.filter(({ kind, reused }) => kind.startsWith('encode') && !reused);
  assert.deepEqual(
    remade.map(({ name }) => name),
    ['360p-0001'],
  );
  assert.deepEqual(await framesOf(key), expected);
});
