/**
 * What any Matinee must do, whoever runs it and however it is split. The suite knows addresses and a key, nothing
 * else, so that it can be pointed at any installation.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Play } from '../../src/contracts/plays.ts';
import type { Title } from '../../src/contracts/titles.ts';
import type { Upload as BrowserUpload } from '../../src/contracts/uploads.ts';
import { getJson, play, postJson, titles, waitForState } from '../api.ts';
import { makeClip } from '../clips.ts';

export type Target = {
  web: string;
  door: string;
  edges: string[];
  credentials(): Promise<{ accessKeyId: string; secretAccessKey: string }>;
};

const BUCKET = 'netflix-content-bucket';
const run = promisify(execFile);

export function acceptance(name: string, open: () => Promise<Target>): void {
  describe(name, () => {
    let target: Target;
    let s3: S3Client;
    let folder: string;
    let film: Title;
    let filmPlay: Play;

    before(async () => {
      target = await open();
      folder = await mkdtemp(join(tmpdir(), 'matinee-clips-'));
      s3 = new S3Client({
        endpoint: target.door,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: await target.credentials(),
      });
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    });
    after(async () => {
      s3?.destroy();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    const put = async (key: string, body: Uint8Array) => {
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
      return { bucket: BUCKET, key };
    };

    test('every port tells that it is ready', async () => {
      for (const url of [target.web, target.door, ...target.edges]) {
        assert.equal((await fetch(`${url}/healthz`)).status, 200, url);
      }
    });

    test('the API document describes the fixed points', async () => {
      const document = await getJson<{ openapi: string; paths: Record<string, object> }>(
        `${target.web}/api/openapi.json`,
      );
      assert.match(document.openapi, /^3\.1/);
      assert.ok('get' in (document.paths['/api/titles'] ?? {}));
      assert.ok('post' in (document.paths['/api/titles/{id}/play'] ?? {}));
      assert.ok(!Object.keys(document.paths).some((path) => path.startsWith('/internal')));
    });

    test('the pages are served for every route of theirs', async () => {
      for (const path of ['/', '/title/x', '/watch/x']) {
        const response = await fetch(`${target.web}${path}`);
        assert.equal(response.status, 200);
        assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
        assert.match(await response.text(), /<script type="module"/);
      }
      assert.equal((await fetch(`${target.web}/assets/none.js`)).status, 404);
      assert.equal((await fetch(`${target.web}/nowhere`)).status, 404);
    });

    test('what a page of another site can make a browser send changes nothing', async () => {
      const url = `${target.web}/api/titles/01jd0000000000000000000000/play`;
      const post = async (headers: Record<string, string>) =>
        (await fetch(url, { method: 'POST', headers, body: '{}' })).status;
      const json = { 'content-type': 'application/json' };
      for (const type of ['text/plain', 'application/json'])
        assert.equal(await post({ 'content-type': type, origin: 'http://evil.example' }), 403, type);
      assert.equal(await post({ 'content-type': 'application/x-www-form-urlencoded' }), 404, 'curl is heard');
      assert.equal(await post({ ...json, origin: target.web }), 404, 'our own page is heard');
    });

    test('the door refuses unsigned and wrongly signed requests as S3 does', async () => {
      const unsigned = await fetch(`${target.door}/${BUCKET}`);
      assert.equal(unsigned.status, 403);
      assert.match(await unsigned.text(), /<Code>AccessDenied<\/Code>/);
      const { accessKeyId } = await target.credentials();
      const liar = new S3Client({
        endpoint: target.door,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey: 'x'.repeat(40) },
      });
      await assert.rejects(liar.send(new CreateBucketCommand({ Bucket: 'other-bucket' })), {
        name: 'SignatureDoesNotMatch',
      });
      liar.destroy();
    });

    test('a film put in by S3 appears at once, shows its progress and becomes ready', async () => {
      const file = await makeClip(join(folder, 'film.mp4'), { seconds: 9, size: '640x360' });
      const source = await put('film one.mp4', await readFile(file));
      const { title, seen } = await waitForState(target.web, source, ['ready']);
      film = title;
      const progress = seen.map((step) => step.progress);
      assert.deepEqual(
        progress,
        progress.toSorted((a, b) => a - b),
        'progress never falls',
      );
      assert.ok(
        seen.some(({ state }) => state === 'ingesting' || state === 'playable'),
        JSON.stringify(seen),
      );
      assert.equal(title.name, 'film one');
      assert.equal(title.progress, 1);
      assert.ok(Math.abs((title.durationS ?? 0) - 9) < 0.2, `duration ${title.durationS}`);
      assert.ok(title.renditions.length >= 2, `renditions ${title.renditions}`);
      const poster = await fetch(`${target.web}${title.poster}`);
      assert.equal(poster.headers.get('content-type'), 'image/jpeg');
      assert.ok((await poster.arrayBuffer()).byteLength > 1000);
    });

    test('a play gives manifests at an edge, with a token, and every edge', async () => {
      filmPlay = await play(target.web, film.id);
      assert.match(filmPlay.session, /^[0-9a-z]{26}$/);
      assert.deepEqual(filmPlay.edges.map(({ url }) => url).toSorted(), target.edges.toSorted());
      assert.ok(filmPlay.manifests.hls.startsWith(`${filmPlay.edges[0]?.url}/`));
      const master = await (await fetch(filmPlay.manifests.hls)).text();
      assert.match(master, /^#EXTM3U/);
      assert.match(master, /CLOSED-CAPTIONS=NONE/);
      const mpd = await fetch(filmPlay.manifests.dash);
      assert.equal(mpd.headers.get('content-type'), 'application/dash+xml');
    });

    for (const kind of ['hls', 'dash'] as const) {
      test(`ffmpeg plays the ${kind.toUpperCase()} address to its end`, async () => {
        const { stdout } = await run(
          'ffprobe',
          [
            ...['-v', 'error', '-count_frames', '-select_streams', 'v:0', '-of', 'json'],
            ...['-show_entries', 'stream=nb_read_frames,codec_name', filmPlay.manifests[kind]],
          ],
          { timeout: 60_000 },
        );
        const [stream] = JSON.parse(stdout).streams;
        assert.deepEqual(
          { codec: stream.codec_name, frames: stream.nb_read_frames },
          { codec: 'h264', frames: '216' },
        );
        const probe = await run('ffprobe', [
          '-v',
          'error',
          '-show_entries',
          'stream=codec_type',
          '-of',
          'csv=p=0',
          filmPlay.manifests[kind],
        ]);
        assert.match(probe.stdout, /audio/);
      });
    }

    test('segments need the token of their own title, at every edge', async () => {
      const [, token] = new URL(filmPlay.manifests.hls).pathname.split('/') as [string, string];
      const path = new URL(filmPlay.manifests.hls).pathname.slice(token.length + 2);
      const bodies = [];
      for (const edge of target.edges) {
        const status = async (url: string) => (await fetch(url)).status;
        assert.equal(await status(`${edge}/${path}`), 403, 'no token');
        assert.equal(await status(`${edge}/garbage/${path}`), 403, 'garbage');
        const tampered = token.replace(/(?<=\.)./, (first) => (first === 'A' ? 'B' : 'A'));
        assert.equal(await status(`${edge}/${tampered}/${path}`), 403, 'tampered');
        const other = path.replace(
          film.id,
          film.id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
        );
        assert.equal(await status(`${edge}/${token}/${other}`), 403, 'other title');
        assert.equal(await status(`${edge}/${token}/titles/${film.id}/../../secret`), 403, 'traversal');
        const good = await fetch(`${edge}/${token}/${path}`);
        assert.equal(good.status, 200);
        assert.equal(good.headers.get('access-control-allow-origin'), '*');
        bodies.push(await good.text());
      }
      assert.equal(new Set(bodies).size, 1);
    });

    test('an edge answers ranges and conditional requests', async () => {
      const url = filmPlay.manifests.dash;
      const whole = await fetch(url);
      const text = await whole.text();
      const part = await fetch(url, { headers: { range: 'bytes=5-14' } });
      assert.equal(part.status, 206);
      assert.equal(await part.text(), text.slice(5, 15));
      const same = await fetch(url, { headers: { 'if-none-match': whole.headers.get('etag') ?? '' } });
      assert.equal(same.status, 304);
      assert.equal((await fetch(url, { headers: { range: 'bytes=99999999-' } })).status, 416);
    });

    test('a multipart upload shows up while it arrives', async () => {
      const file = await makeClip(join(folder, 'large.mp4'), {
        seconds: 4,
        extra: ['-movflags', '+faststart'],
      });
      // A free box is legal anywhere in an MP4 and makes the file as large as the test wants.
      const padding = Buffer.alloc(12 * 1024 * 1024);
      padding.writeUInt32BE(padding.byteLength, 0);
      padding.write('free', 4, 'latin1');
      const body = Buffer.concat([await readFile(file), padding]);
      const named = { Bucket: BUCKET, Key: 'large.mp4' };
      const source = { bucket: BUCKET, key: 'large.mp4' };
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand(named));
      const partBytes = 8 * 1024 * 1024;
      const putPart = async (number: number) => {
        const Body = body.subarray((number - 1) * partBytes, number * partBytes);
        const { ETag } = await s3.send(
          new UploadPartCommand({ ...named, UploadId, PartNumber: number, Body }),
        );
        return { ETag, PartNumber: number };
      };
      const first = await putPart(1);
      const arriving = await waitForState(target.web, source, ['uploading']);
      assert.equal(arriving.title.name, 'large');
      await waitUntil(
        () => getJson<Title>(`${target.web}/api/titles/${arriving.title.id}`),
        ({ bytes }) => (bytes ?? 0) >= partBytes,
      );
      const Parts = [first, await putPart(2)];
      await s3.send(new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload: { Parts } }));
      const { title } = await waitForState(target.web, source, ['ready', 'refused']);
      assert.equal(title.state, 'ready', title.reason ?? '');
    });

    test('a browser upload goes straight to the door in parts, resumes, and becomes a title', async () => {
      const file = await makeClip(join(folder, 'browser.mp4'), { seconds: 4 });
      const body = await readFile(file);
      const name = 'Ünï "quoted" 映画 🎬.mp4';
      const opened = await postJson<BrowserUpload>(
        `${target.web}/api/uploads`,
        { name, size: body.byteLength, type: 'video/mp4' },
        201,
      );
      assert.equal((await getJson<Title>(`${target.web}/api/titles/${opened.title}`)).state, 'uploading');
      const { parts } = await postJson<{ parts: Array<{ url: string }> }>(
        `${target.web}/api/uploads/${opened.id}/parts`,
        { partNumbers: [1] },
      );
      const sent = await fetch(parts[0]?.url ?? '', { method: 'PUT', body: new Uint8Array(body) });
      assert.equal(sent.status, 200, await sent.text());
      const resumed = await getJson<BrowserUpload>(`${target.web}/api/uploads/${opened.id}`);
      assert.deepEqual(
        resumed.parts.map(({ partNumber, size }) => ({ partNumber, size })),
        [{ partNumber: 1, size: body.byteLength }],
      );
      await postJson(`${target.web}/api/uploads/${opened.id}/complete`, {});
      const ready = await waitUntil(
        () => getJson<Title>(`${target.web}/api/titles/${opened.title}`),
        ({ state }) => state === 'ready' || state === 'refused',
      );
      assert.equal(ready.state, 'ready', ready.reason ?? '');
      assert.equal(ready.name, 'Ünï "quoted" 映画 🎬');
    });

    const refused: ReadonlyArray<readonly [string, (file: string) => Promise<Uint8Array>, string]> = [
      ['text.mp4', async () => Buffer.from('this is no film\n'.repeat(100)), 'not_media'],
      ['empty.mp4', async () => new Uint8Array(0), 'empty_file'],
      [
        'truncated.mp4',
        async (file) => (await readFile(await makeClip(file))).subarray(0, 20_000),
        'truncated',
      ],
      ['sound only.m4a', makeSound, 'no_video'],
    ];
    for (const [key, make, code] of refused) {
      test(`${key} is refused with a reason for its uploader`, async () => {
        const source = await put(key, await make(join(folder, key.replaceAll(' ', '-'))));
        const { title } = await waitForState(target.web, source, ['refused', 'ready']);
        assert.equal(title.state, 'refused');
        assert.equal(title.reasonCode, code, title.reason ?? '');
        assert.ok((title.reason ?? '').length > 20);
        await postJson(`${target.web}/api/titles/${title.id}/play`, {}, 409);
      });
    }

    test('the same key with other bytes replaces the film, the same bytes change nothing', async () => {
      const first = await readFile(await makeClip(join(folder, 'twice1.mp4'), { seconds: 3 }));
      const second = await readFile(await makeClip(join(folder, 'twice2.mp4'), { seconds: 5 }));
      const source = await put('twice.mp4', first);
      const { title } = await waitForState(target.web, source, ['ready']);
      await put('twice.mp4', first);
      await put('twice.mp4', second);
      const replaced = await waitUntil(
        () => getJson<Title>(`${target.web}/api/titles/${title.id}`),
        ({ state, durationS }) => state === 'ready' && (durationS ?? 0) > 4,
      );
      assert.equal(replaced.id, title.id);
      assert.equal((await titles(target.web)).filter(({ source: { key } }) => key === 'twice.mp4').length, 1);
    });

    test('a deleted title is gone from the library and plays no more', async () => {
      const response = await fetch(`${target.web}/api/titles/${film.id}`, { method: 'DELETE' });
      assert.equal(response.status, 202);
      assert.equal((await fetch(`${target.web}/api/titles/${film.id}`)).status, 404);
      await postJson(`${target.web}/api/titles/${film.id}/play`, {}, 404);
    });
  });
}

async function makeSound(file: string): Promise<Uint8Array> {
  await writeFile(file, '');
  await run('ffmpeg', [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-f',
    'lavfi',
    '-i',
    'sine=duration=3',
    '-c:a',
    'aac',
    '-f',
    'ipod',
    file,
  ]);
  return readFile(file);
}

async function waitUntil<T>(
  ask: () => Promise<T>,
  done: (value: T) => boolean,
  limitMs = 120_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await ask();
    if (done(value)) return value;
    if (Date.now() > deadline) throw new Error(`not in time: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
