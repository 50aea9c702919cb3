/**
 * Analyses a film's pictures: samples that stand for it are encoded at several sizes and qualities with a fast preset,
 * and each is measured against the master. It decides nothing: which ladder follows is the studio's plan.
 *
 * Where samples are taken: a second at each of some places spread over the film is encoded very small and fast, whose
 * bytes tell how much is going on there. The places are put in that order, and samples are taken at the middle of
 * equal parts of it, so that easy and hard shots count as often as they occur.
 */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PictureAnalysis, QualityPoint, SampleSpan } from '../../contracts/analysis.ts';
import type { TaskResult, TaskSpec } from '../../contracts/tasks.ts';
import { round } from './encode-video.ts';
import { assertMasterUrl, ffmpegOrFail, masterOptions } from './ffmpeg.ts';
import {
  evenSide,
  frameTimeS,
  rateFilters,
  type Shape,
  seekOptions,
  videoShapeFilters,
} from './picture-filters.ts';
import { isIndexed, type ProbedStream, probeStream } from './probe.ts';
import { measureQuality } from './quality.ts';
import type { TaskContext } from './task-context.ts';
import { TaskFailure } from './task-failure.ts';

export type AnalyseSpec = Extract<TaskSpec, { kind: 'analyse' }>;
type Master = { stream: ProbedStream; indexed: boolean };

const LOOK_S = 1;
const LOOK_LONG_SIDE = 256;
const LOOK_CRF = 28;
/** What the fast presets leave out of x264's rate control, without which their rates are not those of slower ones. */
const X264_PARAMS = 'mbtree=1:rc-lookahead=10';
const TIME_LIMIT_MS = 30 * 60_000;
/** A picture that differs from the one before it by this much of ffmpeg's scene score (0 to 100) begins a shot. */
const CUT_SCORE = 10;

export async function analyse(context: TaskContext, spec: AnalyseSpec): Promise<TaskResult> {
  assertMasterUrl(spec.master);
  const { stream, container } = await probeStream(context, spec.master, spec.streamIndex);
  const master = { stream, indexed: isIndexed(container) };
  let cpuS = 0;
  const spend = (seconds: number) => {
    cpuS += seconds;
  };
  const samples = await chooseSamples(context, spec, master, spend);
  const sums = new Map<string, Sum>();
  const cuts: number[] = [];
  for (const [at, sample] of samples.entries()) {
    context.progress(0.2 + (0.8 * at) / samples.length);
    const encodes = await encodeSample(context, spec, master, sample, spend, cuts);
    await measureSample(context, spec, master, sample, encodes, sums, spend);
    for (const { path } of encodes) await rm(path, { force: true });
  }
  const analysis: PictureAnalysis = {
    metric: context.programs.metric ?? 'ssim',
    preset: spec.preset,
    samples,
    points: [...sums.values()].map((sum) => pointOf(sum, spec)),
    cuts: [...new Set(cuts)].sort((a, b) => a - b).slice(0, 1000),
    cpuS: round(cpuS),
  };
  return { kind: 'analyse', analysis };
}

type Encode = { shape: Shape; crf: number; path: string; bytes: number };
type Sum = { shape: Shape; crf: number; bytes: number; frames: number; quality: number };
type Spend = (cpuS: number) => void;

async function chooseSamples(
  context: TaskContext,
  spec: AnalyseSpec,
  master: Master,
  spend: Spend,
): Promise<SampleSpan[]> {
  const { count, frames } = spec.samples;
  const spanAt = (firstFrame: number): SampleSpan => {
    const first = Math.max(0, Math.min(firstFrame, spec.frames - frames));
    return { firstFrame: first, frames: Math.min(frames, spec.frames - first) };
  };
  if (spec.looks.length <= count) return spec.looks.map(spanAt);
  const looks: Array<{ frame: number; bytes: number }> = [];
  for (const [at, frame] of spec.looks.entries()) {
    looks.push({ frame, bytes: await complexityAt(context, spec, master, frame, spend) });
    context.progress((0.2 * (at + 1)) / spec.looks.length);
  }
  return pickEvenly(looks, count)
    .map(({ frame }) => spanAt(frame))
    .sort((a, b) => a.firstFrame - b.firstFrame);
}

/** The middles of `count` equal parts of the places in the order of their complexity. */
export function pickEvenly<T extends { bytes: number }>(looks: readonly T[], count: number): T[] {
  const ordered = looks.toSorted((a, b) => a.bytes - b.bytes);
  return Array.from(
    { length: count },
    (_, part) => ordered[Math.floor(((part + 0.5) * ordered.length) / count)] as T,
  );
}

/** Bytes of a second of very small pictures at constant quality. */
async function complexityAt(
  context: TaskContext,
  spec: AnalyseSpec,
  master: Master,
  frame: number,
  spend: Spend,
): Promise<number> {
  const { num, den } = spec.picture.frameRate;
  const path = join(context.folder, 'look.mp4');
  const largest = spec.shapes.at(-1) as Shape;
  const scale = Math.min(1, LOOK_LONG_SIDE / Math.max(largest.width, largest.height));
  const shape = { width: evenSide(largest.width * scale), height: evenSide(largest.height * scale) };
  const span = { firstFrame: frame, frames: Math.max(1, Math.round((LOOK_S * num) / den)) };
  const end = await ffmpegOrFail(context, {
    args: [
      ...inputArguments(context, spec, master, span),
      ...[
        '-vf',
        [
          ...rateFilters(spec.picture, frame),
          ...videoShapeFilters(spec.picture, master.stream, shape),
        ].join(),
      ],
      ...[
        '-frames:v',
        String(span.frames),
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-crf',
        String(LOOK_CRF),
      ],
      ...['-threads', '1', '-f', 'mp4', path],
    ],
    timeLimitMs: TIME_LIMIT_MS,
  });
  spend(end.cpuS);
  const { size } = await stat(path);
  return size;
}

/** One decode of the sample for all of its encodes. */
async function encodeSample(
  context: TaskContext,
  spec: AnalyseSpec,
  master: Master,
  sample: SampleSpan,
  spend: Spend,
  cuts: number[],
): Promise<Encode[]> {
  const planned = spec.shapes.flatMap((shape) =>
    spec.crfs.map((crf) => ({ shape, crf, path: join(context.folder, `${shape.width}-${crf}.mp4`) })),
  );
  const shapes = spec.shapes.map((shape, at) => {
    const outs = spec.crfs.map((_, k) => `[o${at}-${k}]`).join('');
    const filters = videoShapeFilters(spec.picture, master.stream, shape).join();
    return `[s${at}]${filters},setpts=N,split=${spec.crfs.length}${outs}`;
  });
  const splits = spec.shapes.map((_, at) => `[s${at}]`).join('');
  const scene = `[cuts]scale=w=320:h=-2,scdet=threshold=${CUT_SCORE}[shots]`;
  const rate = rateFilters(spec.picture, sample.firstFrame).join();
  const trim = `trim=end_frame=${sample.frames}`;
  const graph = [
    `[0:${spec.streamIndex}]${rate},${trim},split=${spec.shapes.length + 1}[cuts]${splits}`,
    ...[scene, ...shapes],
  ].join(';');
  const { num, den } = spec.picture.frameRate;
  const outputs = planned.flatMap(({ crf, path }, at) => [
    ...['-map', `[o${Math.floor(at / spec.crfs.length)}-${at % spec.crfs.length}]`, '-r', `${num}/${den}`],
    ...['-c:v', 'libx264', '-preset', spec.preset, '-profile:v', 'high', '-crf', String(crf), '-bf', '2'],
    ...[
      '-x264-params',
      X264_PARAMS,
      '-g',
      String(spec.gopFrames),
      '-sc_threshold',
      '0',
      '-threads',
      '1',
      '-f',
      'mp4',
      path,
    ],
  ]);
  const end = await ffmpegOrFail(context, {
    args: [
      ...inputArguments(context, spec, master, sample),
      ...['-filter_complex', graph, ...outputs, '-map', '[shots]', '-f', 'null', '-'],
    ],
    timeLimitMs: TIME_LIMIT_MS,
    onInfo: (line) => {
      const time = /lavfi\.scd\.time: *([\d.]+)/.exec(line)?.[1];
      if (time !== undefined) cuts.push(Math.round((Number(time) * num) / den));
    },
  });
  spend(end.cpuS);
  const encodes: Encode[] = [];
  for (const plan of planned) encodes.push({ ...plan, bytes: (await stat(plan.path)).size });
  return encodes;
}

async function measureSample(
  context: TaskContext,
  spec: AnalyseSpec,
  { stream, indexed }: Master,
  sample: SampleSpan,
  encodes: readonly Encode[],
  sums: Map<string, Sum>,
  spend: Spend,
): Promise<void> {
  const largest = spec.shapes.at(-1) as Shape;
  const reference = [
    ...rateFilters(spec.picture, sample.firstFrame),
    `trim=end_frame=${sample.frames}`,
    ...videoShapeFilters(spec.picture, stream, largest),
  ].join();
  const { qualities, cpuS } = await measureQuality(context, {
    input: inputArguments(context, spec, { stream, indexed }, sample),
    reference: `[0:${spec.streamIndex}]${reference}`,
    shape: largest,
    files: encodes.map(({ path }) => path),
    timeLimitMs: TIME_LIMIT_MS,
  });
  spend(cpuS);
  for (const [at, { shape, crf, bytes }] of encodes.entries()) {
    const quality = qualities[at];
    if (quality === undefined)
      throw new TaskFailure('wrong_output', 'a sample could not be measured', { retry: true });
    const key = `${shape.width} ${crf}`;
    const sum = sums.get(key) ?? { shape, crf, bytes: 0, frames: 0, quality: 0 };
    sums.set(key, {
      ...sum,
      bytes: sum.bytes + bytes,
      frames: sum.frames + sample.frames,
      quality: sum.quality + quality * sample.frames,
    });
  }
}

function pointOf({ shape, crf, bytes, frames, quality }: Sum, spec: AnalyseSpec): QualityPoint {
  const { num, den } = spec.picture.frameRate;
  return {
    ...{ width: shape.width, height: shape.height, crf },
    bitsPerS: Math.round((bytes * 8 * num) / (frames * den)),
    quality: Math.round((1000 * quality) / frames) / 1000,
  };
}

function inputArguments(
  context: TaskContext,
  spec: AnalyseSpec,
  { indexed }: Master,
  { firstFrame }: Pick<SampleSpan, 'firstFrame'>,
): string[] {
  const fromS = frameTimeS(firstFrame, spec.picture.frameRate);
  return [
    ...masterOptions(spec.master),
    ...seekOptions(spec.picture.startS, fromS, indexed),
    ...['-threads', String(context.threads), '-i', spec.master],
  ];
}
