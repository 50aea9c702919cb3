/** The whole way of a film through one and two workers, beside the same encodes as plain ffmpeg commands. */
import { join } from 'node:path';
import type { TaskSpec } from '../../src/contracts/tasks.ts';
import { eachBounded } from '../../src/services/encoder/each-bounded.ts';
import { openFakeStudio } from '../../src/services/encoder/fake-studio.ts';
import type { PlannedTask } from '../../src/services/studio/plan.ts';
import { type BenchRow, row } from '../rows.ts';
import { perform, planOurs } from './ours.ts';
import { runFfmpeg } from './programs.ts';

const WORKERS = 2;

export async function measurePipeline(file: string, folder: string): Promise<BenchRow[]> {
  const two = await throughWorkers(file, WORKERS);
  const one = await throughWorkers(file, 1);
  const plain = await asCommands(file, folder, two.rungs);
  return [
    row(
      'whole pipeline with 2 workers, s, beside the same encodes as ffmpeg commands',
      '<= 1.1 x the commands',
      {
        ...{ ours: two.wallS, peer: `ffmpeg ${plain.toFixed(1)}`, value: two.wallS / plain },
      },
    ),
    row('2 workers beside 1: part of twice the speed', '>= 0.8', {
      ...{ ours: one.wallS / two.wallS, peer: null, value: one.wallS / two.wallS / 2 },
    }),
  ];
}

type Command = {
  width: number;
  height: number;
  crf: number;
  bitsPerSMax: number;
  preset: string;
  gop: number;
};

/** Encodes of all rungs and of the sound, and their packages, when the plan is made. */
export async function throughWorkers(
  file: string,
  workers: number,
): Promise<{ wallS: number; rungs: Command[] }> {
  await using studio = await openFakeStudio();
  const stops = await Promise.all(
    Array.from({ length: workers }, (_, at) => studio.startWorker(`worker-${at + 1}`)),
  );
  const { plan, tasks } = await planOurs(studio, file);
  const master = studio.url(file);
  const startedMs = performance.now();
  const tracks = Map.groupBy(
    tasks.filter(({ kind }) => kind.startsWith('encode') || kind === 'package'),
    ({ track }) => track,
  );
  await Promise.all([...tracks.values()].map((own) => finishTrack(studio, master, own)));
  const wallS = (performance.now() - startedMs) / 1000;
  for (const stop of stops) await stop();
  return { wallS, rungs: plan.rungs.map((rung) => ({ ...rung, gop: plan.grid.gopFrames })) };
}

type Studio = Awaited<ReturnType<typeof openFakeStudio>>;

async function finishTrack(studio: Studio, master: string, tasks: readonly PlannedTask[]): Promise<void> {
  const encodes = tasks.filter(({ kind }) => kind !== 'package');
  const files = await Promise.all(
    encodes.map(async ({ spec }) => {
      const running = studio.run({ ...spec, master } as TaskSpec);
      const end = await running;
      const file = end.end === 'done' && 'file' in end.result ? end.result.file : null;
      if (end.end === 'failed') throw new Error(end.message);
      return file === null ? [] : [studio.url(studio.output(running.task, file))];
    }),
  );
  const inputs = files.flat();
  const wrap = tasks.find(({ kind }) => kind === 'package')?.spec;
  if (wrap?.kind === 'package' && inputs.length > 0) await perform(studio, { ...wrap, inputs });
}

/** One command a rung and one for the sound, as many at once as there are workers. */
async function asCommands(file: string, folder: string, rungs: readonly Command[]): Promise<number> {
  const video = rungs.map(({ width, height, crf, bitsPerSMax, preset, gop }, at) => [
    ...[
      '-i',
      file,
      '-an',
      '-sn',
      '-vf',
      `scale=w=${width}:h=${height}:flags=lanczos+accurate_rnd+full_chroma_int`,
    ],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      preset,
      '-profile:v',
      'high',
      '-pix_fmt',
      'yuv420p',
      '-crf',
      String(crf),
    ],
    ...['-maxrate', String(bitsPerSMax), '-bufsize', String(2 * bitsPerSMax), '-bf', '2', '-threads', '1'],
    ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0', join(folder, `plain-${at}.mp4`)],
  ]);
  const audio = ['-i', file, '-vn', '-sn', '-map', '0:a?', '-c:a', 'aac', '-b:a', '128k', '-ac', '2'];
  const commands = [[...audio, join(folder, 'plain-audio.mkv')], ...video.reverse()];
  const startedMs = performance.now();
  await eachBounded(commands, WORKERS, async (command) => void (await runFfmpeg('ffmpeg', command)));
  return (performance.now() - startedMs) / 1000;
}
