/** For tests only: workers that lease over the real API and answer at once, with small files instead of media. */
import { createHash } from 'node:crypto';
import type { StudioClient } from '../../clients/studio.ts';
import type { PictureAnalysis } from '../../contracts/analysis.ts';
import type { SampleKey, TrackProtection } from '../../contracts/content-keys.ts';
import type { Lease, StoredFile, TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { isMatineeError } from '../../platform/errors.ts';
import type { ObjectStore } from '../../ports/objects/objects.ts';
import { someInspection } from './studio.testing.ts';

/** What a worker does with a lease: the usual thing, fail, or never be heard of again. */
export type Conduct =
  | 'do'
  | 'vanish'
  | { fail: string; retry: boolean; badInputs?: number[]; remove?: string }
  | { result: TaskResult }
  | { wait: Promise<unknown> };

export type Fleet = {
  /** Every lease in its order. */
  leases: Lease[];
  /** Calls of workers that were refused, by code. */
  refusals: string[];
  conduct: (lease: Lease) => Conduct;
  stop(): Promise<void>;
};

export function startFleet(studio: () => StudioClient, objects: ObjectStore, workers = 2): Fleet {
  const stopping = new AbortController();
  const { signal } = stopping;
  const fleet: Fleet = {
    leases: [],
    refusals: [],
    conduct: () => 'do',
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
  const work = async (worker: string) => {
    while (!signal.aborted) {
      try {
        const { lease } = await studio().leaseTask({ body: { worker, waitS: 1 } }, signal);
        if (!lease) continue;
        fleet.leases.push(lease);
        await runLease(studio, objects, fleet, lease);
      } catch (error) {
        if (signal.aborted) return;
        if (!isMatineeError(error)) throw error;
        fleet.refusals.push(error.code);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const running = Promise.all(Array.from({ length: workers }, (_, n) => work(`worker-${n + 1}`)));
  return fleet;
}

async function runLease(
  studio: () => StudioClient,
  objects: ObjectStore,
  fleet: Fleet,
  lease: Lease,
): Promise<void> {
  const conduct = fleet.conduct(lease);
  if (conduct === 'vanish') return;
  const params = { task: lease.task };
  const { attempt } = lease;
  if (typeof conduct === 'object' && 'fail' in conduct) {
    const { fail: code, retry, badInputs = [], remove } = conduct;
    if (remove !== undefined) await objects.delete('media', remove);
    await studio().failTask({ params, body: { attempt, code, message: `it was ${code}`, retry, badInputs } });
    return;
  }
  if (typeof conduct === 'object' && 'wait' in conduct) await conduct.wait;
  await studio().heartbeatTask({ params, body: { attempt, progress: 0.5 } });
  const result =
    typeof conduct === 'object' && 'result' in conduct
      ? conduct.result
      : await answer(objects, lease.spec, async (name, text) => {
          const { urls } = await studio().signOutputs({ params, body: { attempt, names: [name] } });
          const { bucket, key } = refOf(urls[0] as string);
          const body = Buffer.from(text);
          await objects.put(bucket, key, body);
          const sha256 = createHash('sha256').update(body).digest('base64url');
          return { name, bytes: body.length, sha256 };
        });
  await studio().completeTask({ params, body: { attempt, result } });
}

/** A presigned URL of these tests names the object plainly. */
export function refOf(url: string): { bucket: string; key: string } {
  const [, bucket = '', ...key] = decodeURIComponent(new URL(url).pathname).split('/');
  return { bucket, key: key.join('/') };
}

async function readText(objects: ObjectStore, url: string): Promise<string> {
  const { bucket, key } = refOf(url);
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await objects.get(bucket, key)).stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

type Put = (name: string, text: string) => Promise<StoredFile>;

async function answer(objects: ObjectStore, spec: TaskSpec, put: Put): Promise<TaskResult> {
  switch (spec.kind) {
    case 'inspect':
      return { kind: 'inspect', outcome: outcomeOf(await readText(objects, spec.master)) };
    case 'glance': {
      const { master } = spec;
      return { kind: 'glance', outcome: glanceOf(outcomeOf(await readText(objects, master))) };
    }
    case 'first-light':
      return lightOf(spec, put);
    case 'encode-video': {
      await put('video.mp4', `${spec.rung.name}:${spec.firstFrame}+${spec.frames};`);
      return { kind: 'encode-video', file: 'video.mp4', bytes: 1, frames: spec.frames, cpuS: 0.1 };
    }
    case 'encode-audio':
      await put('audio.mp4', `audio ${spec.streamIndex};`);
      return { kind: 'encode-audio', file: 'audio.mp4', bytes: 1, cpuS: 0.1 };
    case 'analyse':
      return { kind: 'analyse', analysis: analysisOf(spec) };
    case 'extract-text':
      return {
        ...{ kind: 'extract-text', file: 'text.vtt', cues: 1 },
        files: [await put('text.vtt', 'WEBVTT\n\n00:00.000 --> 00:01.000\nText\n')],
      };
    case 'transcribe':
      return {
        ...{ kind: 'transcribe', file: 'text.vtt', cues: 1 },
        files: [await put('text.vtt', 'WEBVTT\n\n00:00.000 --> 00:01.000\nHeard\n')],
      };
    case 'package':
      return packageOf(objects, spec, put);
    case 'images': {
      const files = [await put('poster.jpg', 'poster'), await put('sheet-00001.jpg', 'sheet')];
      const sheets = {
        ...{ files: ['sheet-00001.jpg'], columns: 5, rows: 5, width: 160, height: 90, everyS: 2, count: 5 },
      };
      return { kind: 'images', poster: 'poster.jpg', sheets, files };
    }
  }
}

/** A master of these tests is the JSON of what is to be found in it, or `refuse`. */
function outcomeOf(master: string): Extract<TaskResult, { kind: 'inspect' }>['outcome'] {
  if (master.startsWith('refuse')) {
    return { verdict: 'refused', code: 'not_media', reason: 'This is a text file, not a film.' };
  }
  return { verdict: 'accepted', inspection: someInspection(JSON.parse(master)) };
}

function glanceOf(outcome: ReturnType<typeof outcomeOf>): Extract<TaskResult, { kind: 'glance' }>['outcome'] {
  if (outcome.verdict === 'refused') return { verdict: 'unsure', reason: outcome.reason };
  const source = { container: 'mov,mp4', pixelFormat: 'yuv420p', width: 640, height: 360 };
  return { verdict: 'seen', inspection: outcome.inspection, source };
}

async function lightOf(spec: Extract<TaskSpec, { kind: 'first-light' }>, put: Put): Promise<TaskResult> {
  const { firstSegment, frames, segmentFrames, sound, rung } = spec;
  const files: StoredFile[] = [];
  const name = (kind: string, at: number) => `${kind}${String(firstSegment + at).padStart(5, '0')}.m4s`;
  const video = Array.from({ length: Math.ceil(frames / segmentFrames) }, (_, at) => {
    const count = Math.min(segmentFrames, frames - at * segmentFrames);
    return { name: name('v', at), ticks: count * 1000, bytes: 1000 };
  });
  const audio = sound?.bounds.slice(1).map((to, at) => {
    const from = sound.bounds[at] ?? 0;
    return { name: name('a', at), ticks: (to - from) * 1024 - (from === 0 ? 1024 : 0), bytes: 500 };
  });
  if (firstSegment === 1) files.push(await put('v-init.mp4', 'init'));
  if (firstSegment === 1 && sound) files.push(await put('a-init.mp4', 'init'));
  for (const { name } of [...video, ...(audio ?? [])]) files.push(await put(name, `${rung.name} ${name};`));
  const picture = { width: rung.width, height: rung.height, frameRate: spec.picture.frameRate };
  const heard = { codecs: 'mp4a.40.2', timescale: 48_000, config: 'same', sampleRate: 48_000, channels: 2 };
  return {
    kind: 'first-light',
    ...{ frames, files, cpuS: 0.1 },
    video: {
      ...{ codecs: 'avc1.64001e', timescale: 24_000, config: 'same', segments: video, ...picture },
      ...protectionOf(spec.encryption?.video),
    },
    audio: audio ? { ...heard, segments: audio, ...protectionOf(spec.encryption?.audio) } : null,
  };
}

function protectionOf(key: SampleKey | undefined): { protection?: TrackProtection } {
  return key ? { protection: { scheme: 'cbcs', keyId: key.keyId } } : {};
}

async function packageOf(
  objects: ObjectStore,
  spec: Extract<TaskSpec, { kind: 'package' }>,
  put: Put,
): Promise<TaskResult> {
  // Reading the inputs proves that the chunks are where the studio says, all of them and in order.
  const inputs = await Promise.all(spec.inputs.map((url) => readText(objects, url)));
  const files = [await put('init.mp4', 'init'), await put('00001.m4s', inputs.join(''))];
  const common = {
    ...{ timescale: 24_000, init: 'init.mp4', startTicks: 0, bitsPerSPeak: 100_000, bitsPerSMean: 90_000 },
    segments: [{ name: '00001.m4s', ticks: 240_000, bytes: 1000 }],
    ...protectionOf(spec.encryption),
  };
  if (spec.media === 'audio') {
    const sound = { sampleRate: 48_000, channels: 2 };
    return { kind: 'package', track: { media: 'audio', codecs: 'mp4a.40.2', ...common, ...sound }, files };
  }
  const picture = { width: 640, height: 360, frameRate: { num: 24, den: 1 } };
  return { kind: 'package', track: { media: 'video', codecs: 'avc1.64001e', ...common, ...picture }, files };
}

/** A film for which more bits always show: sizes are worth their bits in their order. */
function analysisOf({ shapes, crfs, preset }: Extract<TaskSpec, { kind: 'analyse' }>): PictureAnalysis {
  const points = shapes.flatMap(({ width, height }, at) =>
    crfs.map((crf) => ({
      ...{ width, height, crf },
      bitsPerS: Math.round(width * height * 1.6 * 2 ** ((22 - crf) / 6)),
      quality: 14 + 2 * at - (crf - 22) * (0.3 + 0.08 * at),
    })),
  );
  return { metric: 'ssim', preset, samples: [{ firstFrame: 0, frames: 24 }], points, cuts: [], cpuS: 0.1 };
}
