/** `kill -9` of the whole program, or of a worker, at the worst moments: nothing acknowledged is lost. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getJson, play, titleOf, waitForState } from '../api.ts';
import { makeClip } from '../clips.ts';
import { type Installation, startInstallation } from '../installation.ts';
import { findUnit } from '../processes.ts';

const BUCKET = 'films';
let installation: Installation;
let folder: string;
let s3: S3Client;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matinee-clips-'));
  // What is killed here is no analysis, and without one a film is ready sooner.
  installation = await startInstallation({ env: { MATINEE_LADDER: 'standard' } });
  s3 = new S3Client({
    endpoint: installation.door,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: await installation.credentials(),
    maxAttempts: 1,
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
});
after(async () => {
  s3?.destroy();
  await installation?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function killAndRestart(): Promise<void> {
  await installation.killAll();
  await installation.start();
}

test('killed in the middle of an upload: the acknowledged parts are there and the upload goes on', async () => {
  const clip = await readFile(
    await makeClip(join(folder, 'upload.mp4'), { extra: ['-movflags', '+faststart'] }),
  );
  const padding = Buffer.alloc(13 * 1024 * 1024);
  padding.writeUInt32BE(padding.byteLength, 0);
  padding.write('free', 4, 'latin1');
  const body = Buffer.concat([clip, padding]);
  const target = { Bucket: BUCKET, Key: 'upload.mp4' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const partBytes = 5 * 1024 * 1024;
  const etags: string[] = [];
  const putPart = async (number: number) => {
    const Body = body.subarray((number - 1) * partBytes, number * partBytes);
    const { ETag } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber: number, Body }));
    etags[number - 1] = ETag ?? '';
  };
  await putPart(1);
  await putPart(2);
  const inFlight = putPart(3).catch(() => undefined);
  await killAndRestart();
  await inFlight;
  await putPart(3);
  const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
  await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  const stored = await (await s3.send(new GetObjectCommand(target))).Body?.transformToByteArray();
  assert.ok(stored && Buffer.from(stored).equals(body));
  await waitForState(installation.web, { bucket: BUCKET, key: 'upload.mp4' }, ['ready']);
});

test('killed right after an upload was acknowledged: its title still comes', async () => {
  const clip = await readFile(await makeClip(join(folder, 'acknowledged.mp4'), { seconds: 3 }));
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'acknowledged.mp4', Body: clip }));
  await killAndRestart();
  await waitForState(installation.web, { bucket: BUCKET, key: 'acknowledged.mp4' }, ['ready']);
});

test('killed in the middle of an encode and again at the first publication: the title becomes ready', async () => {
  const file = await makeClip(join(folder, 'encode.mp4'), { seconds: 60, size: '640x360' });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'encode.mp4', Body: await readFile(file) }));
  const source = { bucket: BUCKET, key: 'encode.mp4' };
  await waitForEncoding(source.key);
  await killAndRestart();
  const { title } = await waitForState(installation.web, source, ['playable', 'ready'], 180_000);
  await killAndRestart();
  await waitForState(installation.web, source, ['ready'], 180_000);
  const { manifests } = await play(installation.web, title.id);
  assert.equal((await fetch(manifests.hls)).status, 200);
  const { renditions } = await getJson<{ renditions: string[] }>(
    `${installation.web}/api/titles/${title.id}`,
  );
  assert.ok(renditions.length >= 2, String(renditions));
});

test('a killed worker loses the chunk in hand and nothing else', async () => {
  const file = await makeClip(join(folder, 'worker.mp4'), { seconds: 30, size: '640x360' });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'worker.mp4', Body: await readFile(file) }));
  await waitForEncoding('worker.mp4');
  const worker = await findUnit(installation.pids(), '--name=encoder-1');
  process.kill(worker, 'SIGKILL');
  await waitForState(installation.web, { bucket: BUCKET, key: 'worker.mp4' }, ['ready'], 180_000);
});

async function waitForEncoding(key: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const title = await titleOf(installation.web, BUCKET, key);
    if (title && /^Encoding/.test(title.stage)) return;
    if (Date.now() > deadline) throw new Error(`never encoded: ${JSON.stringify(title)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
