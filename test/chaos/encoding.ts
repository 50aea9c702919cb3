/**
 * An installation whose encodes are disturbed, and what must come out of them whatever happens. The object store is a
 * program of its own, so that it can be taken away alone; scratch and objects lie on small file systems where this
 * machine allows it, so that they can be filled.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Job, JobDetail } from '../../src/contracts/jobs.ts';
import type { Title } from '../../src/contracts/titles.ts';
import { getJson, play, titleOf, waitForState } from '../api.ts';
import { makeClip } from '../clips.ts';
import { type Installation, startInstallation } from '../installation.ts';
import { mountSmall, unmount } from '../mounts.ts';

export const FILMS = 'films';
export const MEDIA = 'matinee-media';
/** Places of the programs in `pids()`. */
export const STORE = 0;
export const CONTROL = 1;
const PROGRAMS = ['origin', 'records,catalog,studio,playback,steering,web', 'edge', 'encoder'];
const SCRATCH_MIB = 48;
const OBJECTS_MIB = 256;
const run = promisify(execFile);

export type Encoding = {
  installation: Installation;
  s3: S3Client;
  scratch: string;
  objects: string;
  /** Why disks cannot be filled here, or undefined where they can. */
  noMounts: string | undefined;
  put(key: string): Promise<void>;
  /** Waits until the title is ready; gives a digest of the decoded pictures and sound of each rendition. */
  framesOf(key: string): Promise<string[]>;
  /** Waits until so much of it is done; whoever answers for titles may be gone meanwhile. */
  untilProgress(key: string, atLeast: number): Promise<Title>;
  jobOf(key: string): Promise<JobDetail>;
  /** Waits until a worker or the newest failure of a task says so. */
  untilTrouble(key: string, words: RegExp): Promise<string>;
  /** No job waits for anything, and no temporary file is left. */
  nothingLeft(): Promise<void>;
  close(): Promise<void>;
};

export async function openEncoding(of: {
  seconds: number;
  env: Record<string, string | undefined>;
  readyMs: number;
}): Promise<Encoding> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-clips-'));
  const mounted: string[] = [];
  let noMounts: string | undefined;
  const installation = await startInstallation({
    programs: PROGRAMS,
    env: { MATINEE_ENCODERS: '2', MATINEE_LADDER: 'standard', ...of.env },
    prepare: async (data) => {
      for (const [name, mebibytes] of [
        ['scratch', SCRATCH_MIB],
        ['objects', OBJECTS_MIB],
      ] as const) {
        noMounts ??= await mountSmall(join(data, name), mebibytes);
        if (noMounts === undefined) mounted.push(join(data, name));
      }
    },
    release: async () => {
      for (const at of mounted) await unmount(at);
    },
  });
  const { web } = installation;
  const credentials = await installation.credentials();
  const at = { endpoint: installation.door, region: 'us-east-1', forcePathStyle: true, credentials };
  const s3 = new S3Client({ ...at, maxAttempts: 5 });
  await s3.send(new CreateBucketCommand({ Bucket: FILMS }));
  const clip = await readFile(
    await makeClip(join(folder, 'clip.mp4'), { seconds: of.seconds, size: '640x360', rate: '10' }),
  );
  const scratch = join(installation.folder, 'scratch');

  const framesOf = async (key: string) => {
    const source = { bucket: FILMS, key };
    const { title } = await waitForState(web, source, ['ready', 'refused'], of.readyMs);
    assert.equal(title.state, 'ready', title.reason ?? '');
    const { manifests } = await play(web, title.id);
    const args = ['-v', 'error', '-i', manifests.hls, '-map', '0:v', '-map', '0:a', '-f', 'streamhash', '-'];
    const { stdout, stderr } = await run('ffmpeg', ['-nostdin', ...args], { timeout: 120_000 });
    assert.equal(stderr, '');
    return stdout.trim().split('\n');
  };
  const untilProgress = async (key: string, atLeast: number) => {
    for (const end = Date.now() + of.readyMs; Date.now() < end; await sleep(50)) {
      const title = await titleOf(web, FILMS, key).catch(() => undefined);
      if (!title || title.state === 'uploading') continue;
      if (title.state === 'ready' || title.progress >= atLeast) return title;
    }
    throw new Error(`${key} never came to ${atLeast}`);
  };
  const jobOf = async (key: string) => {
    const { jobs } = await getJson<{ jobs: Job[] }>(`${web}/api/jobs`);
    const id = (await titleOf(web, FILMS, key))?.id;
    return getJson<JobDetail>(`${web}/api/jobs/${jobs.find(({ title }) => title === id)?.id}`);
  };
  const untilTrouble = async (key: string, words: RegExp) => {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) {
      const { workers, tasks } = await jobOf(key);
      const texts = [
        ...workers.map(({ name, trouble }) => trouble && `${name}: ${trouble}`),
        ...tasks.map(({ name, lastFailure }) => lastFailure && `${name}: ${lastFailure.message}`),
      ];
      const found = texts.find((text) => text && words.test(text));
      if (found) return found;
    }
    throw new Error(`nobody was told of ${words}`);
  };
  /** Workers tidy up when a task ends, and what a killed one left when they start. */
  const nothingLeft = async () => {
    const left = async () =>
      (await Promise.all((await readdir(scratch)).map((name) => readdir(join(scratch, name))))).flat();
    for (const end = Date.now() + 10_000; (await left()).length > 0 && Date.now() < end; ) await sleep(200);
    assert.deepEqual(await left(), []);
    const { jobs } = await getJson<{ jobs: Job[] }>(`${web}/api/jobs`);
    for (const { name, state, tasks } of jobs) {
      const open = tasks.waiting + tasks.queued + tasks.leased;
      assert.deepEqual({ state, open, failed: tasks.failed }, { state: 'ready', open: 0, failed: 0 }, name);
    }
  };
  return {
    ...{ installation, s3, scratch, noMounts, framesOf, untilProgress, jobOf, untilTrouble, nothingLeft },
    objects: join(installation.folder, 'objects'),
    put: async (key) => void (await s3.send(new PutObjectCommand({ Bucket: FILMS, Key: key, Body: clip }))),
    close: async () => {
      s3.destroy();
      await installation.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
